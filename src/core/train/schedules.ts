/** What changes with the step t of T (method sections 1 and 3). */
import type { TrainingOptions } from '../options.ts';

/** lambda(t) = w_max exp(-5 (1 - t/R)^2), w_max from step R on; the paper's R is T. */
export const rampUp = (step: number, rampSteps: number, max: number): number =>
  max * Math.exp(-5 * (1 - Math.min(step / rampSteps, 1)) ** 2);

type RampOptions = Pick<TrainingOptions, 'steps' | 'lambdaRamp'> & Partial<Pick<TrainingOptions, 'unlabelledFrom'>>;

/** `rampUp` of the steps in which unlabelled scans have a part: R is `lambdaRamp` of them. */
export function rampedUp(step: number, { steps, lambdaRamp, unlabelledFrom = 0 }: RampOptions, max: number): number {
  const first = unlabelledFrom * steps;
  return step < first ? 0 : rampUp(step - first, lambdaRamp * (steps - first), max);
}

export const lambdaAt = (step: number, options: RampOptions & Pick<TrainingOptions, 'lambdaMax'>): number =>
  rampedUp(step, options, options.lambdaMax);

/** lr(t) = lr_0 (1 - t/T)^0.9 */
export const polynomialDecay = (step: number, steps: number, start: number): number =>
  start * (1 - step / steps) ** 0.9;

/** lr(t) = lr_0 (1 + cos(pi t / T)) / 2 */
const cosineDecay = (step: number, steps: number, start: number): number =>
  (start * (1 + Math.cos((Math.PI * step) / steps))) / 2;

type RateOptions = Pick<TrainingOptions, 'schedule' | 'steps' | 'learningRate' | 'warmUp'>;

/** The schedule's rate, over the first `warmUp` T steps times (t + 1) / (warmUp T). Runs from before there was a choice are poly. */
export function learningRateAt(step: number, { schedule, steps, learningRate, warmUp = 0 }: RateOptions): number {
  const decay = schedule === 'cosine' ? cosineDecay : polynomialDecay;
  const risen = warmUp > 0 ? Math.min(1, (step + 1) / (warmUp * steps)) : 1;
  return risen * decay(step, steps, learningRate);
}

/** a = min(1 - 1/(t+1), a_max), equation 2 */
export const emaDecayAt = (step: number, max: number): number => Math.min(1 - 1 / (step + 1), max);
