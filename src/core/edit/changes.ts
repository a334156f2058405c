/** What changed of one label between two masks on one grid. */
import { type LabelScores, labelScores } from '../metrics/index.ts';
import { type LabelMap, NOT_DRAWN, voxelMl } from '../volume.ts';

/** One label of two masks on one grid. */
export interface LabelChange {
  metrics: LabelScores;
  addedMl: number;
  removedMl: number;
  /** The slice along k with most changed voxels, the first of equals; null where nothing differs. */
  worstSlice: number | null;
}

export function compareLabel(before: LabelMap, after: LabelMap, label: number): LabelChange {
  const slice = before.size[0] * before.size[1];
  const ml = voxelMl(before);
  const perSlice = new Uint32Array(before.size[2]);
  let [added, removed] = [0, 0];
  for (let v = 0; v < before.data.length; v++) {
    const was = before.data[v] === label;
    if (was === (after.data[v] === label) || after.data[v] === NOT_DRAWN) continue;
    was ? removed++ : added++;
    perSlice[Math.floor(v / slice)]++;
  }
  const worst = perSlice.reduce((best, count, k) => (count > perSlice[best] ? k : best), 0);
  return {
    metrics: labelScores(before, after, label),
    addedMl: added * ml,
    removedMl: removed * ml,
    worstSlice: perSlice[worst] > 0 ? worst : null,
  };
}
