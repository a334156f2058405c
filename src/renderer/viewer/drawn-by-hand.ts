/** What clicks must leave alone. */
import type { CaseEditor } from './case-editor.ts';

/** Name of the edits that clicks make, in the list of steps. */
export const CLICK_EDIT = 'Click to mask';

/**
 * 1 at voxels that differ from the prediction, or from nothing where there is none, and whose last step in force is no click: what
 * was drawn where a click's mask was undone is the hand's.
 */
export function drawnByHand({
  voxels: { mask, prediction },
  history,
}: Pick<CaseEditor, 'voxels' | 'history'>): Uint8Array {
  const clicked = new Uint8Array(mask.data.length);
  for (const { name, starts, lengths } of history.kept.done)
    for (let n = 0; n < starts.length; n++)
      clicked.fill(name === CLICK_EDIT ? 1 : 0, starts[n], starts[n] + lengths[n]);
  return mask.data.map((value, v) =>
    value !== (prediction ? prediction.data[v] : 0) && !clicked[v] ? 1 : 0,
  ) as Uint8Array;
}
