/** Shape-based interpolation: fills the slices between two drawn ones from their signed distances. */
import { squaredDistances } from '../metrics/distance-transform.ts';
import type { LabelMap } from '../volume.ts';
import type { Recorder } from './edit.ts';
import { type Axis, sliceLayout } from './planes.ts';

/** One slice's signed distance in mm, negative inside, and the centroid of its shape in voxels. */
interface Shape {
  width: number;
  height: number;
  distance: Float32Array;
  centre: readonly [number, number];
}

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
 * Fills each gap between neighbouring drawn slices of a label; only background is written.
 * Slice t of a gap holds the voxels where (1 - t) d0(x - c + c0) + t d1(x - c + c1) <= 0, with d the signed distances
 * of the two drawn slices and c the centroid moved along, so that shapes that do not overlap still connect.
 * @returns how many slices were filled
 */
export function interpolateSlices(
  recorder: Recorder,
  label: number,
  normal: Axis,
  slices: readonly [number, number] = [0, recorder.mask.size[normal] - 1],
): number {
  const { mask } = recorder;
  const drawn = labelledSlices(mask, label, normal).filter((n) => n >= slices[0] && n <= slices[1]);
  let filled = 0;
  let before: Shape | null = null;
  for (let n = 0; n + 1 < drawn.length; n++) {
    const [from, to] = [drawn[n], drawn[n + 1]];
    if (to - from < 2) {
      before = null;
      continue;
    }
    const first: Shape = before ?? shapeOf(mask, label, normal, from);
    const last = shapeOf(mask, label, normal, to);
    for (let at = from + 1; at < to; at++) {
      fillBetween(recorder, label, normal, at, first, last, (at - from) / (to - from));
      filled++;
    }
    before = last;
  }
  return filled;
}

function fillBetween(
  recorder: Recorder,
  label: number,
  normal: Axis,
  at: number,
  first: Shape,
  last: Shape,
  t: number,
): void {
  const { data, size } = recorder.mask;
  const { width, height, base, stepA, stepB } = sliceLayout(size, normal, at);
  const centre = [0, 1].map((axis) => (1 - t) * first.centre[axis] + t * last.centre[axis]);
  for (let b = 0; b < height; b++) {
    for (let a = 0; a < width; a++) {
      const d0 = sample(first, a - centre[0] + first.centre[0], b - centre[1] + first.centre[1]);
      const d1 = sample(last, a - centre[0] + last.centre[0], b - centre[1] + last.centre[1]);
      const offset = base + a * stepA + b * stepB;
      if ((1 - t) * d0 + t * d1 <= 0 && data[offset] === 0) recorder.write(offset, label);
    }
  }
}

function shapeOf(mask: LabelMap, label: number, normal: Axis, n: number): Shape {
  const { width, height, base, stepA, stepB, axisA, axisB } = sliceLayout(mask.size, normal, n);
  const inside = new Uint8Array(width * height);
  const outside = new Uint8Array(width * height);
  let count = 0;
  const sum = [0, 0];
  for (let b = 0, p = 0; b < height; b++) {
    for (let a = 0; a < width; a++, p++) {
      if (mask.data[base + a * stepA + b * stepB] === label) {
        inside[p] = 1;
        count++;
        sum[0] += a;
        sum[1] += b;
      } else outside[p] = 1;
    }
  }
  const spacing = [mask.spacing[axisA], mask.spacing[axisB], 1] as const;
  const toInside = squaredDistances(inside, [width, height, 1], spacing);
  const everywhere = count === width * height;
  const toOutside = everywhere ? null : squaredDistances(outside, [width, height, 1], spacing);
  const distance = new Float32Array(width * height);
  for (let p = 0; p < distance.length; p++) {
    distance[p] = inside[p] ? -(toOutside ? Math.sqrt(toOutside[p]) : width * spacing[0]) : Math.sqrt(toInside[p]);
  }
  // Distances count from voxel to voxel; half a voxel of each side brings the zero onto the edge between them.
  const half = Math.min(spacing[0], spacing[1]) / 2;
  for (let p = 0; p < distance.length; p++) distance[p] += inside[p] ? half : -half;
  return { width, height, distance, centre: [sum[0] / count, sum[1] / count] };
}

/** Bilinear, clamped at the edges. */
function sample({ width, height, distance }: Shape, a: number, b: number): number {
  const x = Math.min(width - 1, Math.max(0, a));
  const y = Math.min(height - 1, Math.max(0, b));
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const x1 = Math.min(width - 1, x0 + 1);
  const y1 = Math.min(height - 1, y0 + 1);
  const fx = x - x0;
  const fy = y - y0;
  const top = (1 - fx) * distance[x0 + width * y0] + fx * distance[x1 + width * y0];
  const bottom = (1 - fx) * distance[x0 + width * y1] + fx * distance[x1 + width * y1];
  return (1 - fy) * top + fy * bottom;
}
