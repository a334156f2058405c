/** What was measured on a slice: lengths, angles and regions, in mm from the voxel geometry. Pure. */
import { type Axis, sliceLayout } from '../edit/planes.ts';
import type { Grid, Volume } from '../volume.ts';

export const MEASUREMENT_KINDS = ['ruler', 'angle', 'ellipse', 'box'] as const;
export type MeasurementKind = (typeof MEASUREMENT_KINDS)[number];

/** A point in voxels, fractional; voxel centres are whole numbers. */
type VoxelPoint = readonly [number, number, number];

/** Points of each kind: ends of a ruler; end, corner and end of an angle; opposite corners around an ellipse or a box. */
export const POINTS: Readonly<Record<MeasurementKind, number>> = { ruler: 2, angle: 3, ellipse: 2, box: 2 };

export interface MeasuredShape {
  readonly kind: MeasurementKind;
  /** Voxel axis across the slice. */
  readonly normal: Axis;
  readonly slice: number;
  /** On that slice. */
  readonly points: readonly VoxelPoint[];
}

/** Those that the kind has; null where it has them but nothing was inside. */
export interface Figures {
  /** Length of a ruler, mm. */
  readonly mm?: number;
  /** Between the legs of an angle, 0 to 180. */
  readonly degrees?: number;
  /** Of the ellipse or box itself, whatever the voxels, mm2. */
  readonly areaMm2?: number;
  /** Voxels whose centres are inside, and the mean and standard deviation (over n) of their values. */
  readonly voxels?: number;
  readonly mean?: number | null;
  readonly sd?: number | null;
}

/** The figures of a shape. @param scan what the values of a region are taken from; the geometry of all is its grid */
export function figuresOf(shape: MeasuredShape, scan: Volume): Figures {
  const [a, b, c] = shape.points;
  switch (shape.kind) {
    case 'ruler':
      return { mm: length(legOf(scan, a, b)) };
    case 'angle':
      return { degrees: angleBetween(legOf(scan, b, a), legOf(scan, b, c)) };
    case 'ellipse':
    case 'box': {
      const sides = legOf(scan, a, b).filter((_, axis) => axis !== shape.normal);
      const box = Math.abs(sides[0] * sides[1]);
      return { areaMm2: shape.kind === 'box' ? box : (Math.PI / 4) * box, ...valuesInside(shape, scan) };
    }
  }
}

/** From one point to another along the voxel axes, mm: they stand at right angles, so lengths and angles are as in space. */
const legOf = ({ spacing }: Grid, from: VoxelPoint, to: VoxelPoint): number[] =>
  spacing.map((mm, axis) => (to[axis] - from[axis]) * mm);

const length = (leg: readonly number[]): number => Math.hypot(...leg);

/** Degrees; by the arc tangent, which is exact near 0 and 180 where the arc cosine is not. */
function angleBetween(p: readonly number[], q: readonly number[]): number {
  const cross = Math.hypot(p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]);
  const dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
  return (Math.atan2(cross, dot) * 180) / Math.PI;
}

function valuesInside({ kind, normal, slice, points }: MeasuredShape, { data, size }: Volume): Figures {
  const { axisA, axisB, width, height, stepA, stepB, base } = sliceLayout(size, normal, slice);
  const [p, q] = points;
  const middle = [(p[axisA] + q[axisA]) / 2, (p[axisB] + q[axisB]) / 2];
  const half = [Math.abs(q[axisA] - p[axisA]) / 2, Math.abs(q[axisB] - p[axisB]) / 2];
  let [voxels, mean, squares] = [0, 0, 0];
  for (let b = first(middle[1] - half[1]); b <= last(middle[1] + half[1], height); b++) {
    for (let a = first(middle[0] - half[0]); a <= last(middle[0] + half[0], width); a++) {
      // In halves of the region, so that voxels of any shape stand as they are in mm.
      const away = ((a - middle[0]) / half[0]) ** 2 + ((b - middle[1]) / half[1]) ** 2;
      if (kind === 'ellipse' && away > 1) continue;
      const value = data[base + a * stepA + b * stepB];
      if (!Number.isFinite(value)) continue;
      // Welford: values far from 0 lose no digits.
      voxels++;
      const step = value - mean;
      mean += step / voxels;
      squares += step * (value - mean);
    }
  }
  return voxels > 0 ? { voxels, mean, sd: Math.sqrt(squares / voxels) } : { voxels, mean: null, sd: null };
}

const first = (n: number): number => Math.max(0, Math.ceil(n));
const last = (n: number, size: number): number => Math.min(size - 1, Math.floor(n));

/** As it is read: "23.4 mm", "45.0°", "12.5 ± 3.1, 120.3 mm²". @param unit of the scan's values, with its blank */
export function figuresInWords(kind: MeasurementKind, figures: Figures, unit = ''): string {
  if (kind === 'ruler') return `${(figures.mm ?? 0).toFixed(1)} mm`;
  if (kind === 'angle') return `${(figures.degrees ?? 0).toFixed(1)}°`;
  const { mean, sd, areaMm2 = 0 } = figures;
  const values = typeof mean === 'number' && typeof sd === 'number' ? `${inDigits(mean, sd)}${unit}, ` : '';
  return `${values}${areaMm2.toFixed(1)} mm²`;
}

/** As many digits behind the point as the larger of the two needs for three places. */
const inDigits = (mean: number, sd: number): string => {
  const larger = Math.max(Math.abs(mean), sd);
  const digits = larger >= 10 || larger === 0 ? 1 : larger >= 1 ? 2 : Math.min(8, 2 - Math.floor(Math.log10(larger)));
  return `${mean.toFixed(digits)} ± ${sd.toFixed(digits)}`;
};
