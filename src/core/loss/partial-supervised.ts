import * as tf from '@tensorflow/tfjs';
import { softmaxChannels } from '../network/channels.ts';
import { crossEntropy } from './cross-entropy.ts';
import { diceLoss } from './dice.ts';

/**
 * 0.5 CE + 0.5 Dice as in equation 12, over the voxels that have a class: m = sum_c y, CE over m = 1, Dice of m p against y.
 * @param logits K maps, each [C, D, H, W]
 * @param oneHot K maps, each [C, D, H, W], 0 or 1; a voxel that is 0 in all classes does not count. Constant
 * @returns a scalar; 0 where no voxel counts
 */
export function partialSupervisedLoss(logits: tf.Tensor4D[], oneHot: tf.Tensor4D[]): tf.Scalar {
  const counted = logits.map((z, k) => tf.mul(softmaxChannels(z), tf.sum(oneHot[k], 0, true)) as tf.Tensor4D);
  return crossEntropy(logits, oneHot).mul(0.5).add(diceLoss(counted, oneHot).mul(0.5)) as tf.Scalar;
}
