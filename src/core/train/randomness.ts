/** Dropout masks and noise from seeded generators, so that a resumed run draws what an uninterrupted one would. */
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../network/kernels.ts';
import type { Random } from '../random.ts';

type MapShape = [number, number, number, number, number];

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A map of 0 (probability p) and 1/(1-p). Two 16-bit draws from each 32 random bits. */
export function dropoutMask(shape: readonly number[], probability: number, random: Random): FeatureMap {
  const values = new Float32Array(sizeOf(shape));
  drawInto(values, probability, random);
  return tf.tensor5d(values, shape as MapShape);
}

/**
 * The masks of several images that go through a network together: the draws are those of images that go one by one.
 * @param shapes of one image's masks, [1, D, H, W, C] each
 * @returns a mask for each shape, [images, D, H, W, C]
 */
export function dropoutMasks(
  shapes: readonly (readonly number[])[],
  images: number,
  probability: number,
  random: Random,
): FeatureMap[] {
  const sizes = shapes.map(sizeOf);
  const values = sizes.map((size) => new Float32Array(images * size));
  for (let image = 0; image < images; image++)
    for (const [n, size] of sizes.entries())
      drawInto(values[n].subarray(image * size, (image + 1) * size), probability, random);
  return shapes.map(([, ...sides], n) => tf.tensor5d(values[n], [images, ...sides] as MapShape));
}

function drawInto(values: Float32Array, probability: number, random: Random): void {
  const threshold = Math.round(probability * 65536);
  const kept = 1 / (1 - probability);
  const drawn = random.bits((values.length + 1) >> 1);
  for (let i = 0, n = 0; n < drawn.length; i += 2, n++) {
    // 1 for draws from the threshold on, without a branch: a processor guesses a coin wrong too often.
    values[i] = kept * ((threshold - 1 - (drawn[n] & 0xffff)) >>> 31);
    values[i + 1] = kept * ((threshold - 1 - (drawn[n] >>> 16)) >>> 31); // one beyond an odd end is not written
  }
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
