/**
 * The one place for conversions between voxel indices, patient space and files' affines.
 *
 * Spaces: `VoxelIndex` (i, j, k), `WorldPoint` (LPS millimetres, DICOM, ITK, MHA), `RasPoint` (NIfTI, nibabel).
 * World = origin + direction * (spacing .* index). A direction may be left-handed: the file's own voxel order is kept.
 */
import { DecileError } from './errors.ts';
import {
  type AffineRas,
  affineRas,
  type Direction,
  type Grid,
  lpsPoint,
  type RasPoint,
  rasPoint,
  spacingFrom,
  type VoxelIndex,
  voxelIndex,
  type WorldPoint,
} from './volume.ts';

/** Row-major 3x3. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];

export const IDENTITY: Direction = [1, 0, 0, 0, 1, 0, 0, 0, 1];

export const lpsToRas = (p: WorldPoint): RasPoint => rasPoint(-p[0], -p[1], p[2]);
export const rasToLps = (p: RasPoint): WorldPoint => lpsPoint(-p[0], -p[1], p[2]);

export const dot3 = (a: readonly number[], b: readonly number[]): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross3 = (a: readonly number[], b: readonly number[]): [number, number, number] => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const norm3 = (a: readonly number[]): number => Math.hypot(a[0], a[1], a[2]);

/** Determinant: +1 for a right-handed direction, -1 for a left-handed one. */
export function determinant3(m: Matrix3): number {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
}

/** @throws geometry/singular when the columns lie in one plane */
export function inverse3(m: Matrix3): Matrix3 {
  const det = determinant3(m);
  if (!Number.isFinite(det) || Math.abs(det) < 1e-12) {
    throw new DecileError(
      'geometry/singular',
      `The voxel axes must span space, got a matrix of determinant ${det}.`,
      'The file’s orientation is damaged: export it again from its source.',
    );
  }
  return [
    (m[4] * m[8] - m[5] * m[7]) / det,
    (m[2] * m[7] - m[1] * m[8]) / det,
    (m[1] * m[5] - m[2] * m[4]) / det,
    (m[5] * m[6] - m[3] * m[8]) / det,
    (m[0] * m[8] - m[2] * m[6]) / det,
    (m[2] * m[3] - m[0] * m[5]) / det,
    (m[3] * m[7] - m[4] * m[6]) / det,
    (m[1] * m[6] - m[0] * m[7]) / det,
    (m[0] * m[4] - m[1] * m[3]) / det,
  ];
}

export const multiply3 = (m: Matrix3, v: readonly number[]): [number, number, number] => [
  m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
  m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
  m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
];

/** Column `c` of a direction: the unit LPS vector along which index `c` grows. */
export const axis = (direction: Direction, c: 0 | 1 | 2): [number, number, number] => [
  direction[c],
  direction[3 + c],
  direction[6 + c],
];

/** Direction from its three columns. */
export const directionFromAxes = (i: readonly number[], j: readonly number[], k: readonly number[]): Direction => [
  i[0], j[0], k[0], i[1], j[1], k[1], i[2], j[2], k[2],
]; // biome-ignore format: the matrix is read as a matrix

/** Centre of a voxel (fractions allowed) in patient space, LPS mm. */
export function voxelToWorld(grid: Grid, index: VoxelIndex): WorldPoint {
  const { spacing, origin, direction } = grid;
  const step = multiply3(direction, [index[0] * spacing[0], index[1] * spacing[1], index[2] * spacing[2]]);
  return lpsPoint(origin[0] + step[0], origin[1] + step[1], origin[2] + step[2]);
}

/** Voxel index (with fractions) of a point in patient space, LPS mm. */
export function worldToVoxel(grid: Grid, point: WorldPoint): VoxelIndex {
  const { spacing, origin } = grid;
  const along = multiply3(inverse3(grid.direction), [point[0] - origin[0], point[1] - origin[1], point[2] - origin[2]]);
  return voxelIndex(along[0] / spacing[0], along[1] / spacing[1], along[2] / spacing[2]);
}

/** Row-major 4x4, voxel index to RAS mm: what NIfTI's sform holds. */
export function affineRAS(grid: Grid): AffineRas {
  const { spacing: s, origin: o, direction: d } = grid;
  // `0 -` instead of a minus sign, so that zeros stay +0.
  return affineRas([
    0 - d[0] * s[0], 0 - d[1] * s[1], 0 - d[2] * s[2], 0 - o[0],
    0 - d[3] * s[0], 0 - d[4] * s[1], 0 - d[5] * s[2], 0 - o[1],
    d[6] * s[0], d[7] * s[1], d[8] * s[2], o[2],
    0, 0, 0, 1,
  ]); // biome-ignore format: the matrix is read as a matrix
}

