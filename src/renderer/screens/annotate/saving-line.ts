/** The line that says whether all that was drawn is on the disk. */
import type { SaveState } from '../../viewer/autosave.ts';

/** @param now ms since 1970 */
export function savingLine(saving: SaveState, now: number): { text: string; kind: SaveState['kind'] } {
  const { kind } = saving;
  if (kind === 'saving') return { text: 'saving …', kind };
  if (kind === 'failed') return { text: `not saved: ${saving.error.message} ${saving.error.cure}`, kind };
  if (saving.at === null) return { text: 'all changes saved', kind };
  const seconds = Math.max(0, (now - saving.at) / 1000);
  const ago =
    seconds < 10
      ? `${seconds.toFixed(1)} s`
      : seconds < 90
        ? `${Math.round(seconds)} s`
        : `${Math.round(seconds / 60)} min`;
  return { text: `saved ${ago} ago`, kind };
}
