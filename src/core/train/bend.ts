/**
 * Smooth random deformations: the same organ with another shape, which no turn or zoom gives. Cubic B-splines over a coarse grid
 * of control points (Rueckert et al., IEEE TMI 1999), as nnU-Net's first version deformed its patches (Isensee et al. 2021). With
 * few labelled scans shapes run out first. Beyond the paper.
 */
import { mapAxes } from '../axes.ts';
import type { Random } from '../random.ts';
import { type Sides, thickAxis } from './patch-source.ts';

/** A deformation of one patch. */
export interface Bend {
  /** Intervals between control points along each axis of the patch; a row has three more points than intervals. */
  intervals: Sides;
  /** Where each control point is moved to, scan voxels: three maps, for x, y and z, of [z][y][x]. */
  shifts: readonly [Float32Array, Float32Array, Float32Array];
}

/** Intervals along the patch's longest side. */
const INTERVALS = 4;
/** Largest standard deviation of a control point's shift, in intervals: far from folding (Choi & Lee 2000: all below 0.4). */
const DEVIATION = 0.25;
/** Shifts beyond this many deviations are drawn in. */
const MOST = 2;

/**
 * Control points a quarter of the patch's longest side apart, each moved by N(0, d) along each axis, d uniform up to a quarter of
 * that distance. Nothing moves across thick slices.
 * @param spacing mm; cubes where it is absent
 */
export function planBend(random: Random, patch: Sides, spacing: Sides = [1, 1, 1]): Bend {
  const extent = mapAxes(patch, (n, axis) => n * spacing[axis]);
  const interval = Math.max(...extent) / INTERVALS;
  const intervals = mapAxes(extent, (mm) => Math.max(1, Math.ceil(mm / interval - 1e-6)));
  const deviation = random.uniform() * DEVIATION * interval;
  const points = mapAxes(intervals, (n) => n + 3);
  const thick = thickAxis(spacing);
  const shifts = mapAxes(spacing, (mm, axis) => {
    const drawn = new Float32Array(points[0] * points[1] * points[2]);
    for (let i = 0; i < drawn.length; i++) {
      const shift = Math.max(-MOST, Math.min(MOST, random.normal())) * deviation;
      drawn[i] = axis === thick ? 0 : shift / mm;
    }
    return drawn;
  });
  return { intervals, shifts };
}

/** The furthest that any voxel is moved along each axis: a B-spline stays within its control points. */
export const furthest = ({ shifts }: Bend): [number, number, number] =>
  mapAxes(shifts, (map) => map.reduce((most, v) => Math.max(most, Math.abs(v)), 0));

/** The shifts of a patch's voxels, row by row along x. */
export class BentRows {
  /** Shifts of the row that was asked for last, scan voxels, for each axis. */
  readonly row: readonly [Float32Array, Float32Array, Float32Array];
  private readonly bend: Bend;
  private readonly points: Sides;
  private readonly along: readonly [Basis, Basis, Basis];
  private readonly planes: readonly [Float32Array, Float32Array, Float32Array];
  private plane = -1;
  private readonly line: Float32Array;

  constructor(bend: Bend, patch: Sides) {
    this.bend = bend;
    this.points = mapAxes(bend.intervals, (n) => n + 3);
    this.along = mapAxes(patch, (n, axis) => basisOf(n, bend.intervals[axis]));
    this.planes = mapAxes(bend.shifts, () => new Float32Array(this.points[0] * this.points[1]));
    this.line = new Float32Array(this.points[0]);
    this.row = mapAxes(bend.shifts, () => new Float32Array(patch[0]));
  }

  /** Row y of slice z; rows of one slice after another cost least. */
  at(y: number, z: number): readonly [Float32Array, Float32Array, Float32Array] {
    const [nx, ny] = this.points;
    if (z !== this.plane) {
      this.planes.forEach((plane, axis) => {
        mixed(this.bend.shifts[axis], this.along[2], z, nx * ny, plane);
      });
      this.plane = z;
    }
    const { first, weights } = this.along[0];
    this.row.forEach((row, axis) => {
      mixed(this.planes[axis], this.along[1], y, nx, this.line);
      for (let i = 0, w = 0; i < row.length; i++, w += 4) {
        const p = first[i];
        row[i] =
          weights[w] * this.line[p] +
          weights[w + 1] * this.line[p + 1] +
          weights[w + 2] * this.line[p + 2] +
          weights[w + 3] * this.line[p + 3];
      }
    });
    return this.row;
  }
}

/** For each voxel of a side the first of its four control points, and their weights. */
interface Basis {
  first: Int32Array;
  weights: Float32Array;
}

function basisOf(voxels: number, intervals: number): Basis {
  const first = new Int32Array(voxels);
  const weights = new Float32Array(4 * voxels);
  for (let i = 0; i < voxels; i++) {
    const place = ((i + 0.5) / voxels) * intervals;
    const p = Math.min(intervals - 1, Math.floor(place));
    const t = place - p;
    first[i] = p;
    weights.set(
      [(1 - t) ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6, t ** 3 / 6],
      4 * i,
    );
  }
  return { first, weights };
}

/** The weighted sum of the four slabs of `length` values that voxel `at` lies between. */
function mixed(from: Float32Array, { first, weights }: Basis, at: number, length: number, into: Float32Array): void {
  const base = first[at] * length;
  const [a, b, c, d] = weights.subarray(4 * at, 4 * at + 4);
  for (let i = 0; i < length; i++)
    into[i] =
      a * from[base + i] +
      b * from[base + length + i] +
      c * from[base + 2 * length + i] +
      d * from[base + 3 * length + i];
}
