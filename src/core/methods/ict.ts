import * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import { meanSquaredError } from '../loss/mean-squared.ts';
import { softmaxChannels } from '../network/channels.ts';
import type { Method } from './method.ts';

/**
 * Interpolation consistency: L_s + lambda mean((p_mix - ((1 - m) t_0 + m t_1))^2), p_mix the student on
 * (1 - m) u_0 + m u_1, t the teacher on the clean patches, m ~ Beta(.2, .2) drawn once a step.
 * Unlabelled patches are mixed in pairs, each of the first half with its partner of the second.
 */
export const ict: Method = {
  networks: { student: 'trained', teacher: 'ema' },
  forwards: ({ labelled, unlabelled }, context) => ({
    target: { network: 'teacher', images: unlabelled.images, gradient: false, dropout: false },
    labelled: { network: 'student', images: labelled.images, gradient: true, dropout: true },
    mixed: {
      network: 'student',
      images: context.own(mixPairs(unlabelled.images, context.mixing())),
      gradient: true,
      dropout: true,
    },
  }),
  loss({ labelled, mixed, target }, batch, { lambda, mixing, options }) {
    const supervised = deepSupervisedLoss(labelled, batch.labelled.oneHot, options);
    const targets = mixPairs(target.logits.map(softmaxChannels), mixing());
    const consistency = meanSquaredError(mixed.logits.map(softmaxChannels), targets);
    return { total: supervised.add(consistency.mul(lambda)) as tf.Scalar, terms: { supervised, consistency } };
  },
};

/** (1 - m) a + m b for each map a of the first half and its partner b of the second; a single map is its own partner. */
export function mixPairs<T extends tf.Tensor>(maps: T[], m: number): T[] {
  const pairs = Math.max(1, Math.floor(maps.length / 2));
  return maps
    .slice(0, pairs)
    .map((a, k) => tf.tidy(() => tf.add(tf.mul(a, 1 - m), tf.mul(maps[(k + pairs) % maps.length], m)) as T));
}
