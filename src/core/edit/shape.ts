/** Whole-shape operations: smoothing, growing and shrinking by a margin in mm. */
import { squaredDistances } from '../metrics/distance-transform.ts';
import { isUnlabelled, type LabelMap } from '../volume.ts';
import type { Recorder } from './edit.ts';
import type { Axis } from './planes.ts';

/** First and last index of a label along i, j, k, widened by `margin` voxels; null where the label is absent. */
export function labelBox(
  mask: LabelMap,
  label: number,
  margin: readonly [number, number, number] = [0, 0, 0],
): { low: [number, number, number]; size: [number, number, number] } | null {
  const { data, size } = mask;
  const low = [size[0], size[1], size[2]];
  const high = [-1, -1, -1];
  for (let k = 0, row = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++, row += size[0]) {
      const first = data.subarray(row, row + size[0]).indexOf(label);
      if (first < 0) continue;
      const last = data.subarray(row, row + size[0]).lastIndexOf(label);
      low[0] = Math.min(low[0], first);
      high[0] = Math.max(high[0], last);
      low[1] = Math.min(low[1], j);
      high[1] = Math.max(high[1], j);
      low[2] = Math.min(low[2], k);
      high[2] = k;
    }
  }
  if (high[2] < 0) return null;
  const from = low.map((at, axis) => Math.max(0, at - margin[axis])) as [number, number, number];
  const to = high.map((at, axis) => Math.min(size[axis] - 1, at + margin[axis]));
  return { low: from, size: to.map((at, axis) => at - from[axis] + 1) as [number, number, number] };
}

/**
 * Smooths a label with a Gaussian of `sigma` mm and a cut at one half: corners go, size stays about the same.
 * `normal` smooths within slices only, `slices` limits them (both included).
 */
export function smoothLabel(
  recorder: Recorder,
  label: number,
  sigma: number,
  normal: Axis | null = null,
  slices: readonly [number, number] | null = null,
  onPart: (part: number) => void = () => {},
): void {
  const { mask } = recorder;
  const kernels = ([0, 1, 2] as const).map((axis) => (axis === normal ? [1] : gaussian(sigma / mask.spacing[axis])));
  const margin = kernels.map((kernel) => (kernel.length - 1) / 2) as [number, number, number];
  const box = labelBox(mask, label, margin);
  if (!box) return;
  let field = crop(mask, label, box.low, box.size);
  for (const axis of [0, 1, 2] as const) {
    if (kernels[axis].length > 1)
      field = convolve(field, box.size, axis, kernels[axis], (part) => onPart((axis + part) / 3.3));
  }
  eachInBox(mask, box, (offset, p, index) => {
    if (normal !== null && slices && (index[normal] < slices[0] || index[normal] > slices[1])) return;
    const inside = field[p] >= 0.5;
    if (inside && isUnlabelled(mask.data[offset])) recorder.write(offset, label);
    else if (!inside && mask.data[offset] === label) recorder.write(offset, 0);
  });
}

/** Grows (positive) or shrinks (negative) a label by `margin` mm; grows over background alone. */
export function growLabel(
  recorder: Recorder,
  label: number,
  margin: number,
  onPart: (part: number) => void = () => {},
): void {
  const { mask } = recorder;
  const reach = mask.spacing.map((s) => Math.ceil(Math.abs(margin) / s) + 1) as [number, number, number];
  const box = labelBox(mask, label, reach);
  if (!box || margin === 0) return;
  const sites = new Uint8Array(box.size[0] * box.size[1] * box.size[2]);
  let any = false;
  eachInBox(mask, box, (offset, p) => {
    const inside = mask.data[offset] === label;
    sites[p] = margin > 0 === inside ? 1 : 0;
    any ||= sites[p] === 1;
  });
  if (!any) return;
  onPart(0.2);
  const squared = squaredDistances(sites, box.size, mask.spacing);
  onPart(0.9);
  const limit = margin * margin + 1e-6;
  eachInBox(mask, box, (offset, p) => {
    if (squared[p] > limit) return;
    if (margin > 0 && isUnlabelled(mask.data[offset])) recorder.write(offset, label);
    else if (margin < 0 && mask.data[offset] === label) recorder.write(offset, 0);
  });
}

/** Normalised weights of a Gaussian of `sigma` voxels, cut at 2.5 sigma. */
function gaussian(sigma: number): number[] {
  const reach = Math.max(1, Math.ceil(2.5 * sigma));
  const weights = Array.from({ length: 2 * reach + 1 }, (_, n) => Math.exp(-((n - reach) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}

type Box = { low: readonly [number, number, number]; size: readonly [number, number, number] };

function eachInBox(
  mask: LabelMap,
  { low, size }: Box,
  visit: (offset: number, p: number, index: readonly [number, number, number]) => void,
): void {
  const index: [number, number, number] = [0, 0, 0];
  let p = 0;
  for (let c = 0; c < size[2]; c++) {
    for (let b = 0; b < size[1]; b++) {
      const row = low[0] + mask.size[0] * (low[1] + b + mask.size[1] * (low[2] + c));
      index[1] = low[1] + b;
      index[2] = low[2] + c;
      for (let a = 0; a < size[0]; a++, p++) {
        index[0] = low[0] + a;
        visit(row + a, p, index);
      }
    }
  }
}

function crop(mask: LabelMap, label: number, low: Box['low'], size: Box['size']): Float32Array {
  const field = new Float32Array(size[0] * size[1] * size[2]);
  eachInBox(mask, { low, size }, (offset, p) => {
    field[p] = mask.data[offset] === label ? 1 : 0;
  });
  return field;
}

/** One axis of a separable filter; edges repeat, so a label cut by the scan's border keeps its cut. */
function convolve(
  field: Float32Array,
  size: Box['size'],
  axis: Axis,
  kernel: number[],
  onPart: (part: number) => void,
): Float32Array {
  const result = new Float32Array(field.length);
  const step = [1, size[0], size[0] * size[1]][axis];
  const length = size[axis];
  const reach = (kernel.length - 1) / 2;
  const slice = size[0] * size[1];
  for (let p = 0; p < field.length; p++) {
    if (p % slice === 0) onPart(p / field.length);
    const at = Math.floor(p / step) % length;
    let sum = 0;
    for (let n = -reach; n <= reach; n++) {
      const clamped = Math.min(length - 1, Math.max(0, at + n));
      sum += kernel[n + reach] * field[p + (clamped - at) * step];
    }
    result[p] = sum;
  }
  return result;
}
