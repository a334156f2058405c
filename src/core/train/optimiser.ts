/** Weight updates: new tensors in, old ones freed. */
import * as tf from '@tensorflow/tfjs';
import type { Kernels, WeightedTerm } from '../network/kernels.ts';
import type { Weights } from '../network/tape.ts';

export interface SgdOptions {
  learningRate: number;
  momentum: number;
  weightDecay: number;
  nesterov?: boolean;
  /** Factor of every gradient, below 1 where it is clipped. */
  gradientScale?: number;
}

export const zerosLike = (weights: Weights): Weights =>
  Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.zerosLike(w)]));

export const copyOf = (weights: Weights): Weights =>
  Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.tidy(() => tf.add(w, 0))]));

export const disposeAll = (weights: Weights): void => tf.dispose(Object.values(weights));

const sumByOps = (terms: readonly WeightedTerm[]): tf.Tensor =>
  tf.tidy(() => terms.map(([factor, t]) => (factor === 1 ? t : tf.mul(t, factor))).reduce((a, b) => tf.add(a, b)));

/**
 * SGD with momentum and coupled weight decay: g' = g + wd theta; v <- m v + g'; theta <- theta - lr v, or with Nesterov
 * theta - lr (g' + m v). Updates both records in place. A weight without gradient (a bias before instance norm, which
 * cancels: it starts at 0 and says nothing) stays.
 */
export function sgdUpdate(
  weights: Weights,
  velocity: Weights,
  gradients: ReadonlyMap<string, tf.Tensor>,
  { learningRate, momentum, weightDecay, nesterov = false, gradientScale = 1 }: SgdOptions,
  { weightedSum = sumByOps }: Pick<Kernels, 'weightedSum'> = {},
): void {
  for (const [name, g] of gradients) {
    const [theta, v] = [weights[name], velocity[name]];
    velocity[name] = weightedSum([
      [momentum, v],
      [gradientScale, g],
      [weightDecay, theta],
    ]);
    weights[name] = nesterov
      ? weightedSum([
          [1 - learningRate * weightDecay, theta],
          [-learningRate * gradientScale, g],
          [-learningRate * momentum, velocity[name]],
        ])
      : weightedSum([
          [1, theta],
          [-learningRate, velocity[name]],
        ]);
    tf.dispose([theta, v]);
  }
}

export interface AdamOptions {
  learningRate: number;
  /** Updates done before this one. */
  updates: number;
  /** Of the second moment. */
  beta2?: number;
  /** Decoupled (AdamW): theta shrinks by lr wd of itself. */
  weightDecay?: number;
  gradientScale?: number;
}

/**
 * Adam: m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2;
 * theta <- (1 - lr wd) theta - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + 1e-8), b1 = .9 (Loshchilov and Hutter, 2019).
 * Updates all three records in place.
 */
export function adamUpdate(
  weights: Weights,
  first: Weights,
  second: Weights,
  gradients: ReadonlyMap<string, tf.Tensor>,
  { learningRate, updates, beta2: b2 = 0.99, weightDecay = 0, gradientScale = 1 }: AdamOptions,
): void {
  const [b1, t] = [0.9, updates + 1];
  for (const name of Object.keys(weights)) {
    const gradient = gradients.get(name);
    if (!gradient) continue;
    const old = [weights[name], first[name], second[name]];
    const [theta, m, v] = tf.tidy(() => {
      const g = gradientScale === 1 ? gradient : tf.mul(gradient, gradientScale);
      const nextM = tf.add(tf.mul(first[name], b1), tf.mul(g, 1 - b1));
      const nextV = tf.add(tf.mul(second[name], b2), tf.mul(tf.square(g), 1 - b2));
      const slope = tf.add(tf.sqrt(tf.div(nextV, 1 - b2 ** t)), 1e-8);
      const change = tf.div(tf.div(nextM, 1 - b1 ** t), slope);
      const kept = weightDecay === 0 ? weights[name] : tf.mul(weights[name], 1 - learningRate * weightDecay);
      return [tf.sub(kept, tf.mul(change, learningRate)), nextM, nextV];
    });
    tf.dispose(old);
    weights[name] = theta;
    first[name] = m;
    second[name] = v;
  }
}

/** The factor that brings the norm of all gradients together down to `most`; 1 where it is not longer, or `most` is 0. */
export async function clippingFactor(gradients: ReadonlyMap<string, tf.Tensor>, most: number): Promise<number> {
  if (!(most > 0) || gradients.size === 0) return 1;
  const squares = tf.tidy(() => tf.addN([...gradients.values()].map((g) => tf.sum(tf.square(g)))));
  const norm = Math.sqrt((await squares.data())[0]);
  squares.dispose();
  return norm > most ? most / norm : 1;
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
