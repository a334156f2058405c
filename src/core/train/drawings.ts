/** What each step of a network asks of its batch, known before the step comes. */
import { type TrainingOptions, usesUnlabelled } from '../options.ts';
import type { Drawing, TwoStreamSampler } from './batch.ts';
import { atHalf, labelledAlone } from './step-cost.ts';

/** Steps that patches are made ahead of: a short one does not wait for those of the next. */
const AHEAD = 2;

type Sampler = Pick<TwoStreamSampler, 'hasUnlabelled' | 'foregroundShare'>;

/** @param step of the network that learns, from 0 */
export const drawingOf = (step: number, options: TrainingOptions, { hasUnlabelled }: Sampler): Required<Drawing> => ({
  atHalf: atHalf(step, options),
  labelledOnly: labelledAlone(step, options) || (usesUnlabelled(options.method) && !hasUnlabelled),
});

/** Every eighth step after the first tenth: reading the unlabelled patches once more costs a part of a step. */
const seesClasses = (step: number, steps: number): boolean => step >= 0.1 * steps && step % 8 === 0;

/** Whether later patches are drawn around what a network sees in this step's. */
export const remembers = (step: number, options: TrainingOptions, sampler: Sampler): boolean =>
  sampler.foregroundShare > 0 && !drawingOf(step, options, sampler).labelledOnly && seesClasses(step, options.steps);

/** What the steps after this one ask, as far as nothing is left to do that they are drawn by. */
export function drawingsAfter(step: number, options: TrainingOptions, sampler: Sampler): Drawing[] {
  const coming: Drawing[] = [];
  for (let at = step + 1; at < options.steps && coming.length < AHEAD; at++) {
    coming.push(drawingOf(at, options, sampler));
    if (remembers(at, options, sampler)) break;
  }
  return coming;
}
