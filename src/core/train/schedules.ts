/** What changes with the step t of T (method sections 1 and 3). */

/** lambda(t) = w_max exp(-5 (1 - t/R)^2), w_max from step R on; the paper's R is T. */
export const rampUp = (step: number, rampSteps: number, max: number): number =>
  max * Math.exp(-5 * (1 - Math.min(step / rampSteps, 1)) ** 2);

/** lr(t) = lr_0 (1 - t/T)^0.9 */
export const polynomialDecay = (step: number, steps: number, start: number): number =>
  start * (1 - step / steps) ** 0.9;

/** a = min(1 - 1/(t+1), a_max), equation 2 */
export const emaDecayAt = (step: number, max: number): number => Math.min(1 - 1 / (step + 1), max);
