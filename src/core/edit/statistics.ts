/** Voxel counts by label and slice, kept up to date edit by edit, and what a person changed in a prediction. */
import { type CaseMetrics, caseMetrics } from '../metrics/index.ts';
import type { Grid, LabelMap } from '../volume.ts';
import { countLabels } from './count.ts';
import type { Edit } from './edit.ts';

/** ml (cm^3) of one voxel. */
export const voxelMl = (grid: Grid): number => (grid.spacing[0] * grid.spacing[1] * grid.spacing[2]) / 1000;

/** Counts of a mask, without a further pass over it after each stroke. */
export class MaskStatistics {
  /** Voxels by label value, 256 long. */
  readonly total = new Float64Array(256);
  /** Voxels by label of each slice across k: perSlice[value + 256 * k]. */
  readonly perSlice: Uint32Array;
  private readonly sliceVoxels: number;
  private readonly ml: number;

  /** @param empty the mask is known to hold background alone: its voxels are not looked at */
  constructor(mask: LabelMap, empty = false) {
    const { data, size } = mask;
    this.sliceVoxels = size[0] * size[1];
    this.ml = voxelMl(mask);
    this.perSlice = new Uint32Array(256 * size[2]);
    for (let k = 0; k < size[2]; k++) {
      if (empty) this.perSlice[256 * k] = this.sliceVoxels;
      else countLabels(data, k * this.sliceVoxels, (k + 1) * this.sliceVoxels, this.perSlice, 256 * k);
      for (let value = 0; value < 256; value++) this.total[value] += this.perSlice[value + 256 * k];
    }
  }

  /** Follows an edit that was made (1) or undone (-1). */
  follow(edit: Edit, way: 1 | -1): void {
    const { starts, lengths, before, after } = edit;
    for (let n = 0; n < starts.length; n++) {
      const k = Math.floor(starts[n] / this.sliceVoxels);
      const change = way * lengths[n];
      this.total[before[n]] -= change;
      this.total[after[n]] += change;
      this.perSlice[before[n] + 256 * k] -= change;
      this.perSlice[after[n] + 256 * k] += change;
    }
  }

  volumeMl(label: number): number {
    return this.total[label] * this.ml;
  }

  /** Voxels of any label on slice k. */
  foreground(k: number): number {
    return this.sliceVoxels - this.perSlice[256 * k];
  }
}

export interface LabelChange {
  readonly label: number;
  readonly addedMl: number;
  readonly removedMl: number;
}

/** ml of each label that `current` has and `reference` has not, and the reverse; only labels that differ. */
export function volumeChanges(current: LabelMap, reference: LabelMap): LabelChange[] {
  const added = new Float64Array(256);
  const removed = new Float64Array(256);
  for (let v = 0; v < current.data.length; v++) {
    const is = current.data[v];
    const was = reference.data[v];
    if (is === was) continue;
    added[is]++;
    removed[was]++;
  }
  const ml = voxelMl(current);
  const changes: LabelChange[] = [];
  for (let label = 1; label < 256; label++) {
    if (added[label] || removed[label]) {
      changes.push({ label, addedMl: added[label] * ml, removedMl: removed[label] * ml });
    }
  }
  return changes;
}

/** What changed of one label, with its agreement: Dice in percent, 95HD in mm. */
export function describeChange(
  current: LabelMap,
  reference: LabelMap,
  label: number,
): LabelChange & Pick<CaseMetrics, 'dice' | 'hd95'> {
  const change = volumeChanges(current, reference).find((c) => c.label === label);
  const { dice, hd95 } = caseMetrics(current, reference, label);
  return { label, addedMl: change?.addedMl ?? 0, removedMl: change?.removedMl ?? 0, dice, hd95 };
}
