/** Cross-validation over the labelled scans: which of them each short training leaves out, and how long it is. */
import type { TrainingOptions } from '../options.ts';

/** Steps of a short training as a share of the run's: a tenth was too few, such a network is much less sure of itself than the run's. */
const SHARE = 1 / 4;

type FoldOptions = Pick<TrainingOptions, 'steps' | 'seed'> &
  Partial<Pick<TrainingOptions, 'calibrationFolds' | 'ensemble'>>;

/** @returns steps of each short training */
export const foldSteps = ({ steps, ensemble = 1 }: Pick<FoldOptions, 'steps' | 'ensemble'>): number =>
  Math.max(ensemble, Math.round(SHARE * steps));

/** Folds that so many scans can be dealt into: each leaves one out and one in at least. Runs of earlier versions have none. */
export function foldCount(scans: number, { calibrationFolds = 0 }: Pick<FoldOptions, 'calibrationFolds'>): number {
  const folds = Math.min(scans, calibrationFolds);
  return folds < 2 ? 0 : folds;
}

/** Deals `items` into folds, every k-th into one. */
export function foldsOf<T>(items: readonly T[], folds: number): { learn: T[]; heldOut: T[] }[] {
  return Array.from({ length: folds }, (_, fold) => ({
    learn: items.filter((_, n) => n % folds !== fold),
    heldOut: items.filter((_, n) => n % folds === fold),
  }));
}

/** The run's options for one short training: a seed of its own, and nothing written on the way but what a clock asks for. */
export function foldOptions<T extends FoldOptions>(options: T, fold: number): T {
  const steps = foldSteps(options);
  return { ...options, steps, validateEvery: steps, checkpointEvery: steps, seed: (options.seed + fold + 1) >>> 0 };
}
