/** A small cohort in memory: noisy balls. */

import * as tf from '@tensorflow/tfjs';
import type { Context } from '../../src/core/methods/method.ts';
import { drawBox } from '../../src/core/methods/mixing.ts';
import type { TrainingOptions } from '../../src/core/options.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { Random } from '../../src/core/random.ts';
import type { PatchSource, Sides } from '../../src/core/train/patches.ts';

function ball(name: string, size: Sides, centre: Sides, radius: number, withMask: boolean): PatchSource {
  const image = new Float32Array(size[0] * size[1] * size[2]);
  const mask = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const at = [i % size[0], Math.floor(i / size[0]) % size[1], Math.floor(i / (size[0] * size[1]))];
    mask[i] = at.reduce((sum, v, axis) => sum + (v - centre[axis]) ** 2, 0) <= radius ** 2 ? 1 : 0;
    image[i] = 2 * mask[i] - 0.5 + 0.5 * Math.sin(i * 12.9898 + centre[0]);
  }
  return {
    name,
    size,
    readImage: (start, box) => boxOf(image, size, start, box),
    ...(withMask ? { readMask: (start: Sides, box: Sides) => boxOf(mask, size, start, box) } : {}),
  };
}

const SIZE: Sides = [24, 20, 18];

export const labelled = [ball('a', SIZE, [12, 10, 9], 6, true), ball('b', SIZE, [9, 9, 8], 5, true)];
export const unlabelled = [
  ball('c', SIZE, [11, 8, 9], 5, false),
  ball('d', SIZE, [13, 11, 8], 6, false),
  ball('e', SIZE, [10, 10, 10], 4, false),
];

/** What a step hands to a method, with fixed draws. */
export const contextOf = (options: TrainingOptions, given: Partial<Context> = {}): Context => ({
  step: 0,
  steps: 1000,
  lambda: 0.1,
  options,
  withNoise: (images) => images.map((image) => tf.add(image, 0.1)),
  own: (images) => images,
  mixing: () => 0.3,
  box: (sides) => drawBox(sides, new Random(8)),
  random: new Random(7),
  ...given,
});
