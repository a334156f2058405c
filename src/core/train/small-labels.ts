/**
 * Labels so small in so large a field that patches from anywhere rarely hold them, told by the volumes of drawn masks alone: a plan
 * knows them before a scan is read. `rare-labels.ts` looks at the voxels, once they are there.
 */
import { mapAxes, type Three } from '../axes.ts';
import type { AskedOptions, PlannedOptions, StepOptions } from '../options.ts';
import { resolveOptions } from '../parse-option.ts';
import { largestPatch } from './fit-patch.ts';

/** A labelled scan. */
export interface DrawnScan {
  /** Sides of its training grid, voxels. */
  size: readonly number[];
  /** Volume of each label that it has, ml, by value. */
  ml: ReadonlyMap<number, number>;
}

/** A label that patches from anywhere rarely hold. */
export interface SmallLabel {
  label: number;
  /** Labelled scans that have it. */
  scans: number;
}

/** Fewer patches from anywhere than this hold a small label. Of the cohorts in results.md: kidneys 0.31, their tumours 0.15, all else 0.8 and more. */
const RARE = 1 / 4;
/** So many labelled scans taught a network tumours in kidneys in small patches (docs/explanation/choices.md). */
export const ENOUGH_SCANS = 14;

type Open = StepOptions & Required<Pick<PlannedOptions, 'voxel'>>;

/**
 * Whether a label can be small at all: the options leave open what is done about it, and a patch is a small part of some scan.
 * @param sizes of all scans on the training grid, voxels: the patch follows from them
 */
export function canBeSmall(options: Open, sizes: readonly (readonly number[])[]): boolean {
  if (options.smallStructures !== 'auto' || options.patch !== 'auto') return false;
  const patch = largestPatch(options, sizes);
  return sizes.some((size) => chanceOf(0, size, patch, options.voxel) < RARE);
}

/** Labels that patches from anywhere rarely hold; none where none can be small. @param scans the labelled ones */
export function smallLabels(
  scans: readonly DrawnScan[],
  options: Open,
  sizes: readonly (readonly number[])[],
): SmallLabel[] {
  if (!canBeSmall(options, sizes)) return [];
  const patch = largestPatch(options, sizes);
  const labels = [...new Set(scans.flatMap(({ ml }) => [...ml.keys()]))].sort((a, b) => a - b);
  return labels.flatMap((label) => {
    const having = scans.filter(({ ml }) => (ml.get(label) ?? 0) > 0);
    const chances = having.map(({ size, ml }) => chanceOf(ml.get(label) as number, size, patch, options.voxel));
    const mean = chances.reduce((sum, chance) => sum + chance, 0) / chances.length;
    return mean < RARE ? [{ label, scans: having.length }] : [];
  });
}

/** What training does about small labels by itself: small patches where some of them is drawn in enough scans, what few scans allow where not. */
export const measuresFor = (small: readonly SmallLabel[]): 'off' | 'few' | 'on' => {
  if (small.length === 0) return 'off';
  return small.some(({ scans }) => scans >= ENOUGH_SCANS) ? 'on' : 'few';
};

/** The options with `smallStructures: auto` settled; others as they were asked for. */
export function settleSmallStructures(asked: Partial<AskedOptions>, small: readonly SmallLabel[]): AskedOptions {
  if ((asked.smallStructures ?? 'auto') !== 'auto') return resolveOptions(asked);
  return resolveOptions({ ...asked, smallStructures: measuresFor(small) });
}

/**
 * Chance of a patch from anywhere in a scan to meet a cube around a ball of that volume, which lies anywhere too: along each axis one
 * of two intervals in a line ends before the other begins in (f - p - d)^2 of (f - p) (f - d) cases.
 */
function chanceOf(ml: number, size: readonly number[], patch: Three<number>, voxel: Three<number>): number {
  const diameter = Math.cbrt((6000 * ml) / Math.PI);
  const along = mapAxes(patch, (side, axis) => {
    const field = size[axis] * voxel[axis];
    const [p, d] = [Math.min(side * voxel[axis], field), Math.min(diameter, field)];
    const apart = field - p - d;
    return apart > 0 ? 1 - apart ** 2 / ((field - p) * (field - d)) : 1;
  });
  return along[0] * along[1] * along[2];
}
