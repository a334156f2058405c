import * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import { voxelEntropy } from '../loss/entropy.ts';
import { maskedMeanSquaredError } from '../loss/masked-mean-squared.ts';
import { softmaxChannels } from '../network/channels.ts';
import type { Forward, Method } from './method.ts';

/** Stochastic passes that the uncertainty is estimated from. */
const PASSES = 8;

const pass = (n: number) => `pass${n}`;

/**
 * Uncertainty-aware Mean Teacher: L_s + lambda sum(m d^2) / (C sum(m)), d = softmax s_u - softmax t_u, where the mask m
 * keeps the voxels at which the mean of eight stochastic teacher passes has little entropy.
 */
export const uaMt: Method<{ masks: tf.Tensor3D[] }> = {
  networks: { student: 'trained', teacher: 'ema' },
  forwards: ({ labelled, unlabelled }, context) => {
    const teacher = (dropout: boolean): Forward => ({
      network: 'teacher',
      images: context.withNoise(unlabelled.images),
      gradient: false,
      dropout,
    });
    return {
      target: teacher(false),
      ...Object.fromEntries(Array.from({ length: PASSES }, (_, n) => [pass(n), teacher(true)])),
      labelled: { network: 'student', images: labelled.images, gradient: true, dropout: true },
      unlabelled: { network: 'student', images: unlabelled.images, gradient: true, dropout: true },
    };
  },

  async constants(outputs, { unlabelled }, { step, steps }) {
    const masks = unlabelled.images.map((_, k) =>
      certainVoxels(
        Array.from({ length: PASSES }, (_, n) => outputs[pass(n)].logits[k]),
        step,
        steps,
      ),
    );
    return { masks };
  },

  loss({ labelled, unlabelled, target }, batch, { lambda, options }, { masks }) {
    const supervised = deepSupervisedLoss(labelled, batch.labelled.oneHot, options);
    const targets = target.logits.map(softmaxChannels);
    const consistency = maskedMeanSquaredError(unlabelled.logits.map(softmaxChannels), targets, masks);
    return { total: supervised.add(consistency.mul(lambda)) as tf.Scalar, terms: { supervised, consistency } };
  },
};

/**
 * 1 where H < (.75 + .25 exp(-5 (1 - t/T)^2)) ln C, H the entropy of the mean softmax.
 * @param passes logits of one image, each [C, D, H, W]
 * @returns [D, H, W]
 */
export function certainVoxels(passes: tf.Tensor4D[], step: number, steps: number): tf.Tensor3D {
  const share = 0.75 + 0.25 * Math.exp(-5 * (1 - Math.min(step / steps, 1)) ** 2);
  return tf.tidy(() => {
    const mean = tf.div(tf.addN(passes.map(softmaxChannels)), passes.length) as tf.Tensor4D;
    return tf.cast(tf.less(voxelEntropy(mean), share * Math.log(mean.shape[0])), 'float32') as tf.Tensor3D;
  });
}
