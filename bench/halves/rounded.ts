/**
 * An engine's kernels whose convolutions compute as a chip's matrix units do: factors of half precision, float32 sums. What that does to
 * gradients and to whole trainings can be seen without such a chip.
 */
import * as tf from '@tensorflow/tfjs';
import type { Kernels } from '../../src/core/network/kernels.ts';
import { fillsBlocks } from '../../src/engine/webgpu/halves.ts';

/**
 * x to 11 bits of a mantissa, the nearest (Veltkamp 1968). Half precision's range is not looked at: activations come from norms, and slopes
 * are brought into it by a power of two.
 */
export const toHalf = <T extends tf.Tensor>(x: T): T =>
  tf.tidy(() => {
    const large = tf.mul(x, 2 ** 13 + 1);
    return tf.sub(large, tf.sub(large, x)) as T;
  });

export function roundedKernels(kernels: Kernels): Kernels {
  return {
    ...kernels,
    conv3d: (x, w) =>
      fillsBlocks(w.shape[3], w.shape[4]) ? tf.tidy(() => kernels.conv3d(toHalf(x), toHalf(w))) : kernels.conv3d(x, w),
    conv3dGradInput: (dy, w) =>
      fillsBlocks(w.shape[3], w.shape[4])
        ? tf.tidy(() => kernels.conv3dGradInput(toHalf(dy), toHalf(w)))
        : kernels.conv3dGradInput(dy, w),
    conv3dGradWeights: (x, dy, kernel) =>
      fillsBlocks(x.shape[4], dy.shape[4])
        ? tf.tidy(() => kernels.conv3dGradWeights(toHalf(x), toHalf(dy), kernel))
        : kernels.conv3dGradWeights(x, dy, kernel),
  };
}
