/** The voxel size that a run trains at. */
import type { NetworkName, SettledSpacing, TrainingOptions } from '../options.ts';

interface Grid {
  size: readonly number[];
  /** mm */
  spacing: readonly number[];
}

/** Scans whose voxels differ by less than this share have one grid. */
const ALIKE = 0.1;
/** Slices thicker than this many pixels are not trained on their own grid. */
const ANISOTROPY = 3;
/** A scan's longest side on the training grid: twice the largest patch, so that a patch sees enough around it. */
const LONGEST = 192;

/** With thick slices the plane stays finer than a cube's: a patch holds few of them. */
const LONGEST_PLANE = 320;

/** The grid's voxel size that most scans have, x, y, z, mm: what a network is planned from. @param grids at least one */
export function trainingVoxel(spacing: SettledSpacing, grids: readonly Grid[]): [number, number, number] {
  if (spacing === 'native') return medianVoxel(grids);
  return typeof spacing === 'number' ? [spacing, spacing, spacing] : [...spacing];
}

const isAlike = (spacing: readonly number[], voxel: readonly number[]): boolean =>
  spacing.every((mm, axis) => Math.abs(mm / voxel[axis] - 1) <= ALIKE);

/**
 * The voxel size at which a model reads a scan: where it keeps scans on their own grid and this one's differs from those that it
 * learned from, it is brought to theirs.
 * @param learned median voxel of the model's scans
 */
export const spacingFor = (
  spacing: SettledSpacing,
  scan: Pick<Grid, 'spacing'>,
  learned: readonly [number, number, number],
): SettledSpacing => (spacing === 'native' && !isAlike(scan.spacing, learned) ? learned : spacing);

const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];
const medianVoxel = (grids: readonly Grid[]): [number, number, number] => {
  const along = (axis: number) => middle(grids.map((g) => g.spacing[axis]));
  return [along(0), along(1), along(2)];
};

/** In steps of 0.05 mm. */
const roundedUp = (mm: number): number => Math.max(1, Math.ceil(mm * 20 - 1e-6)) / 20;

/**
 * `auto`: the scans' own grid where they have one grid, nearly cubic and not too fine for a patch; else cubes of the median
 * scan's voxel volume, at least so large that its longest side has 192 voxels (in steps of 0.05 mm). A planned network takes
 * thick slices as they are: the own grid where there is one, else the median slice distance, and in the plane the median
 * pixel, at least so large that the longest side has 320.
 * @param grids at least one
 */
export function settleSpacing(
  wanted: TrainingOptions['spacing'],
  grids: readonly Grid[],
  network: NetworkName = 'unet',
): SettledSpacing {
  if (wanted !== 'auto') return wanted;
  const voxel = medianVoxel(grids);
  const longest = middle(grids.map((g) => Math.max(...g.size.map((n, axis) => n * g.spacing[axis]))));
  const alike = grids.every((g) => isAlike(g.spacing, voxel));
  const cubic = Math.max(...voxel) / Math.min(...voxel) <= ANISOTROPY;
  const thick = network === 'planned' && !cubic;
  const most = thick ? LONGEST_PLANE : LONGEST;
  const fine = middle(grids.map((g) => Math.max(...g.size))) > most;
  if (alike && (cubic || thick) && !fine) return 'native';
  if (thick) {
    const sides = voxel.map((mm) => roundedUp(Math.max(mm, longest / most)));
    return [sides[0], sides[1], sides[2]];
  }
  return roundedUp(Math.max(Math.cbrt(voxel[0] * voxel[1] * voxel[2]), longest / LONGEST));
}
