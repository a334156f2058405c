/** Every key of the viewer in one table; the help page, the settings and the handler all read it. */

export interface KeyRow {
  /** Stable name, the key of the user's own chords in the settings. */
  readonly action: string;
  readonly group: 'Slices' | 'Tools' | 'Editing' | 'Labels' | 'View' | 'Review' | 'Cases';
  readonly text: string;
  /** Default chords, e.g. `Ctrl+Shift+Z`; the first is shown. */
  readonly chords: readonly string[];
}

const row = (group: KeyRow['group'], action: string, text: string, ...chords: string[]): KeyRow => ({
  action,
  group,
  text,
  chords,
});

export const KEYS = [
  row('Slices', 'slice.next', 'Next slice', 'ArrowDown', 'PageDown', 'ArrowRight'),
  row('Slices', 'slice.previous', 'Previous slice', 'ArrowUp', 'PageUp', 'ArrowLeft'),
  row('Slices', 'slice.first', 'First slice', 'Home'),
  row('Slices', 'slice.last', 'Last slice', 'End'),
  row('Slices', 'crosshair.left', 'Crosshair to the left', 'Alt+ArrowLeft'),
  row('Slices', 'crosshair.right', 'Crosshair to the right', 'Alt+ArrowRight'),
  row('Slices', 'crosshair.up', 'Crosshair up', 'Alt+ArrowUp'),
  row('Slices', 'crosshair.down', 'Crosshair down', 'Alt+ArrowDown'),
  row('Slices', 'slice.flagged', 'Next flagged slice', 'N'),
  row('Slices', 'slice.flaggedBack', 'Previous flagged slice', 'Shift+N'),
  row('Tools', 'tool.navigate', 'Crosshair', 'V'),
  row('Tools', 'tool.brush', 'Brush', 'B'),
  row('Tools', 'tool.eraser', 'Eraser', 'E'),
  row('Tools', 'tool.threshold', 'Threshold brush', 'T'),
  row('Tools', 'tool.range', 'Threshold of the whole scan', 'Z'),
  row('Tools', 'tool.scissors', 'Scissors', 'X'),
  row('Tools', 'tool.polygon', 'Polygon', 'P'),
  row('Tools', 'tool.fill', 'Flood fill', 'G'),
  row('Tools', 'tool.grow', 'Region growing', 'R'),
  row('Tools', 'tool.click', 'Click to mask', 'K'),
  row('Tools', 'tool.ruler', 'Ruler', 'M'),
  row('Tools', 'tool.angle', 'Angle', 'Y'),
  row('Tools', 'tool.roi', 'ROI: mean, SD and area', 'H'),
  row('Tools', 'click.this', 'Click to mask: this, at the crosshair', 'J'),
  row('Tools', 'click.notThis', 'Click to mask: not this, at the crosshair', 'Shift+J'),
  row('Tools', 'tool.last', 'Last tool; held, a drag moves the picture', 'Space'),
  row('Tools', 'brush.smaller', 'Smaller brush (also Shift + wheel)', '['),
  row('Tools', 'brush.larger', 'Larger brush (also Shift + wheel)', ']'),
  row('Tools', 'brush.ball', 'Brush in 2D or 3D', 'O'),
  row('Editing', 'edit.undo', 'Undo', 'Ctrl+Z'),
  row('Editing', 'edit.redo', 'Redo', 'Ctrl+Shift+Z', 'Ctrl+Y'),
  row('Editing', 'edit.cornerBack', 'Take the last corner of a polygon back (also Ctrl+Z)', 'Backspace'),
  row('Editing', 'edit.interpolate', 'Interpolate between drawn slices', 'I'),
  row('Editing', 'edit.follow', 'Interpolate between drawn slices along the image', 'Shift+I'),
  row('Editing', 'edit.copyPrevious', 'Copy from the previous slice', 'C'),
  row('Editing', 'edit.copyNext', 'Copy from the next slice', 'Shift+C'),
  row('Editing', 'edit.clearSlice', 'Erase the label on this slice', 'Delete'),
  row('Labels', 'label.previous', 'Previous label', ','),
  row('Labels', 'label.next', 'Next label', '.'),
  row('Review', 'review.accept', 'Accept, close a polygon, or take a clicked mask', 'Enter'),
  row('Review', 'review.reject', 'Reject', 'Shift+Backspace'),
  row('Review', 'review.markNext', 'Mark slices onwards', 'Shift+ArrowDown', 'Shift+ArrowRight'),
  row('Review', 'review.markBack', 'Mark slices backwards', 'Shift+ArrowUp', 'Shift+ArrowLeft'),
  row('Review', 'review.acceptSlices', 'Accept the marked slices, or this one', 'Shift+Enter'),
  row('Review', 'cancel', 'Cancel', 'Escape'),
  row('Cases', 'case.next', 'Next case of the list', '>'),
  row('Cases', 'case.previous', 'Previous case of the list', '<'),
  row('Cases', 'case.suggested', 'Scan most worth drawing next', 'W'),
  row('Cases', 'case.list', 'List of cases on or off', 'Shift+W'),
  row('View', 'mask.toggle', 'Mask on or off', 'S'),
  row('View', 'mask.fainter', 'Fainter mask', 'A'),
  row('View', 'mask.stronger', 'Stronger mask', 'D'),
  row('View', 'window.1', 'Window preset 1', '1'),
  row('View', 'window.2', 'Window preset 2', '2'),
  row('View', 'window.3', 'Window preset 3', '3'),
  row('View', 'window.4', 'Window preset 4', '4'),
  row('View', 'window.5', 'Window preset 5', '5'),
  row('View', 'tool.window', 'Window from a region', 'Shift+A'),
  row('View', 'view.second', 'Second scan of the patient on or off', 'Shift+S'),
  row('View', 'view.invert', 'Invert the image', 'Shift+V'),
  row('View', 'channel.1', 'Channel 1', 'Alt+1'),
  row('View', 'channel.2', 'Channel 2', 'Alt+2'),
  row('View', 'channel.3', 'Channel 3', 'Alt+3'),
  row('View', 'channel.4', 'Channel 4', 'Alt+4'),
  row('View', 'channel.5', 'Channel 5', 'Alt+5'),
  row('View', 'channel.6', 'Channel 6', 'Alt+6'),
  row('View', 'channel.7', 'Channel 7', 'Alt+7'),
  row('View', 'channel.8', 'Channel 8', 'Alt+8'),
  row('View', 'channel.9', 'Channel 9', 'Alt+9'),
  row('View', 'view.fit', 'Fit', 'F'),
  row('View', 'view.layout', 'Next layout', 'L'),
  row('View', 'view.heat', 'Uncertainty map', 'U'),
  row('View', 'view.difference', 'Difference to the prediction', 'Shift+D'),
  row('View', 'view.before', 'Prediction before correction (while held)', 'Q'),
  row('View', 'view.help', 'All keys', '?'),
] as const satisfies readonly KeyRow[];
export type ActionName = (typeof KEYS)[number]['action'];

