/** Dropout masks and noise from seeded generators, so that a resumed run draws what an uninterrupted one would. */
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../network/kernels.ts';
import type { Random } from '../random.ts';

/** A map of 0 (probability p) and 1/(1-p). Two 16-bit draws from each 32 random bits. */
export function dropoutMask(shape: readonly number[], probability: number, random: Random): FeatureMap {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = new Float32Array(size);
  const threshold = Math.round(probability * 65536);
  const kept = 1 / (1 - probability);
  const drawn = random.bits((size + 1) >> 1);
  for (let i = 0, n = 0; n < drawn.length; i += 2, n++) {
    // 1 for draws from the threshold on, without a branch: a processor guesses a coin wrong too often.
    values[i] = kept * ((threshold - 1 - (drawn[n] & 0xffff)) >>> 31);
    values[i + 1] = kept * ((threshold - 1 - (drawn[n] >>> 16)) >>> 31); // one beyond an odd end is not written
  }
  return tf.tensor5d(values, shape as [number, number, number, number, number]);
}

/** A draw from Beta(a, a) for a < 1, by Joehnk's method: x / (x + y) with x = u^(1/a), y = v^(1/a), where x + y <= 1. */
export function betaVariate(a: number, random: Random): number {
  for (;;) {
    const x = random.uniform() ** (1 / a);
    const y = random.uniform() ** (1 / a);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

/** clip(0.1 N(0,1), -.2, .2) for `size` voxels (method section 5). */
export function clippedNoise(size: number, random: Random): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = Math.min(0.2, Math.max(-0.2, 0.1 * random.normal()));
  return values;
}
