/** A scan that is read window by window, and the sums of what a network says of them: in the processor's memory. */
import type * as tf from '@tensorflow/tfjs';
import type { WindowSums } from '../network/kernels.ts';
import { imageTensor } from '../train/batch.ts';
import type { Sides } from '../train/patches.ts';
import { addBox, boxOf } from './boxes.ts';
import { mirrored } from './mirror.ts';

/** @param image channels one after another, x fastest */
export function sumsInMemory(image: Float32Array, size: Sides, classes: number): WindowSums {
  let made: Float32Array[] | undefined;
  // Not before they are needed: windows alone may be read here, and summed where the engine computes.
  const sums = () => {
    made ??= Array.from({ length: classes }, () => new Float32Array(size[0] * size[1] * size[2]));
    return made;
  };
  return {
    window: (start, patch, flips) => imageTensor(mirrored(boxOf(image, size, start, patch), patch, flips), patch),
    async add(probabilities: tf.Tensor4D, start, patch, flips) {
      try {
        addBox(sums(), mirrored((await probabilities.data()) as Float32Array, patch, flips), size, start, patch);
      } finally {
        probabilities.dispose();
      }
    },
    read: async () => sums(),
    dispose() {},
  };
}
