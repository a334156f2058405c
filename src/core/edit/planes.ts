/** The three display planes of a volume: which voxel axes a screen shows, which way round, and the letters at its edges. */
import { type Direction, type Grid, lpsPoint, type VoxelIndex, voxelIndex, type WorldPoint } from '../volume.ts';

export type Axis = 0 | 1 | 2;
export type PlaneName = 'axial' | 'coronal' | 'sagittal';
export const PLANE_NAMES: readonly PlaneName[] = ['axial', 'coronal', 'sagittal'];

/** A plane along the volume's own axes, shown radiologically: no voxel is interpolated, whatever the obliquity. */
export interface Plane {
  readonly name: PlaneName;
  /** Voxel axis that the slice slider moves along. */
  readonly normal: Axis;
  /** Voxel axis across the screen; `flipU`: its index falls from left to right. */
  readonly u: Axis;
  readonly flipU: boolean;
  /** Voxel axis down the screen; `flipV`: its index falls from top to bottom. */
  readonly v: Axis;
  readonly flipV: boolean;
  /** Patient letters at the edges of the screen, e.g. R, L, A, P or RP for an oblique axis. */
  readonly letters: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
  /** Angle between the voxel axes and the patient's, degrees; 0 for a straight volume. */
  readonly tilt: number;
}

const AXES: readonly Axis[] = [0, 1, 2];
/** LPS unit axes: x left, y posterior, z superior. */
const LETTERS = [
  ['L', 'R'],
  ['P', 'A'],
  ['S', 'I'],
] as const;
/** An axis carries a second letter once it leans this far (sine of about 20 degrees). */
const LEAN = 0.34;
const PERMUTATIONS: readonly (readonly [Axis, Axis, Axis])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** Column of the direction matrix: the LPS unit vector of one voxel axis. */
export const axisVector = (direction: Direction, axis: Axis): [number, number, number] => [
  direction[axis],
  direction[3 + axis],
  direction[6 + axis],
];

/** Patient letters towards which a vector points, strongest first. */
export function lettersOf(vector: readonly [number, number, number]): string {
  return AXES.map((world) => ({ world, size: Math.abs(vector[world]) }))
    .filter(({ size }) => size > LEAN)
    .sort((a, b) => b.size - a.size)
    .map(({ world }) => LETTERS[world][vector[world] > 0 ? 0 : 1])
    .join('');
}

/** The voxel axes that lie closest to patient x, y and z, each used once. */
function closestAxes(direction: Direction): readonly [Axis, Axis, Axis] {
  const fit = (axes: readonly [Axis, Axis, Axis]) =>
    AXES.reduce<number>((sum, world) => sum + Math.abs(direction[3 * world + axes[world]]), 0);
  return PERMUTATIONS.reduce((best, axes) => (fit(axes) > fit(best) + 1e-9 ? axes : best));
}

/** Axial, coronal and sagittal planes of a grid, patient's right on the screen's left, anterior or superior on top. */
export function planesOf(grid: Grid): Record<PlaneName, Plane> {
  const [x, y, z] = closestAxes(grid.direction);
  const grows = (axis: Axis, world: Axis) => grid.direction[3 * world + axis] >= 0;
  const make = (name: PlaneName, normal: Axis, u: Axis, flipU: boolean, v: Axis, flipV: boolean): Plane => {
    const right = axisVector(grid.direction, u).map((c) => (flipU ? -c : c)) as [number, number, number];
    const down = axisVector(grid.direction, v).map((c) => (flipV ? -c : c)) as [number, number, number];
    const opposite = (vector: [number, number, number]) => lettersOf([-vector[0], -vector[1], -vector[2]]);
    const straight = Math.max(...axisVector(grid.direction, normal).map((c) => Math.abs(c)));
    return {
      name,
      normal,
      u,
      flipU,
      v,
      flipV,
      letters: { left: opposite(right), right: lettersOf(right), top: opposite(down), bottom: lettersOf(down) },
      tilt: (Math.acos(Math.min(1, straight)) * 180) / Math.PI,
    };
  };
  return {
    axial: make('axial', z, x, !grows(x, 0), y, !grows(y, 1)),
    coronal: make('coronal', y, x, !grows(x, 0), z, grows(z, 2)),
    sagittal: make('sagittal', x, y, !grows(y, 1), z, grows(z, 2)),
  };
}

/** The plane whose slices were acquired: the one that steps along k. */
export const acquisitionPlane = (planes: Record<PlaneName, Plane>): PlaneName =>
  PLANE_NAMES.find((name) => planes[name].normal === 2) ?? 'axial';

/** LPS position of a (fractional) voxel index, mm. */
export function indexToWorld(grid: Grid, index: readonly [number, number, number]): WorldPoint {
  const [a, b, c] = AXES.map((axis) => index[axis] * grid.spacing[axis]);
  const d = grid.direction;
  return lpsPoint(
    grid.origin[0] + d[0] * a + d[1] * b + d[2] * c,
    grid.origin[1] + d[3] * a + d[4] * b + d[5] * c,
    grid.origin[2] + d[6] * a + d[7] * b + d[8] * c,
  );
}

/** Distance between neighbouring voxels in memory along i, j, k. */
export const strides = (size: readonly [number, number, number]): readonly [number, number, number] => [
  1,
  size[0],
  size[0] * size[1],
];

export const offsetOf = (size: readonly [number, number, number], [i, j, k]: VoxelIndex): number =>
  i + size[0] * (j + size[1] * k);

export const indexOf = (size: readonly [number, number, number], offset: number): VoxelIndex => {
  const i = offset % size[0];
  const rest = (offset - i) / size[0];
  const j = rest % size[1];
  return voxelIndex(i, j, (rest - j) / size[1]);
};

/** One slice of a volume as a 2D image in memory order: `base + a * stepA + b * stepB`, a < width, b < height. */
export interface SliceLayout {
  readonly axisA: Axis;
  readonly axisB: Axis;
  readonly width: number;
  readonly height: number;
  readonly stepA: number;
  readonly stepB: number;
  readonly base: number;
}

/** The slice across `normal` at `index`; a and b are the other two axes in rising order. */
export function sliceLayout(size: readonly [number, number, number], normal: Axis, index: number): SliceLayout {
  const [axisA, axisB] = AXES.filter((axis) => axis !== normal);
  const step = strides(size);
  return {
    axisA,
    axisB,
    width: size[axisA],
    height: size[axisB],
    stepA: step[axisA],
    stepB: step[axisB],
    base: index * step[normal],
  };
}

/** The inverse of indexToWorld; the direction is orthonormal, so its transpose turns back. */
export function worldToIndex(grid: Grid, point: readonly [number, number, number]): [number, number, number] {
  const d = grid.direction;
  const [x, y, z] = AXES.map((axis) => point[axis] - grid.origin[axis]);
  return [
    (d[0] * x + d[3] * y + d[6] * z) / grid.spacing[0],
    (d[1] * x + d[4] * y + d[7] * z) / grid.spacing[1],
    (d[2] * x + d[5] * y + d[8] * z) / grid.spacing[2],
  ];
}
