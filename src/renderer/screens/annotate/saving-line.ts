/** The line that says whether all that was drawn is on the disk. */
import type { SaveState } from '../../viewer/autosave.ts';

/**
 * @param now ms since 1970
 * @param unfinished the edit that is still worked out, which is on no disk yet; null where nothing is
 */
export function savingLine(
  saving: SaveState,
  now: number,
  unfinished: string | null,
): { text: string; kind: SaveState['kind'] } {
  const { kind } = saving;
  if (kind === 'failed') return { text: `not saved: ${saving.error.message} ${saving.error.cure}`, kind };
  if (unfinished !== null) return { text: `not saved yet: ${unfinished} …`, kind: 'saving' };
  if (kind === 'saving') return { text: 'saving …', kind };
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
