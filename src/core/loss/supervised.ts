import * as tf from '@tensorflow/tfjs';
import { softmaxChannels } from '../network/channels.ts';
import type { DiceClasses } from '../options.ts';
import { crossEntropy } from './cross-entropy.ts';
import { diceLoss } from './dice.ts';
import { supervisedByKernel } from './supervised-kernel.ts';

/**
 * L_s = 0.5 CE(Y_l, P_l) + 0.5 Dice(Y_l, P_l), equation 12, over the voxels that were drawn: m = sum_c y, CE over m = 1, Dice of
 * m p against y.
 * @param logits K maps, each [C, D, H, W]
 * @param oneHot K maps, each [C, D, H, W], 0 or 1; a voxel that is 0 in all classes does not count. Constant
 * @param of classes whose Dice counts
 * @returns a scalar; 0 where no voxel counts
 */
export const supervisedLoss = (logits: tf.Tensor4D[], oneHot: tf.Tensor4D[], of: DiceClasses): tf.Scalar =>
  supervisedByKernel(logits, oneHot, of) ?? supervisedInParts(logits, oneHot, of);

/** The same by ops that every engine has. */
export function supervisedInParts(logits: tf.Tensor4D[], oneHot: tf.Tensor4D[], of: DiceClasses): tf.Scalar {
  const counted = logits.map((z, k) => onDrawn(softmaxChannels(z), oneHot[k]));
  return crossEntropy(logits, oneHot)
    .mul(0.5)
    .add(diceLoss(counted, oneHot, of).mul(0.5)) as tf.Scalar;
}

/** A map of any number of channels, 0 where no class of `oneHot` [C, D, H, W] is drawn. */
export const onDrawn = (map: tf.Tensor4D, oneHot: tf.Tensor4D): tf.Tensor4D =>
  tf.mul(map, tf.sum(oneHot, 0, true)) as tf.Tensor4D;
