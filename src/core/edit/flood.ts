/** Flood fill of an enclosed area of the mask, and region growing over the scan's intensities. */
import { DecileError } from '../errors.ts';
import { isUnlabelled, type LabelMap, type Volume, type VoxelIndex, voxelIndex } from '../volume.ts';
import type { Recorder } from './edit.ts';
import { type Axis, indexOf, offsetOf, sliceLayout, strides } from './planes.ts';

/** Offsets reachable from `seed` over face neighbours where `inside` holds; `normal` keeps to the seed's slice. */
function connected(
  size: readonly [number, number, number],
  seed: number,
  normal: Axis | null,
  inside: (offset: number) => boolean,
  { limit = Number.POSITIVE_INFINITY, stopAtEdge = false, onPart = (_part: number): void => {} } = {},
): { offsets: number[]; touchesEdge: boolean; full: boolean } {
  const step = strides(size);
  const axes = ([0, 1, 2] as const).filter((axis) => axis !== normal);
  const seen = new Uint8Array(size[0] * size[1] * size[2]);
  const offsets: number[] = [];
  let touchesEdge = false;
  if (!inside(seed)) return { offsets, touchesEdge, full: false };
  seen[seed] = 1;
  offsets.push(seed);
  const most = Math.min(limit, seen.length);
  for (let head = 0; head < offsets.length; head++) {
    if ((head & 0xffff) === 0) onPart(head / most);
    const offset = offsets[head];
    const index = indexOf(size, offset);
    for (const axis of axes) {
      if (index[axis] === 0 || index[axis] === size[axis] - 1) {
        touchesEdge = true;
        if (stopAtEdge) return { offsets, touchesEdge, full: false };
      }
      for (const way of [-1, 1]) {
        const at = index[axis] + way;
        const next = offset + way * step[axis];
        if (at < 0 || at >= size[axis] || seen[next]) continue;
        seen[next] = 1;
        if (!inside(next)) continue;
        offsets.push(next);
        if (offsets.length > limit) return { offsets, touchesEdge, full: true };
      }
    }
  }
  return { offsets, touchesEdge, full: false };
}

/**
 * Gives `value` to the connected area of equal label around `seed`, on one slice (`normal`) or in 3D (null).
 * @throws `edit/open-area` where background would be filled to the edge of the scan
 */
export function floodFill(
  recorder: Recorder,
  seed: VoxelIndex,
  normal: Axis | null,
  value: number,
  onPart?: (part: number) => void,
): void {
  const { data, size } = recorder.mask;
  const start = offsetOf(size, seed);
  const old = data[start];
  if (old === value) return;
  const { offsets, touchesEdge } = connected(size, start, normal, (offset) => data[offset] === old, {
    stopAtEdge: isUnlabelled(old),
    onPart,
  });
  if (isUnlabelled(old) && touchesEdge) {
    throw new DecileError(
      'edit/open-area',
      'The area to fill must be closed, got one that reaches the edge of the scan.',
      'Close the outline first, then fill it.',
    );
  }
  for (const offset of offsets) recorder.write(offset, value);
}

export interface GrowOptions {
  /** Keep to the seed's slice across this axis; null grows in 3D. */
  readonly normal: Axis | null;
  readonly value: number;
  /** Voxels join while their intensity is within this distance of the mean around the seed, in the scan's units. */
  readonly tolerance: number;
  /** Most voxels that a region may take before it counts as leaked. */
  readonly limit: number;
}

/**
 * Region growing from `seed` over voxels of similar intensity that are background or the label itself.
 * @throws `edit/region-leaked` where the region passes `limit` voxels
 */
export function growRegion(
  recorder: Recorder,
  scan: Volume,
  seed: VoxelIndex,
  options: GrowOptions,
  onPart?: (part: number) => void,
): void {
  const { mask } = recorder;
  const { normal, value, tolerance, limit } = options;
  const mean = meanAround(scan, seed, normal);
  const inside = (offset: number) =>
    Math.abs(scan.data[offset] - mean) <= tolerance && (isUnlabelled(mask.data[offset]) || mask.data[offset] === value);
  const { offsets, full } = connected(mask.size, offsetOf(mask.size, seed), normal, inside, { limit, onPart });
  if (full) {
    throw new DecileError(
      'edit/region-leaked',
      `A grown region must stay below ${limit.toLocaleString('en')} voxels, got more.`,
      'Lower the tolerance, or grow on one slice.',
    );
  }
  for (const offset of offsets) recorder.write(offset, value);
}

function meanAround(scan: Volume, seed: VoxelIndex, normal: Axis | null): number {
  let sum = 0;
  let count = 0;
  const reach = ([0, 1, 2] as const).map((axis) => (axis === normal ? 0 : 1));
  for (let k = seed[2] - reach[2]; k <= seed[2] + reach[2]; k++) {
    for (let j = seed[1] - reach[1]; j <= seed[1] + reach[1]; j++) {
      for (let i = seed[0] - reach[0]; i <= seed[0] + reach[0]; i++) {
        if ([i, j, k].some((at, axis) => at < 0 || at >= scan.size[axis])) continue;
        sum += scan.data[offsetOf(scan.size, voxelIndex(i, j, k))];
        count++;
      }
    }
  }
  return sum / count;
}

/** Fills background that a label encloses, slice by slice across `normal`; `slices` limits it, both included. */
export function fillHoles(
  recorder: Recorder,
  label: number,
  normal: Axis,
  slices: readonly [number, number] = [0, recorder.mask.size[normal] - 1],
  onPart: (part: number) => void = () => {},
): void {
  const { mask } = recorder;
  for (let n = Math.max(0, slices[0]); n <= Math.min(mask.size[normal] - 1, slices[1]); n++) {
    onPart((n - slices[0]) / (slices[1] - slices[0] + 1));
    fillHolesOnSlice(recorder, mask, label, normal, n);
  }
}

function fillHolesOnSlice(recorder: Recorder, mask: LabelMap, label: number, normal: Axis, n: number): void {
  const { width, height, base, stepA, stepB } = sliceLayout(mask.size, normal, n);
  const at = (p: number) => base + (p % width) * stepA + Math.floor(p / width) * stepB;
  const outside = new Uint8Array(width * height);
  const queue: number[] = [];
  let labelled = false;
  const visit = (p: number) => {
    if (outside[p] || mask.data[at(p)] === label) return;
    outside[p] = 1;
    queue.push(p);
  };
  for (let p = 0; p < width * height && !labelled; p++) labelled = mask.data[at(p)] === label;
  if (!labelled) return;
  for (let a = 0; a < width; a++) {
    visit(a);
    visit(a + width * (height - 1));
  }
  for (let b = 0; b < height; b++) {
    visit(b * width);
    visit(b * width + width - 1);
  }
  for (let head = 0; head < queue.length; head++) {
    const p = queue[head];
    if (p % width > 0) visit(p - 1);
    if (p % width < width - 1) visit(p + 1);
    if (p >= width) visit(p - width);
    if (p < width * (height - 1)) visit(p + width);
  }
  for (let p = 0; p < width * height; p++) {
    if (!outside[p] && isUnlabelled(mask.data[at(p)])) recorder.write(at(p), label);
  }
}
