/** Whether convolutions by a chip's matrix units are right here, and faster than in float32: measured, for each kind apart. */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, type Kernels } from '../../core/network/kernels.ts';
import type { Gpu } from './device.ts';

/** Convolutions that are done by products of half precision with float32 sums. */
export interface Halves {
  forward: boolean;
  input: boolean;
  weights: boolean;
}

export const NO_HALVES: Halves = { forward: false, input: false, weights: false };
export const ALL_HALVES: Halves = { forward: true, input: true, weights: true };

/** Half a block of 16: with fewer channels in or out most of each product is of zeros. */
const WORTH_A_BLOCK = 8;

/** Whether a convolution's channels are enough for products of blocks; else it stays in float32. */
export const fillsBlocks = (...channels: number[]): boolean => Math.min(...channels) >= WORTH_A_BLOCK;

const KINDS = Object.keys(NO_HALVES) as (keyof Halves)[];

/** Largest difference from float32 that is believed, relative to the largest value: 2^-11 a factor, over some hundred terms. */
const BELIEVED = 5e-3;
/** A gain below this is noise. */
const WORTH_IT = 0.95;
/** Runs of a turn, and turns: the fastest counts. */
const [RUNS, TURNS] = [4, 4];
/** Sides and channels of the map: those of a network's middle. */
const MIDDLE = { side: 32, channels: 32 };

/**
 * @param kernels the same set without and with matrix units
 * @param map its sides and channels
 */
export async function measureHalves(
  gpu: Pick<Gpu, 'settle'>,
  kernels: { full: Kernels; half: Kernels },
  { side, channels } = MIDDLE,
): Promise<Halves> {
  const wave = (shape: number[], step: number) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(
      Float32Array.from({ length }, (_, i) => Math.sin(i * step)),
      shape,
    );
  };
  const shape = [1, side, side, side, channels];
  const [x, dy] = [wave(shape, 0.7) as FeatureMap, wave(shape, 0.9) as FeatureMap];
  const w = wave([3, 3, 3, channels, channels], 1.3) as ConvWeights;
  const run: Record<keyof Halves, (set: Kernels) => tf.Tensor> = {
    forward: ({ conv3d }) => conv3d(x, w),
    input: ({ conv3dGradInput }) => conv3dGradInput(dy, w),
    weights: ({ conv3dGradWeights }) => conv3dGradWeights(x, dy, CUBE),
  };
  const time = async (kind: keyof Halves, set: Kernels) => {
    const start = performance.now();
    for (let n = 0; n < RUNS; n++) run[kind](set).dispose();
    await gpu.settle();
    return performance.now() - start;
  };
  const chosen = { ...NO_HALVES };
  try {
    for (const kind of KINDS) {
      if ((await difference(run[kind](kernels.full), run[kind](kernels.half))) > BELIEVED) continue;
      const fastest = { full: Number.POSITIVE_INFINITY, half: Number.POSITIVE_INFINITY };
      for (let turn = 0; turn < TURNS; turn++) {
        fastest.full = Math.min(fastest.full, await time(kind, kernels.full));
        fastest.half = Math.min(fastest.half, await time(kind, kernels.half));
      }
      chosen[kind] = fastest.half < WORTH_IT * fastest.full;
    }
  } finally {
    tf.dispose([x, dy, w]);
  }
  return chosen;
}

/** Largest difference relative to the largest value; infinite where something is no number. Frees both. */
async function difference(expected: tf.Tensor, actual: tf.Tensor): Promise<number> {
  try {
    const [right, own] = [await expected.data(), await actual.data()];
    let [most, worst] = [0, 0];
    for (let i = 0; i < right.length; i++) {
      most = Math.max(most, Math.abs(right[i]));
      const off = Math.abs(right[i] - own[i]);
      if (Number.isNaN(off)) return Number.POSITIVE_INFINITY;
      worst = Math.max(worst, off);
    }
    return worst / most;
  } finally {
    tf.dispose([expected, actual]);
  }
}
