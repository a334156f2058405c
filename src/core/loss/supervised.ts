import type * as tf from '@tensorflow/tfjs';
import { softmaxChannels } from '../network/channels.ts';
import { crossEntropy } from './cross-entropy.ts';
import { diceLoss } from './dice.ts';

/** L_s = 0.5 CE(Y_l, P_l) + 0.5 Dice(Y_l, P_l), equation 12. Logits and one-hot masks: K maps, each [C, D, H, W]. */
export function supervisedLoss(logits: tf.Tensor4D[], oneHot: tf.Tensor4D[]): tf.Scalar {
  return crossEntropy(logits, oneHot)
    .mul(0.5)
    .add(diceLoss(logits.map(softmaxChannels), oneHot).mul(0.5)) as tf.Scalar;
}
