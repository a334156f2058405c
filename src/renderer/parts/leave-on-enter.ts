/** Enter in a field keeps what was typed and gives the keys back to the screen. */
export function leaveOnEnter(event: KeyboardEvent): void {
  if (event.key === 'Enter' && event.currentTarget instanceof HTMLElement) event.currentTarget.blur();
}
