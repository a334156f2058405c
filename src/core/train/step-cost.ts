/** What the parts of a run cost beside each other: the first steps may read labelled patches alone, or at half the resolution. */
import { type TrainingOptions, usesUnlabelled } from '../options.ts';
import { foldSteps } from './folds.ts';
import { turnAt, turnsOf } from './members.ts';
import { imagesOf, imagesWithGradient } from './step-bytes.ts';

/** A step at half the resolution beside a whole one: more patches, each an eighth of the voxels. */
const AT_HALF = 0.5;

/** A patch that is differentiated beside one that is read alone: forward, and twice as much back. */
const WITH_GRADIENT = 3;

type CostOptions = Pick<TrainingOptions, 'steps'> &
  Parameters<typeof readingCost>[0] &
  Partial<Pick<TrainingOptions, 'unlabelledFrom' | 'coarseShare' | 'calibrationFolds' | 'ensemble'>>;

/** Forward passes of a step of the method. */
function readingCost(options: Parameters<typeof imagesWithGradient>[0]): number {
  const differentiated = imagesWithGradient(options);
  return WITH_GRADIENT * differentiated + Math.max(0, imagesOf(options) - differentiated);
}

/** Whether unlabelled scans have no part in a network's step yet. Runs of earlier versions have no such steps. */
export const labelledAlone = (
  step: number,
  { method, unlabelledFrom = 0, steps }: Pick<CostOptions, 'method' | 'unlabelledFrom' | 'steps'>,
): boolean => usesUnlabelled(method) && step < unlabelledFrom * steps;

/** Whether a network's step reads the field of view at half the resolution. */
export const atHalf = (step: number, { coarseShare = 0, steps }: Pick<CostOptions, 'coarseShare' | 'steps'>): boolean =>
  step < coarseShare * steps;

/** @returns time of a run's step beside one of the method on the whole grid, which is 1 */
export function stepCost(step: number, options: CostOptions): number {
  const { first, steps } = turnAt(step, options);
  return ownStepCost(step - first, { ...options, steps });
}

/** Of a network's own step. */
function ownStepCost(step: number, options: CostOptions): number {
  const { labelledPerStep, unlabelledPerStep } = options;
  const patches = labelledAlone(step, options)
    ? (WITH_GRADIENT * (labelledPerStep + unlabelledPerStep)) / readingCost(options)
    : 1;
  return patches * (atHalf(step, options) ? AT_HALF : 1);
}

/** @returns time of the run's steps from `step` to the end and of the short trainings after them, in whole steps */
export function costFrom(step: number, options: CostOptions): number {
  const own = turnsOf(options)
    .filter(({ first, steps }) => first + steps > step)
    .map(({ first, steps }) => ownCostFrom(Math.max(0, step - first), { ...options, steps }));
  return own.reduce((sum, cost) => sum + cost, calibrationCost(options));
}

/** Of a network's own steps. */
function ownCostFrom(step: number, options: CostOptions): number {
  const { steps, unlabelledFrom = 0, coarseShare = 0 } = options;
  // Within a part all steps cost the same; a part begins at the first whole step that it holds.
  const parts = [step, Math.ceil(unlabelledFrom * steps), Math.ceil(coarseShare * steps), steps]
    .filter((at) => at >= step && at <= steps)
    .sort((a, b) => a - b);
  return parts.slice(1).reduce((sum, end, n) => sum + (end - parts[n]) * ownStepCost(parts[n], options), 0);
}

function calibrationCost(options: CostOptions): number {
  const { calibrationFolds: folds = 0 } = options;
  if (folds === 0) return 0;
  return folds * costFrom(0, { ...options, steps: foldSteps(options), calibrationFolds: 0 });
}
