/** Weight updates: new tensors in, old ones freed. */
import * as tf from '@tensorflow/tfjs';
import type { AdamRow, AdamRule, UpdateKernels } from '../network/kernels.ts';
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

const sumsByOps = (factors: readonly number[], sums: readonly (readonly tf.Tensor[])[]): tf.Tensor[] =>
  sums.map((terms) =>
    tf.tidy(() => terms.map((t, n) => (factors[n] === 1 ? t : tf.mul(t, factors[n]))).reduce((a, b) => tf.add(a, b))),
  );

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
  { weightedSums = sumsByOps }: UpdateKernels = {},
): void {
  const names = [...gradients.keys()];
  const old = names.map((name) => ({ theta: weights[name], v: velocity[name], g: gradients.get(name) as tf.Tensor }));
  const vs = weightedSums(
    [momentum, gradientScale, weightDecay],
    old.map(({ theta, v, g }) => [v, g, theta]),
  );
  const thetas = nesterov
    ? weightedSums(
        [1 - learningRate * weightDecay, -learningRate * gradientScale, -learningRate * momentum],
        old.map(({ theta, g }, n) => [theta, g, vs[n]]),
      )
    : weightedSums(
        [1, -learningRate],
        old.map(({ theta }, n) => [theta, vs[n]]),
      );
  names.forEach((name, n) => {
    velocity[name] = vs[n];
    weights[name] = thetas[n];
    tf.dispose([old[n].theta, old[n].v]);
  });
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

/** The slow twin of an engine's own `adam`. */
export const adamByOps = (rows: readonly AdamRow[], rule: AdamRule): Omit<AdamRow, 'gradient'>[] =>
  rows.map((row) =>
    tf.tidy(() => {
      const { gradientScale, beta1, beta2 } = rule;
      const g = gradientScale === 1 ? row.gradient : tf.mul(row.gradient, gradientScale);
      const first = tf.add(tf.mul(row.first, beta1), tf.mul(g, 1 - beta1));
      const second = tf.add(tf.mul(row.second, beta2), tf.mul(tf.square(g), 1 - beta2));
      const slope = tf.add(tf.sqrt(tf.div(second, rule.correction2)), rule.epsilon);
      const change = tf.div(tf.div(first, rule.correction1), slope);
      const kept = rule.kept === 1 ? row.theta : tf.mul(row.theta, rule.kept);
      return { theta: tf.sub(kept, tf.mul(change, rule.learningRate)), first, second };
    }),
  );

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
  { learningRate, updates, beta2 = 0.99, weightDecay = 0, gradientScale = 1 }: AdamOptions,
  { adam = adamByOps }: UpdateKernels = {},
): void {
  const [beta1, t] = [0.9, updates + 1];
  const names = Object.keys(weights).filter((name) => gradients.has(name));
  const old = names.map((name) => ({
    theta: weights[name],
    first: first[name],
    second: second[name],
    gradient: gradients.get(name) as tf.Tensor,
  }));
  const next = adam(old, {
    gradientScale,
    beta1,
    beta2,
    correction1: 1 - beta1 ** t,
    correction2: 1 - beta2 ** t,
    kept: 1 - learningRate * weightDecay,
    learningRate,
    epsilon: 1e-8,
  });
  names.forEach((name, n) => {
    tf.dispose([old[n].theta, old[n].first, old[n].second]);
    weights[name] = next[n].theta;
    first[name] = next[n].first;
    second[name] = next[n].second;
  });
}

async function squaredSumByOps(tensors: readonly tf.Tensor[]): Promise<number> {
  const squares = tf.tidy(() => tf.addN(tensors.map((g) => tf.sum(tf.square(g)))));
  const [sum] = await squares.data();
  squares.dispose();
  return sum;
}

/** The factor that brings the norm of all gradients together down to `most`; 1 where it is not longer, or `most` is 0. */
export async function clippingFactor(
  gradients: ReadonlyMap<string, tf.Tensor>,
  most: number,
  { squaredSum = squaredSumByOps }: UpdateKernels = {},
): Promise<number> {
  if (!(most > 0) || gradients.size === 0) return 1;
  const norm = Math.sqrt(await squaredSum([...gradients.values()]));
  return norm > most ? most / norm : 1;
}

/** theta~ <- a theta~ + (1 - a) theta, equation 2, of the weights that training changes. Updates `teacher` in place. */
export function emaUpdate(
  teacher: Weights,
  student: Weights,
  decay: number,
  changed: Iterable<string>,
  { weightedSums = sumsByOps }: UpdateKernels = {},
): void {
  const names = [...changed];
  const next = weightedSums(
    [decay, 1 - decay],
    names.map((name) => [teacher[name], student[name]]),
  );
  names.forEach((name, n) => {
    teacher[name].dispose();
    teacher[name] = next[n];
  });
}
