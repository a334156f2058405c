/** Voxel counts that every overlap metric is made of. */
import { DecileError } from '../errors.ts';
import { type LabelMap, NOT_DRAWN } from '../volume.ts';

/** Voxels of one label in the prediction, in the reference and in both. */
export interface Overlap {
  readonly prediction: number;
  readonly reference: number;
  readonly both: number;
}

/**
 * Counts one label's voxels in two masks of the same size, those that nobody drew in the reference left out.
 * @throws `metrics/size-mismatch` where the sizes differ
 */
export function countOverlap(prediction: LabelMap, reference: LabelMap, label: number): Overlap {
  checkSameSize(prediction, reference);
  const p = prediction.data;
  const r = reference.data;
  let predicted = 0;
  let referenced = 0;
  let both = 0;
  for (let v = 0; v < p.length; v++) {
    if (r[v] === NOT_DRAWN) continue;
    const inPrediction = p[v] === label;
    const inReference = r[v] === label;
    if (inPrediction) predicted++;
    if (inReference) referenced++;
    if (inPrediction && inReference) both++;
  }
  return { prediction: predicted, reference: referenced, both };
}

/** Refuses two masks that are not on the same grid of voxels. */
export function checkSameSize(prediction: LabelMap, reference: LabelMap): void {
  if (prediction.size.every((side, axis) => side === reference.size[axis])) return;
  throw new DecileError(
    'metrics/size-mismatch',
    `The prediction must be ${reference.size.join(' x ')} voxels like its reference, got ${prediction.size.join(' x ')}.`,
    "Predict on the reference's own grid, or resample one of the two.",
  );
}
