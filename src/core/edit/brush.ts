/** Brush and eraser: discs and balls of a radius in mm, joined along the pointer's way, with an optional intensity range. */
import type { Grid, Volume } from '../volume.ts';
import type { IntensityRule, Recorder } from './edit.ts';
import { type Axis, strides } from './planes.ts';

/** A point in voxels, fractional; voxel centres are whole numbers. */
export type VoxelPoint = readonly [number, number, number];

export interface BrushShape {
  /** mm */
  readonly radius: number;
  /** Axis that a disc stands across; null paints a ball. */
  readonly normal: Axis | null;
}

/**
 * Writes `value` into every voxel whose centre lies within `radius` of `point`; a brush smaller than a voxel paints
 * the voxel under the pointer.
 */
export function paintAt(
  recorder: Recorder,
  point: VoxelPoint,
  shape: BrushShape,
  value: number,
  rule: IntensityRule | null = null,
): void {
  const { size } = recorder.mask;
  const step = strides(size);
  eachRun(recorder.mask, point, shape, (j, k, first, last) => {
    const row = j * step[1] + k * step[2];
    for (let offset = row + first; offset <= row + last; offset++) {
      if (rule && !(rule.scan.data[offset] >= rule.low && rule.scan.data[offset] <= rule.high)) continue;
      recorder.write(offset, value);
    }
  });
}

/** Paints along the straight way from `from` to `to` (voxels), so that a fast pointer leaves no gaps. */
export function paintLine(
  recorder: Recorder,
  from: VoxelPoint,
  to: VoxelPoint,
  shape: BrushShape,
  value: number,
  rule: IntensityRule | null = null,
): void {
  const { spacing } = recorder.mask;
  const length = Math.hypot(...spacing.map((s, axis) => (to[axis] - from[axis]) * s));
  const stride = Math.max(shape.radius / 3, Math.min(...spacing) / 2);
  const count = Math.max(1, Math.ceil(length / stride));
  for (let n = 1; n <= count; n++) {
    const t = n / count;
    const at: VoxelPoint = [
      from[0] + t * (to[0] - from[0]),
      from[1] + t * (to[1] - from[1]),
      from[2] + t * (to[2] - from[2]),
    ];
    paintAt(recorder, at, shape, value, rule);
  }
}

/** Mean and standard deviation of the scan under a brush, for a threshold that fits what was clicked. */
export function intensityUnder(
  scan: Volume,
  point: VoxelPoint,
  shape: BrushShape,
): { mean: number; deviation: number; count: number } {
  const step = strides(scan.size);
  let count = 0;
  let sum = 0;
  let squares = 0;
  eachRun(scan, point, shape, (j, k, first, last) => {
    for (let i = first; i <= last; i++) {
      const value = scan.data[i + j * step[1] + k * step[2]];
      count++;
      sum += value;
      squares += value * value;
    }
  });
  const mean = count ? sum / count : 0;
  return { mean, deviation: count ? Math.sqrt(Math.max(0, squares / count - mean * mean)) : 0, count };
}

/** Calls `visit` for each run of voxels along i that the brush covers. */
function eachRun(
  grid: Grid,
  point: VoxelPoint,
  { radius, normal }: BrushShape,
  visit: (j: number, k: number, first: number, last: number) => void,
): void {
  const { size, spacing } = grid;
  const nearest = point.map(Math.round) as [number, number, number];
  const range = ([0, 1, 2] as const).map((axis) => {
    if (axis === normal) return [nearest[axis], nearest[axis]];
    const reach = radius / spacing[axis];
    // The pointer's own voxel belongs to the brush even when its centre is further away than the radius.
    return [
      Math.min(nearest[axis], Math.ceil(point[axis] - reach)),
      Math.max(nearest[axis], Math.floor(point[axis] + reach)),
    ];
  });
  const distance = (axis: Axis, index: number) => (axis === normal ? 0 : (index - point[axis]) * spacing[axis]);
  for (let k = Math.max(0, range[2][0]); k <= Math.min(size[2] - 1, range[2][1]); k++) {
    for (let j = Math.max(0, range[1][0]); j <= Math.min(size[1] - 1, range[1][1]); j++) {
      const left = radius * radius - distance(1, j) ** 2 - distance(2, k) ** 2;
      const own = j === nearest[1] && k === nearest[2];
      if (left < 0 && !own) continue;
      let first = nearest[0];
      let last = nearest[0];
      if (normal !== 0 && left >= 0) {
        const reach = Math.sqrt(left) / spacing[0];
        first = Math.ceil(point[0] - reach - 1e-9);
        last = Math.floor(point[0] + reach + 1e-9);
        if (own) {
          first = Math.min(first, nearest[0]);
          last = Math.max(last, nearest[0]);
        }
      }
      first = Math.max(0, first);
      last = Math.min(size[0] - 1, last);
      if (first <= last) visit(j, k, first, last);
    }
  }
}
