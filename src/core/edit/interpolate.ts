/** Interpolation between slices: fills those between two drawn ones, island by island. */
import { isUnlabelled, type LabelMap } from '../volume.ts';
import { between } from './between.ts';
import type { Recorder } from './edit.ts';
import type { PlaneMask } from './islands.ts';
import { type Axis, sliceLayout } from './planes.ts';

/** Slices across `normal` that hold the label. */
export function labelledSlices(mask: LabelMap, label: number, normal: Axis): number[] {
  const found: number[] = [];
  for (let n = 0; n < mask.size[normal]; n++) {
    const { width, height, base, stepA, stepB } = sliceLayout(mask.size, normal, n);
    search: for (let b = 0; b < height; b++) {
      for (let a = 0; a < width; a++) {
        if (mask.data[base + a * stepA + b * stepB] === label) {
          found.push(n);
          break search;
        }
      }
    }
  }
  return found;
}

/**
 * Fills each gap between neighbouring drawn slices of a label with what lies between their islands; only background is
 * written.
 * @returns how many slices were filled, those into which nothing was written not counted
 */
export function interpolateSlices(
  recorder: Recorder,
  label: number,
  normal: Axis,
  slices: readonly [number, number] = [0, recorder.mask.size[normal] - 1],
  onPart: (part: number) => void = () => {},
): number {
  const { mask } = recorder;
  const drawn = labelledSlices(mask, label, normal).filter((n) => n >= slices[0] && n <= slices[1]);
  let filled = 0;
  let before: PlaneMask | null = null;
  for (let n = 0; n + 1 < drawn.length; n++) {
    const [from, to] = [drawn[n], drawn[n + 1]];
    onPart(n / (drawn.length - 1));
    if (to - from < 2) {
      before = null;
      continue;
    }
    const first: PlaneMask = before ?? planeOf(mask, label, normal, from);
    const last = planeOf(mask, label, normal, to);
    const { axisA, axisB } = sliceLayout(mask.size, normal, from);
    const shapeAt = between(first, last, [mask.spacing[axisA], mask.spacing[axisB]]);
    for (let at = from + 1; at < to; at++) {
      if (write(recorder, label, normal, at, shapeAt((at - from) / (to - from)))) filled++;
    }
    before = last;
  }
  return filled;
}

/** True where a voxel was background and is the label now. */
function write(recorder: Recorder, label: number, normal: Axis, at: number, inside: Uint8Array): boolean {
  const { data, size } = recorder.mask;
  const { width, base, stepA, stepB } = sliceLayout(size, normal, at);
  let written = false;
  for (let p = 0; p < inside.length; p++) {
    const offset = base + (p % width) * stepA + Math.floor(p / width) * stepB;
    if (inside[p] && isUnlabelled(data[offset]) && recorder.write(offset, label)) written = true;
  }
  return written;
}

function planeOf(mask: LabelMap, label: number, normal: Axis, n: number): PlaneMask {
  const { width, height, base, stepA, stepB } = sliceLayout(mask.size, normal, n);
  const inside = new Uint8Array(width * height);
  for (let b = 0, p = 0; b < height; b++)
    for (let a = 0; a < width; a++, p++) inside[p] = mask.data[base + a * stepA + b * stepB] === label ? 1 : 0;
  return { width, height, inside };
}
