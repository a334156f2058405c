/** Weight updates: new tensors in, old ones freed. */
import * as tf from '@tensorflow/tfjs';
import type { Kernels, WeightedTerm } from '../network/kernels.ts';
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

const sumByOps = (terms: readonly WeightedTerm[]): tf.Tensor =>
  tf.tidy(() => terms.map(([factor, t]) => (factor === 1 ? t : tf.mul(t, factor))).reduce((a, b) => tf.add(a, b)));

/**
 * SGD with momentum and coupled weight decay: v <- m v + (g + wd theta); theta <- theta - lr v. Updates both records
 * in place. A weight without gradient (a bias before instance norm, which cancels: it starts at 0 and says nothing) stays.
 */
export function sgdUpdate(
  weights: Weights,
  velocity: Weights,
  gradients: ReadonlyMap<string, tf.Tensor>,
  { learningRate, momentum, weightDecay }: SgdOptions,
  { weightedSum = sumByOps }: Pick<Kernels, 'weightedSum'> = {},
): void {
  for (const [name, g] of gradients) {
    const [theta, v] = [weights[name], velocity[name]];
    velocity[name] = weightedSum([
      [momentum, v],
      [1, g],
      [weightDecay, theta],
    ]);
    weights[name] = weightedSum([
      [1, theta],
      [-learningRate, velocity[name]],
    ]);
    tf.dispose([theta, v]);
  }
}

/**
 * Adam: m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2; theta <- theta - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + 1e-8),
 * b1 = .9, b2 = .99. Updates all three records in place.
 * @param updates updates done before this one
 */
export function adamUpdate(
  weights: Weights,
  first: Weights,
  second: Weights,
  gradients: ReadonlyMap<string, tf.Tensor>,
  { learningRate, updates }: { learningRate: number; updates: number },
): void {
  const [b1, b2, t] = [0.9, 0.99, updates + 1];
  for (const name of Object.keys(weights)) {
    const g = gradients.get(name);
    if (!g) continue;
    const old = [weights[name], first[name], second[name]];
    const [theta, m, v] = tf.tidy(() => {
      const nextM = tf.add(tf.mul(first[name], b1), tf.mul(g, 1 - b1));
      const nextV = tf.add(tf.mul(second[name], b2), tf.mul(tf.square(g), 1 - b2));
      const slope = tf.add(tf.sqrt(tf.div(nextV, 1 - b2 ** t)), 1e-8);
      const change = tf.div(tf.div(nextM, 1 - b1 ** t), slope);
      return [tf.sub(weights[name], tf.mul(change, learningRate)), nextM, nextV];
    });
    tf.dispose(old);
    weights[name] = theta;
    first[name] = m;
    second[name] = v;
  }
}

/** theta~ <- a theta~ + (1 - a) theta, equation 2, of the weights that training changes. Updates `teacher` in place. */
export function emaUpdate(
  teacher: Weights,
  student: Weights,
  decay: number,
  changed: Iterable<string>,
  { weightedSum = sumByOps }: Pick<Kernels, 'weightedSum'> = {},
): void {
  for (const name of changed) {
    const old = teacher[name];
    teacher[name] = weightedSum([
      [decay, old],
      [1 - decay, student[name]],
    ]);
    old.dispose();
  }
}
