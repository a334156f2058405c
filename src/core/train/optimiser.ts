/** Weight updates: new tensors in, old ones freed. */
import * as tf from '@tensorflow/tfjs';
import type { Weights } from '../network/tape.ts';

export interface SgdOptions {
  learningRate: number;
  momentum: number;
  weightDecay: number;
}

export const zerosLike = (weights: Weights): Weights =>
  Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.zerosLike(w)]));

export const copyOf = (weights: Weights): Weights =>
  Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.tidy(() => tf.add(w, 0))]));

export const disposeAll = (weights: Weights): void => tf.dispose(Object.values(weights));

/**
 * SGD with momentum and coupled weight decay: v <- m v + (g + wd theta); theta <- theta - lr v. Updates both records
 * in place. A weight without gradient (a bias before instance norm, whose gradient is exactly 0) only decays.
 */
export function sgdUpdate(
  weights: Weights,
  velocity: Weights,
  gradients: ReadonlyMap<string, tf.Tensor>,
  { learningRate, momentum, weightDecay }: SgdOptions,
): void {
  for (const name of Object.keys(weights)) {
    const [theta, v] = [weights[name], velocity[name]];
    const g = gradients.get(name);
    const [nextV, nextTheta] = tf.tidy(() => {
      const decayed = tf.mul(theta, weightDecay);
      const next = tf.add(tf.mul(v, momentum), g ? tf.add(g, decayed) : decayed);
      return [next, tf.sub(theta, tf.mul(next, learningRate))];
    });
    tf.dispose([theta, v]);
    weights[name] = nextTheta;
    velocity[name] = nextV;
  }
}

/** theta~ <- a theta~ + (1 - a) theta, equation 2. Updates `teacher` in place. */
export function emaUpdate(teacher: Weights, student: Weights, decay: number): void {
  for (const name of Object.keys(teacher)) {
    const old = teacher[name];
    teacher[name] = tf.tidy(() => tf.add(tf.mul(old, decay), tf.mul(student[name], 1 - decay)));
    old.dispose();
  }
}
