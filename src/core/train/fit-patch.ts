/** A patch that fits the scans and the memory. */
import { divisorsOf } from '../network/plan.ts';
import { type PlannedOptions, type TrainingOptions, usesUnlabelled, type WithPlan } from '../options.ts';
import { fitPlannedPatch, planFor } from './planned-patch.ts';

export type PatchSides = [x: number, y: number, z: number];

/** Largest patch side considered: the paper's. */
const LARGEST = 96;

/** What decides how much memory a step of one patch size needs. */
export interface StepLoad {
  width: number;
  /** Patches of a step whose maps are kept for the gradient, in all networks. */
  gradientImages: number;
  /** Patches of a step. */
  images: number;
  /** DAN's discriminator is trained too. */
  adversary?: boolean;
}

export const loadOf = (options: TrainingOptions): StepLoad => ({
  width: options.width,
  gradientImages: imagesWithGradient(options),
  images: imagesOf(options),
  adversary: options.method === 'dan',
});

/**
 * Bytes that a training step takes at its peak above the started engine, for the engines simd and tensorflow: at least what was
 * measured, at most about half more (test/train/step-bytes.test.ts). Counted from the U-Net:
 *
 *   voxels (72 w g + 20 w + 190 n) + 550,000 w^2 + 42 MB
 *
 * w the width, g patches whose maps are kept for the gradient (18 maps of the base width each), n patches in all (their voxels,
 * class maps and losses); student, teacher, momentum and gradients grow with w^2. DAN's discriminator has 11 million weights
 * whatever the width: 1.3 GB more, and 2,000 bytes a voxel and patch.
 */
export function stepBytes(
  patch: readonly number[],
  { width, gradientImages, images, adversary = false }: StepLoad,
): number {
  const voxels = patch[0] * patch[1] * patch[2];
  const step = voxels * (72 * width * gradientImages + 20 * width + 190 * images) + 550e3 * width ** 2 + 42e6;
  return step + (adversary ? 1.3e9 + 2000 * images * voxels : 0);
}

/** Resident bytes of a process with a started engine: about 140 MB with simd, 430 MB with TensorFlow. */
export const PROCESS_BYTES = 430e6;

/**
 * Each side: the largest multiple of 16 that the median scan holds (at least 16, at most 96); then the longest side
 * shrinks until a step fits into `memoryBytes`.
 * @param sizes scan sizes in voxels of the training grid
 */
export function fitPatch(sizes: readonly (readonly number[])[], load: StepLoad, memoryBytes: number): PatchSides {
  const median = (axis: number) => sizes.map((s) => s[axis]).sort((a, b) => a - b)[sizes.length >> 1];
  const patch = [0, 1, 2].map((axis) =>
    Math.min(LARGEST, Math.max(16, Math.floor(median(axis) / 16) * 16)),
  ) as PatchSides;
  while (stepBytes(patch, load) > memoryBytes) {
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
  /** Maps after norms are computed again instead of kept. */
  recompute?: boolean;
}

type Batch = Pick<Fit, 'labelledPerStep' | 'unlabelledPerStep'>;

/** Patches of a step in all: mixed ones stand beside the clean unlabelled ones that the teacher reads. */
const imagesOf = ({ method, labelledPerStep: labelled, unlabelledPerStep: unlabelled }: TrainingOptions): number => {
  if (!usesUnlabelled(method)) return labelled;
  return method === 'bcp' || method === 'cpcl-mix'
    ? 2 * Math.max(labelled, unlabelled) + unlabelled
    : labelled + unlabelled;
};

/** Patches of a step whose activations are kept for the backward pass, in all networks. */
export function imagesWithGradient({ method, unlabelledBranch, meanTeacherTerm, ...options }: TrainingOptions): number {
  const { labelledPerStep: labelled, unlabelledPerStep: unlabelled } = options;
  switch (method) {
    case 'supervised':
    case 'paste':
      return labelled;
    case 'cpcl':
      return labelled + (unlabelledBranch !== 'teacher' || meanTeacherTerm === 'on' ? unlabelled : 0);
    case 'ict':
      return labelled + Math.max(1, Math.floor(unlabelled / 2));
    case 'bcp':
    case 'cpcl-mix':
      return 2 * Math.max(labelled, unlabelled);
    case 'dtml':
      return 2 * (labelled + unlabelled);
    case 'mean-teacher':
    case 'ua-mt':
    case 'entropy':
    case 'dan':
    case 'agreement':
      return labelled + unlabelled;
  }
}

/**
 * Patch and batch of a run: the given patch, or one that fits scans of these sizes and half of the free memory. Where not
 * even 32 voxels a side fit, one patch of each kind a step comes before smaller patches.
 */
export function fitOf(
  options: TrainingOptions & { voxel?: PlannedOptions['voxel'] },
  sizes: readonly (readonly number[])[],
  memory: { free: number; total: number },
): Fit {
  const { voxel = CUBE } = options;
  const fit = batchAndPatch(options, voxel, sizes, memory);
  return options.network === 'planned' ? { ...fit, plan: planFor(voxel, fit.patch, options.width) } : fit;
}

/** Only the ratios count. */
const CUBE = [1, 1, 1] as const;

function batchAndPatch(
  options: TrainingOptions,
  voxel: readonly [number, number, number],
  sizes: readonly (readonly number[])[],
  memory: { free: number; total: number },
): Fit {
  const batch = { labelledPerStep: options.labelledPerStep, unlabelledPerStep: options.unlabelledPerStep };
  if (options.patch !== 'auto') return { patch: [...options.patch], ...batch };
  const patchIn = (load: StepLoad, bytes: number, patches: number) =>
    options.network === 'planned'
      ? fitPlannedPatch(sizes, voxel, (patch) => stepBytes(patch, load) <= bytes, patches)
      : fitPatch(sizes, load, bytes);
  const room = 0.5 * Math.max(memory.free, 0.5 * memory.total);
  const fitted = (fit: Batch): Fit => {
    return { patch: patchIn(loadOf({ ...options, ...fit }), room, fit.labelledPerStep), ...fit };
  };
  const whole = fitted(batch);
  const largest = patchIn(loadOf(options), Number.POSITIVE_INFINITY, options.labelledPerStep);
  const small = whole.patch.some((side, axis) => side < Math.min(SMALL, largest[axis]));
  return small ? fitted(batchOfOne(batch)) : whole;
}

/** Below this the patch shows too little context: the batch gives way first. */
const SMALL = 32;
const SHRINK = 0.75;

const batchOfOne = ({ unlabelledPerStep }: Batch): Batch => ({
  labelledPerStep: 1,
  unlabelledPerStep: Math.min(1, unlabelledPerStep),
});

/**
 * The next smaller step after one that did not fit into memory: first the same one with maps computed again instead of kept, which gives the
 * same weights in a little more time; then the longest sides shrink by 16, or by what the network's
 * plan divides them by, until the patch has at most 3/4 of its voxels; from 32 voxels a side on, one labelled and one
 * unlabelled patch a step come first. The plan stays: weights may exist.
 * @returns null where nothing is left to give: 16x16x16 and one patch of each kind
 */
export function smallerFit({ patch, labelledPerStep, unlabelledPerStep, plan, recompute }: Fit): Fit | null {
  const divisors = plan ? divisorsOf(plan) : [16, 16, 16];
  if (!recompute) return { patch, labelledPerStep, unlabelledPerStep, recompute: true, ...(plan && { plan }) };
  const kept = { recompute, ...(plan && { plan }) };
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