/**
 * The grid of `size` voxels whose voxel-to-RAS matrix is `affine` (row-major, 3x4 or 4x4).
 * Axes need not be orthogonal here; readers that demand it check `shear(direction)`.
 * @throws geometry/not-finite, geometry/singular
 */
export function gridFromAffineRAS(size: Grid['size'], affine: readonly number[]): Grid {
  if (affine.length < 12 || affine.slice(0, 12).some((v) => !Number.isFinite(v))) {
    throw new DecileError(
      'geometry/not-finite',
      'An affine must be twelve or sixteen finite numbers, got others.',
      'The file’s orientation is damaged: export it again from its source.',
    );
  }
  const column = (c: number) => [0 - affine[c], 0 - affine[4 + c], affine[8 + c]];
  const columns = [column(0), column(1), column(2)];
  const spacing = spacingFrom(columns.map(norm3));
  const axes = columns.map((v, c) => v.map((x) => (spacing[c] > 0 ? x / spacing[c] : 0)));
  const direction = directionFromAxes(axes[0], axes[1], axes[2]);
  inverse3(direction);
  return { size, spacing, origin: lpsPoint(0 - affine[3], 0 - affine[7], affine[11]), direction };
}

/** Largest |cosine| between two voxel axes: 0 for orthogonal axes, sin(tilt) for a sheared stack. */
export function shear(direction: Direction): number {
  const [i, j, k] = [axis(direction, 0), axis(direction, 1), axis(direction, 2)];
  return Math.max(Math.abs(dot3(i, j)), Math.abs(dot3(i, k)), Math.abs(dot3(j, k)));
}

/**
 * One sentence stating how two grids differ, or null when they are the same: equal sizes, and no corner voxel
 * farther than `toleranceMm` from its twin (which bounds every other voxel).
 */
export function gridDifference(a: Grid, b: Grid, toleranceMm = 0.01): string | null {
  if (a.size.some((n, c) => n !== b.size[c])) return `size ${a.size.join('x')} against ${b.size.join('x')}`;
  let worst = 0;
  for (let corner = 0; corner < 8; corner++) {
    const index = a.size.map((n, c) => ((corner >> c) & 1 ? n - 1 : 0)) as unknown as VoxelIndex;
    const [p, q] = [voxelToWorld(a, index), voxelToWorld(b, index)];
    const distance = norm3([p[0] - q[0], p[1] - q[1], p[2] - q[2]]);
    if (!(distance <= worst)) worst = distance;
  }
  if (worst <= toleranceMm) return null;
  const mm = (v: readonly number[]) => v.map((x) => +x.toFixed(4)).join('x');
  if (a.spacing.some((s, c) => Math.abs(s - b.spacing[c]) * (a.size[c] - 1) > toleranceMm)) {
    return `spacing ${mm(a.spacing)} mm against ${mm(b.spacing)} mm`;
  }
  const angle = ([0, 1, 2] as const).map((c) => angleDegrees(axis(a.direction, c), axis(b.direction, c)));
  const turned = Math.max(...angle);
  if (turned > 0.01) return `orientation differs by ${turned.toFixed(turned < 1 ? 2 : 1)} degrees`;
  const shift = norm3([a.origin[0] - b.origin[0], a.origin[1] - b.origin[1], a.origin[2] - b.origin[2]]);
  if (shift > toleranceMm) return `origin differs by ${+shift.toFixed(shift < 1 ? 3 : 1)} mm`;
  return `voxel centres differ by up to ${worst.toFixed(3)} mm`;
}

export const sameGrid = (a: Grid, b: Grid, toleranceMm = 0.01): boolean => gridDifference(a, b, toleranceMm) === null;

/** Angle between two vectors, degrees; exact near zero, where acos is not. */
export function angleDegrees(a: readonly number[], b: readonly number[]): number {
  return (Math.atan2(norm3(cross3(a, b)), dot3(a, b)) * 180) / Math.PI;
}

/** The grid alone, without voxels. */
export const gridOf = ({ size, spacing, origin, direction }: Grid): Grid => ({ size, spacing, origin, direction });

/** The directions along which i, j and k grow, e.g. `LPS`: of left or right, posterior or anterior, superior or inferior. */
export function axisCodes(direction: Direction): string {
  const letters = ['LR', 'PA', 'SI'];
  return ([0, 1, 2] as const)
    .map((c) => {
      const along = axis(direction, c);
      const main = along.reduce((best, v, n) => (Math.abs(v) > Math.abs(along[best]) ? n : best), 0);
      return letters[main][along[main] < 0 ? 1 : 0];
    })
    .join('');
}
