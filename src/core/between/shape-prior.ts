/** What shape-based interpolation says of each voxel between drawn slices. */
import { between } from '../edit/between.ts';
import type { PlaneMask } from '../edit/islands.ts';
import { type Axis, sliceLayout } from '../edit/planes.ts';
import { squaredDistances } from '../metrics/distance-transform.ts';
import type { LabelMap } from '../volume.ts';
import type { DrawnSlices } from './drawn-slices.ts';

export interface ShapePrior {
  /** Signed distance to the interpolated outline in its plane, mm, negative inside; of several planes the mean, nearer slices weighing more. */
  readonly distance: Float32Array;
  /** Way to the nearest drawn slice, mm; infinite where no two drawn slices lie on both sides. */
  readonly away: Float32Array;
}

export function shapePrior(mask: LabelMap, label: number, drawn: DrawnSlices): ShapePrior {
  const count = mask.data.length;
  const [sums, weights] = [new Float32Array(count), new Float32Array(count)];
  const away = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
  for (const axis of [0, 1, 2] as const) {
    const slices = drawn[axis];
    for (let n = 0; n + 1 < slices.length; n++) {
      const [from, to] = [slices[n], slices[n + 1]];
      const { axisA, axisB } = sliceLayout(mask.size, axis, from);
      const spacing = [mask.spacing[axisA], mask.spacing[axisB]] as const;
      const at = between(planeOf(mask, label, axis, from), planeOf(mask, label, axis, to), spacing);
      for (let s = from + 1; s < to; s++) {
        const mm = Math.min(s - from, to - s) * mask.spacing[axis];
        const layout = sliceLayout(mask.size, axis, s);
        const distances = signedDistances(at((s - from) / (to - from)), layout.width, layout.height, spacing);
        for (let p = 0; p < distances.length; p++) {
          const v = layout.base + (p % layout.width) * layout.stepA + Math.floor(p / layout.width) * layout.stepB;
          sums[v] += distances[p] / mm;
          weights[v] += 1 / mm;
          away[v] = Math.min(away[v], mm);
        }
      }
    }
  }
  return { distance: sums.map((sum, v) => (weights[v] > 0 ? sum / weights[v] : Number.POSITIVE_INFINITY)), away };
}

export function planeOf(mask: LabelMap, label: number, normal: Axis, n: number): PlaneMask {
  const { width, height, base, stepA, stepB } = sliceLayout(mask.size, normal, n);
  const inside = new Uint8Array(width * height);
  for (let b = 0, p = 0; b < height; b++)
    for (let a = 0; a < width; a++, p++) inside[p] = mask.data[base + a * stepA + b * stepB] === label ? 1 : 0;
  return { width, height, inside };
}

/** mm, negative inside; the zero lies between pixels. Infinite of an empty plane. */
export function signedDistances(
  inside: Uint8Array,
  width: number,
  height: number,
  [a, b]: readonly [number, number],
): Float32Array {
  if (!inside.includes(1)) return new Float32Array(inside.length).fill(Number.POSITIVE_INFINITY);
  const size = [width, height, 1] as const;
  const out = squaredDistances(inside, size, [a, b, 1]);
  const into = squaredDistances(
    inside.map((v) => 1 - v),
    size,
    [a, b, 1],
  );
  const half = Math.min(a, b) / 2;
  return out.map((far, p) => (inside[p] ? half - Math.sqrt(into[p]) : Math.sqrt(far) - half));
}
