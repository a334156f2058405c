/** A patch that fits the scans and the memory. */
import type { TrainingOptions } from '../options.ts';

export type PatchSides = [x: number, y: number, z: number];

/** Largest patch side considered: the paper's. */
const LARGEST = 96;

/**
 * Bytes that one training step holds at its peak, counted from the U-Net's stored maps: two per convolution, the
 * concatenations, and the gradients in flight (about 20 maps of the base width a voxel and labelled image).
 */
export const stepBytes = (patch: readonly number[], width: number, images: number): number =>
  20 * width * 4 * patch[0] * patch[1] * patch[2] * images + 300e6;

/**
 * Each side: the largest multiple of 16 that the median scan holds (at least 16, at most 96); then the longest side
 * shrinks until a step fits into `memoryBytes`.
 * @param sizes scan sizes in voxels of the training grid
 * @param images patches of a step that carry gradient
 */
export function fitPatch(
  sizes: readonly (readonly number[])[],
  width: number,
  images: number,
  memoryBytes: number,
): PatchSides {
  const median = (axis: number) => sizes.map((s) => s[axis]).sort((a, b) => a - b)[sizes.length >> 1];
  const patch = [0, 1, 2].map((axis) =>
    Math.min(LARGEST, Math.max(16, Math.floor(median(axis) / 16) * 16)),
  ) as PatchSides;
  while (stepBytes(patch, width, images) > memoryBytes) {
    const longest = patch.indexOf(Math.max(...patch));
    if (patch[longest] <= 16) break;
    patch[longest] -= 16;
  }
  return patch;
}

/** What decides how much memory a step needs, the network apart. */
export interface Fit {
  /** x, y, z */
  patch: PatchSides;
  labelledPerStep: number;
  unlabelledPerStep: number;
}

/** Patches of a step whose activations are kept for the backward pass, in all networks. */
export function imagesWithGradient({ method, unlabelledBranch, meanTeacherTerm, ...options }: TrainingOptions): number {
  const { labelledPerStep: labelled, unlabelledPerStep: unlabelled } = options;
  switch (method) {
    case 'supervised':
      return labelled;
    case 'cpcl':
      return labelled + (unlabelledBranch !== 'teacher' || meanTeacherTerm === 'on' ? unlabelled : 0);
    case 'ict':
      return labelled + Math.max(1, Math.floor(unlabelled / 2));
    case 'dtml':
      return 2 * (labelled + unlabelled);
    case 'mean-teacher':
    case 'ua-mt':
    case 'entropy':
    case 'dan':
      return labelled + unlabelled;
  }
}

/**
 * Patch and batch of a run: the given patch, or one that fits scans of these sizes and half of the free memory. Where not
 * even 32 voxels a side fit, one patch of each kind a step comes before smaller patches.
 */
export function fitOf(
  options: TrainingOptions,
  sizes: readonly (readonly number[])[],
  memory: { free: number; total: number },
): Fit {
  const batch = { labelledPerStep: options.labelledPerStep, unlabelledPerStep: options.unlabelledPerStep };
  if (options.patch !== 'auto') return { patch: [...options.patch], ...batch };
  const room = 0.5 * Math.max(memory.free, 0.5 * memory.total);
  const fitted = (fit: Omit<Fit, 'patch'>): Fit => {
    const patch = fitPatch(sizes, options.width, imagesWithGradient({ ...options, ...fit }), room);
    return { patch, ...fit };
  };
  const whole = fitted(batch);
  const largest = fitPatch(sizes, options.width, 1, Number.POSITIVE_INFINITY);
  const small = whole.patch.some((side, axis) => side < Math.min(SMALL, largest[axis]));
  return small ? fitted(batchOfOne(batch)) : whole;
}

/** Below this the patch shows too little context: the batch gives way first. */
const SMALL = 32;
const SHRINK = 0.75;

const batchOfOne = ({ unlabelledPerStep }: Omit<Fit, 'patch'>): Omit<Fit, 'patch'> => ({
  labelledPerStep: 1,
  unlabelledPerStep: Math.min(1, unlabelledPerStep),
});

/**
 * The next smaller step after one that did not fit into memory: the longest sides shrink by 16 until the patch has at
 * most 3/4 of its voxels; from 32 voxels a side on, one labelled and one unlabelled patch a step come first.
 * @returns null where nothing is left to give: 16x16x16 and one patch of each kind
 */
export function smallerFit({ patch, labelledPerStep, unlabelledPerStep }: Fit): Fit | null {
  const canShareLess = labelledPerStep > 1 || unlabelledPerStep > 1;
  const longest = Math.max(...patch);
  if (longest <= SMALL && canShareLess) return { patch, ...batchOfOne({ labelledPerStep, unlabelledPerStep }) };
  if (longest <= 16) return null;
  const least = longest > SMALL ? SMALL : 16;
  const smaller = [...patch] as PatchSides;
  const voxels = (sides: PatchSides) => sides[0] * sides[1] * sides[2];
  while (voxels(smaller) > SHRINK * voxels(patch) && Math.max(...smaller) > least)
    smaller[smaller.indexOf(Math.max(...smaller))] -= 16;
  return { patch: smaller, labelledPerStep, unlabelledPerStep };
}
