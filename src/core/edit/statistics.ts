/** Voxel counts by label and slice, kept up to date edit by edit. */
import { type LabelMap, NOT_DRAWN, voxelMl } from '../volume.ts';
import { countLabels } from './count.ts';
import type { Edit } from './edit.ts';

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
    return this.sliceVoxels - this.perSlice[256 * k] - this.notDrawn(k);
  }

  /** Voxels of slice k that nobody drew. */
  notDrawn(k: number): number {
    return this.perSlice[NOT_DRAWN + 256 * k];
  }
}
