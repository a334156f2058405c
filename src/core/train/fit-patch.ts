/** A patch that fits the scans and the memory. */
import { divisorsOf } from '../network/plan.ts';
import type { PlannedOptions, StepOptions, WithPlan } from '../options.ts';
import { fitPlannedPatch, planFor } from './planned-patch.ts';
import { formsOf, loadOf, type Recompute, recomputationFor, stepBytes } from './step-bytes.ts';

export type PatchSides = [x: number, y: number, z: number];

/** Largest patch side considered: the paper's. */
const LARGEST = 96;
/** Most voxels of a patch for small structures: more steps in as many voxels. */
const SMALL_STRUCTURE_VOXELS = 64 * 64 * 32;

/**
 * Each side: the largest multiple of 16 that the median scan holds (at least 16, at most 96); then the longest side
 * shrinks until the patch `fits`.
 * @param sizes scan sizes in voxels of the training grid
 */
export function fitPatch(sizes: readonly (readonly number[])[], fits: (patch: PatchSides) => boolean): PatchSides {
  const median = (axis: number) => sizes.map((s) => s[axis]).sort((a, b) => a - b)[sizes.length >> 1];
  const patch = [0, 1, 2].map((axis) =>
    Math.min(LARGEST, Math.max(16, Math.floor(median(axis) / 16) * 16)),
  ) as PatchSides;
  while (!fits(patch)) {
    const longest = patch.indexOf(Math.max(...patch));
    if (patch[longest] <= 16) break;
    patch[longest] -= 16;
  }
  return patch;
}

/** What decides how much memory a step needs, the network apart. */
export interface Fit extends WithPlan {
  /** x, y, z */
  patch: PatchSides;
  labelledPerStep: number;
  unlabelledPerStep: number;
  /** What is computed again instead of kept. */
  recompute?: Recompute;
}

type Batch = Pick<Fit, 'labelledPerStep' | 'unlabelledPerStep'>;

/** Bytes that training may take of a machine's memory: half of what is free, or a quarter of all, and no more than its engine can hold. */
export const roomIn = ({ free, total }: { free: number; total: number }, most = Number.POSITIVE_INFINITY): number =>
  Math.min(0.5 * Math.max(free, 0.5 * total), most);

/**
 * Patch and batch of a run, and what its steps compute again to fit into `room` bytes: the given patch, or the largest one that fits
 * scans of these sizes and, with all computed again that can be, the room. Where not even 32 voxels a side fit, one patch of each kind a
 * step comes before smaller patches.
 */
export function fitOf(options: Gridded, sizes: readonly (readonly number[])[], room: number): Fit {
  const { voxel = CUBE } = options;
  const fit = batchAndPatch(options, voxel, sizes, room);
  const recompute = recomputationOf(options, fit, room);
  return {
    ...fit,
    ...(recompute && { recompute }),
    ...(options.network === 'planned' && { plan: planFor(voxel, fit.patch, options.width) }),
  };
}

/** What steps of that patch and batch compute again to fit into `room` bytes. */
export const recomputationOf = (
  options: StepOptions,
  { patch, labelledPerStep, unlabelledPerStep }: Fit,
  room: number,
): Recompute | undefined => recomputationFor(patch, loadOf({ ...options, labelledPerStep, unlabelledPerStep }), room);

/** Only the ratios count. */
const CUBE = [1, 1, 1] as const;

function batchAndPatch(
  options: StepOptions,
  voxel: readonly [number, number, number],
  sizes: readonly (readonly number[])[],
  room: number,
): Fit {
  const batch = { labelledPerStep: options.labelledPerStep, unlabelledPerStep: options.unlabelledPerStep };
  if (options.patch !== 'auto') return { patch: [...options.patch], ...batch };
  const fitted = (fit: Batch): Fit => ({ patch: patchIn({ ...options, ...fit, voxel }, sizes, room), ...fit });
  const whole = fitted(batch);
  const largest = largestPatch({ ...options, voxel }, sizes);
  const small = whole.patch.some((side, axis) => side < Math.min(SMALL, largest[axis]));
  return small ? fitted(batchOfOne(batch)) : whole;
}

type Gridded = StepOptions & Pick<PlannedOptions, 'voxel'>;

/** The patch of scans of these sizes where memory sets no limit. */
export const largestPatch = (options: Gridded, sizes: readonly (readonly number[])[]): PatchSides =>
  options.patch === 'auto' ? patchIn(options, sizes, Number.POSITIVE_INFINITY) : [...options.patch];

function patchIn(options: Gridded, sizes: readonly (readonly number[])[], bytes: number): PatchSides {
  const { voxel = CUBE, labelledPerStep, network, smallStructures } = options;
  const load = loadOf(options);
  const smallest = formsOf(load).at(-1);
  const most = smallStructures === 'on' ? SMALL_STRUCTURE_VOXELS : Number.POSITIVE_INFINITY;
  const fits = (patch: PatchSides) =>
    patch[0] * patch[1] * patch[2] <= most && stepBytes(patch, load, smallest) <= bytes;
  return network === 'planned' ? fitPlannedPatch(sizes, voxel, fits, labelledPerStep) : fitPatch(sizes, fits);
}

/** Below this the patch shows too little context: the batch gives way first. */
const SMALL = 32;
const SHRINK = 0.75;

const batchOfOne = ({ unlabelledPerStep }: Batch): Batch => ({
  labelledPerStep: 1,
  unlabelledPerStep: Math.min(1, unlabelledPerStep),
});

/**
 * The next smaller step after one that did not fit into memory: first the same one that computes again what it kept, which gives the
 * same weights in more time; then the longest sides shrink by 16, or by what the network's
 * plan divides them by, until the patch has at most 3/4 of its voxels; from 32 voxels a side on, one labelled and one
 * unlabelled patch a step come first. The plan stays: weights may exist.
 * @param forms of the step, from fastest to smallest
 * @returns null where nothing is left to give: 16x16x16 and one patch of each kind
 */
export function smallerFit(
  { patch, labelledPerStep, unlabelledPerStep, plan, recompute }: Fit,
  forms: readonly (Recompute | undefined)[],
): Fit | null {
  const divisors = plan ? divisorsOf(plan) : [16, 16, 16];
  const next = forms[forms.indexOf(recompute) + 1];
  if (next) return { patch, labelledPerStep, unlabelledPerStep, recompute: next, ...(plan && { plan }) };
  const kept = { ...(recompute && { recompute }), ...(plan && { plan }) };
  const canShareLess = labelledPerStep > 1 || unlabelledPerStep > 1;
  const longest = Math.max(...patch);
  if (longest <= SMALL && canShareLess)
    return { patch, ...batchOfOne({ labelledPerStep, unlabelledPerStep }), ...kept };
  if (longest <= 16) return null;
  const least = longest > SMALL ? SMALL : 16;
  const smaller = [...patch] as PatchSides;
  const voxels = (sides: PatchSides) => sides[0] * sides[1] * sides[2];
  while (voxels(smaller) > SHRINK * voxels(patch) && Math.max(...smaller) > least) {
    const axis = smaller.indexOf(Math.max(...smaller));
    if (smaller[axis] <= divisors[axis]) break;
    smaller[axis] -= divisors[axis];
  }
  if (voxels(smaller) === voxels(patch)) return null;
  return { patch: smaller, labelledPerStep, unlabelledPerStep, ...kept };
}