/** `Ctrl+Shift+Z` for a key press; Command counts as Ctrl. Shift is left out where it only makes the character. */
export function chordOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'> & { readonly code?: string },
): string {
  // A Mac's Alt makes another character of a digit.
  const digit = event.altKey ? /^Digit(\d)$/.exec(event.code ?? '')?.[1] : undefined;
  const named = digit ?? (event.key === ' ' ? 'Space' : event.key);
  const letter = /^[a-z]$/i.test(named);
  const key = letter ? named.toUpperCase() : named;
  const shift = event.shiftKey && (letter || named.length > 1);
  return [event.ctrlKey || event.metaKey ? 'Ctrl' : '', event.altKey ? 'Alt' : '', shift ? 'Shift' : '', key]
    .filter(Boolean)
    .join('+');
}

/** Chord to action, with the user's own chords in place of the defaults; '' switches an action's key off. */
export function keyMap(own: Readonly<Record<string, string>>): Map<string, ActionName> {
  const map = new Map<string, ActionName>();
  for (const { action, chords } of KEYS) {
    if (own[action] === undefined) for (const chord of chords) map.set(chord, action);
  }
  for (const { action } of KEYS) if (own[action]) map.set(own[action], action);
  return map;
}

/** The chord to show for an action. */
export function chordFor(action: ActionName, own: Readonly<Record<string, string>>): string {
  return own[action] ?? KEYS.find((k) => k.action === action)?.chords[0] ?? '';
}

/** A key press that belongs to a form field, not to the viewer. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'range', 'button', 'color'].includes(target.type);
}
