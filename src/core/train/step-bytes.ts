/** What a training step needs of memory, and what it takes to need less. */
import { type NetworkName, type StepOptions, type TrainingOptions, usesUnlabelled } from '../options.ts';

/**
 * What a step computes again instead of keeping it, for the same weights, bit by bit, in more time: the `maps` after norms, or besides
 * these whole `passes`, so that only one image's maps are there at a time.
 */
export const RECOMPUTATIONS = ['maps', 'passes'] as const;
export type Recompute = (typeof RECOMPUTATIONS)[number];

/** What decides how much memory a step of one patch size needs. */
export interface StepLoad {
  width: number;
  /** Patches of a step whose maps are kept for the gradient, in all networks. */
  gradientImages: number;
  /** Patches of a step. */
  images: number;
  /** DAN's discriminator is trained too. */
  adversary?: boolean;
  /** No moving average stands beside the student. */
  oneNetwork?: boolean;
  network?: NetworkName;
}

export const loadOf = (options: StepOptions): StepLoad => ({
  width: options.width,
  gradientImages: Math.max(imagesWithGradient(options), imagesAlone(options)),
  images: imagesOf(options),
  adversary: options.method === 'dan',
  oneNetwork: !usesUnlabelled(options.method) && options.predictWith === 'student',
  network: options.network,
});

/**
 * Bytes that a voxel and base width takes of one patch's maps, the part of it that is maps after norms, and those of the maps and gradients
 * that a pass works on.
 */
const [MAPS, AFTER_NORMS, PASSING] = [72, 20, 20];
/** Bytes by the square of the base width: all that is as large as the weights, and one network's of these. */
const [WEIGHTS, ONE_NETWORK] = [550e3, 92e3];

/**
 * Bytes that a training step takes at its peak above the started engine, for the engines simd and tensorflow: at least what was
 * measured, at most about half more; with passes done again up to twice as much, which TensorFlow comes near and simd does not
 * (test/train/step-bytes.test.ts). Counted from the U-Net:
 *
 *   voxels (72 w g + 20 w t + 190 n) + 550,000 w^2 + 46 MB
 *
 * w the width, t patches that go through a network together (webgpu; else 1), g patches whose maps are kept for the gradient (18 maps of the base width each), n patches in all (their voxels,
 * class maps and losses); student, teacher, momentum and gradients grow with w^2, 92,000 of it for each network: supervised-only has no teacher. DAN's discriminator has 11 million weights
 * whatever the width: 1.3 GB more, and 2,000 bytes a voxel and patch. Without the maps after norms 72 becomes 52, but for the V-Net,
 * whose norms keep others; where passes are done again, g is 1.
 */
export function stepBytes(
  patch: readonly number[],
  { width, gradientImages, images, adversary = false, oneNetwork = false, network }: StepLoad,
  recompute?: Recompute,
  together = 1,
): number {
  const voxels = patch[0] * patch[1] * patch[2];
  const maps = recompute && network !== 'vnet' ? MAPS - AFTER_NORMS : MAPS;
  const kept = recompute === 'passes' ? Math.min(1, gradientImages) : gradientImages;
  const weights = oneNetwork ? WEIGHTS - ONE_NETWORK : WEIGHTS;
  const step = voxels * (maps * width * kept + PASSING * width * together + 190 * images) + weights * width ** 2 + 46e6;
  return step + (adversary ? 1.3e9 + 2000 * images * voxels : 0);
}

/**
 * How many patches of a step may go through a network together, for an engine that takes several at once: as many as fit. Where
 * something is computed again memory is short, and they go one by one.
 */
export function patchesTogether(
  patch: readonly number[],
  load: StepLoad,
  bytes: number,
  recompute?: Recompute,
): number {
  let together = 1;
  while (!recompute && together < load.images && stepBytes(patch, load, undefined, together + 1) <= bytes) together++;
  return together;
}

/** The least that has to be computed again for a step to fit; undefined for nothing. Where nothing helps, all that can be. */
export function recomputationFor(patch: readonly number[], load: StepLoad, bytes: number): Recompute | undefined {
  const forms = formsOf(load);
  const first = forms.findIndex((form) => stepBytes(patch, load, form) <= bytes);
  return forms.at(first); // the last for none
}

/** What a step can do, from fastest to smallest. One pass with gradient is there at a time in any case. */
export const formsOf = ({ gradientImages, network }: StepLoad): (Recompute | undefined)[] => [
  undefined,
  ...(network === 'vnet' ? [] : (['maps'] as const)),
  ...(gradientImages > 1 ? (['passes'] as const) : []),
];

/** Resident bytes of a process with a started engine: about 140 MB with simd, 430 MB with TensorFlow. */
export const PROCESS_BYTES = 430e6;

type Batched = Pick<TrainingOptions, 'method' | 'labelledPerStep' | 'unlabelledPerStep'>;

/** Patches of a step that reads labelled ones alone: as many as other steps read. */
const imagesAlone = ({ method, unlabelledFrom, labelledPerStep, unlabelledPerStep }: StepOptions): number =>
  usesUnlabelled(method) && unlabelledFrom > 0 ? labelledPerStep + unlabelledPerStep : 0;

/** Patches of a step in all: mixed ones stand beside the clean unlabelled ones that the teacher reads. */
export const imagesOf = ({ method, labelledPerStep: labelled, unlabelledPerStep: unlabelled }: Batched): number => {
  if (!usesUnlabelled(method)) return labelled;
  return method === 'bcp' || method === 'cpcl-mix'
    ? 2 * Math.max(labelled, unlabelled) + unlabelled
    : labelled + unlabelled;
};

/** Patches of a step whose activations are kept for the backward pass, in all networks. */
export function imagesWithGradient({
  method,
  unlabelledBranch,
  meanTeacherTerm,
  ...options
}: Batched & Partial<Pick<TrainingOptions, 'unlabelledBranch' | 'meanTeacherTerm'>>): number {
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
