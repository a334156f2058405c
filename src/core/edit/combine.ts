/** Operations between labels and between slices: union, subtraction, intersection, copy from a neighbouring slice. */
import type { LabelMap } from '../volume.ts';
import type { Recorder } from './edit.ts';
import { type Axis, sliceLayout } from './planes.ts';

export const BOOLEAN_OPERATIONS = ['union', 'subtract', 'intersect'] as const;
export type BooleanOperation = (typeof BOOLEAN_OPERATIONS)[number];

/**
 * Combines `label` with the voxels of `other` in a second mask (a prediction, say) on the same grid; result in `label`.
 * union: label or other; subtract: label without other; intersect: label and other.
 */
export function combineWith(
  recorder: Recorder,
  label: number,
  operation: BooleanOperation,
  source: LabelMap,
  other: number,
): void {
  const { data } = recorder.mask;
  for (let v = 0; v < data.length; v++) {
    const here = data[v] === label;
    const there = source.data[v] === other;
    switch (operation) {
      case 'union':
        if (there && !here) recorder.write(v, label);
        break;
      case 'subtract':
        if (here && there) recorder.write(v, 0);
        break;
      case 'intersect':
        if (here && !there) recorder.write(v, 0);
        break;
    }
  }
}

/** Copies one slice's voxels of a label (null: of every label) onto another slice, replacing that label there. */
export function copySlice(
  recorder: Recorder,
  source: LabelMap,
  normal: Axis,
  from: number,
  to: number,
  label: number | null,
): void {
  const { mask } = recorder;
  const origin = sliceLayout(mask.size, normal, from);
  const target = sliceLayout(mask.size, normal, to);
  // Copied first: source may be the very mask that is written.
  const values = new Uint8Array(origin.width * origin.height);
  for (let b = 0, p = 0; b < origin.height; b++) {
    for (let a = 0; a < origin.width; a++, p++) {
      values[p] = source.data[origin.base + a * origin.stepA + b * origin.stepB];
    }
  }
  for (let b = 0, p = 0; b < target.height; b++) {
    for (let a = 0; a < target.width; a++, p++) {
      const offset = target.base + a * target.stepA + b * target.stepB;
      if (label === null) recorder.write(offset, values[p]);
      else if (values[p] === label) recorder.write(offset, label);
      else if (mask.data[offset] === label) recorder.write(offset, 0);
    }
  }
}

/** Erases a label on a range of slices (null: every label), both ends included. */
export function clearSlices(
  recorder: Recorder,
  normal: Axis,
  slices: readonly [number, number],
  label: number | null,
): void {
  const { mask } = recorder;
  for (let n = slices[0]; n <= slices[1]; n++) {
    const { width, height, base, stepA, stepB } = sliceLayout(mask.size, normal, n);
    for (let b = 0; b < height; b++) {
      for (let a = 0; a < width; a++) {
        const offset = base + a * stepA + b * stepB;
        if (mask.data[offset] !== 0 && (label === null || mask.data[offset] === label)) recorder.write(offset, 0);
      }
    }
  }
}
