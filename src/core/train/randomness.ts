/** Dropout masks and noise by keys from seeded generators, so that a resumed run draws what an uninterrupted one would. */
import * as tf from '@tensorflow/tfjs';
import { clippedNormal, fillMask, type HashKey, keyFrom } from '../hashed.ts';
import type { FeatureMap, Kernels } from '../network/kernels.ts';
import type { Random } from '../random.ts';

/** Masks of `Kernels.dropoutMask` for engines without it. */
export function dropoutMask(shape: readonly number[], probability: number, keys: readonly HashKey[]): FeatureMap {
  const [, ...sides] = shape;
  const size = tf.util.sizeFromShape(sides);
  const values = new Float32Array(keys.length * size);
  keys.forEach((key, image) => {
    fillMask(values.subarray(image * size, (image + 1) * size), probability, key);
  });
  return tf.tensor5d(values, [keys.length, ...sides] as FeatureMap['shape']);
}

/**
 * The masks of images that go through a network, together or one by one: keys are drawn image by image, in the order of the shapes.
 * @param shapes of one image's masks, [1, D, H, W, C] each
 * @returns a mask for each shape, [images, D, H, W, C]
 */
export function dropoutMasks(
  shapes: readonly (readonly number[])[],
  images: number,
  probability: number,
  random: Random,
  kernels: Pick<Kernels, 'dropoutMask'>,
): FeatureMap[] {
  const keys = Array.from({ length: images }, () => shapes.map(() => keyFrom(random)));
  const draw = kernels.dropoutMask ?? dropoutMask;
  return shapes.map((shape, n) =>
    draw(
      shape,
      probability,
      keys.map((ofImage) => ofImage[n]),
    ),
  );
}

/** The image with fresh noise, clip(0.1 N(0,1), -.2, .2) a value (method section 5). */
export const withNoise = (image: FeatureMap, random: Random, kernels: Pick<Kernels, 'addNoise'>): FeatureMap =>
  (kernels.addNoise ?? addNoise)(image, keyFrom(random));

/** `Kernels.addNoise` for engines without it. */
export function addNoise(image: FeatureMap, key: HashKey): FeatureMap {
  const values = new Float32Array(image.size);
  for (let n = 0; n < values.length; n++) values[n] = clippedNormal(n, key);
  return tf.tidy(() => tf.add(image, tf.tensor5d(values, image.shape)));
}

/** A draw from Beta(a, a) for a < 1, by Joehnk's method: x / (x + y) with x = u^(1/a), y = v^(1/a), where x + y <= 1. */
export function betaVariate(a: number, random: Random): number {
  for (;;) {
    const x = random.uniform() ** (1 / a);
    const y = random.uniform() ** (1 / a);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}
