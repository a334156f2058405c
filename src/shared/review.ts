/** Why predictions are rejected: the same words for window, command line, report and queue. */

/** Said of the scan, not of the mask: the next round's queue puts it last. */
export const BAD_SCAN = 'bad scan';
export const REJECT_REASONS = ['wrong place', 'missing part', 'too large', BAD_SCAN, 'other'] as const;

/** `missing-part` and `Missing part` as the reason that they name; other words as they are. */
export function rejectReason(text: string): string {
  const plain = text.trim().replaceAll(/[-_]+/g, ' ').toLowerCase();
  return REJECT_REASONS.find((reason) => reason === plain) ?? text.trim();
}
