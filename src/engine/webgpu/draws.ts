/** Dropout masks and noise, made where they are used. */
import * as tf from '@tensorflow/tfjs';
import { maskThreshold } from '../../core/hashed.ts';
import type { FeatureMap, Kernels } from '../../core/network/kernels.ts';
import type { WebgpuBackend } from './backend.ts';
import { bits, groupsFor } from './program.ts';
import { addNoise, dropoutMask, MASKED_TOGETHER, WORDS_BEFORE_KEYS } from './wgsl/hashed.ts';

export function drawKernels(backend: WebgpuBackend): Required<Pick<Kernels, 'dropoutMask' | 'addNoise'>> {
  const tensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info) as FeatureMap;
  return {
    dropoutMask([, ...sides], probability, keys) {
      const out = backend.make([keys.length, ...sides]);
      const values = tf.util.sizeFromShape(sides);
      const vector = values % 4 === 0;
      const size = vector ? values / 4 : values;
      for (let image = 0; image < keys.length; image += MASKED_TOGETHER) {
        const some = keys.slice(image, image + MASKED_TOGETHER);
        const count = some.length * size;
        const words = [count, image * size, size, maskThreshold(probability), bits(1 / (1 - probability))];
        while (words.length < WORDS_BEFORE_KEYS) words.push(0);
        backend.run(dropoutMask(vector), [], [out], [...words, ...some.flat()], groupsFor(count));
      }
      return tensor(out);
    },
    addNoise(image, key) {
      const y = backend.make(image.shape);
      const fours = Math.ceil(image.size / 4);
      backend.run(addNoise(), [image], [y], [fours, ...key], groupsFor(fours));
      return tensor(y);
    },
  };
}
