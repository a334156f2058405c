import type * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import { meanSquaredError } from '../loss/mean-squared.ts';
import { softmaxChannels } from '../network/channels.ts';
import type { Method, Output } from './method.ts';

/** Mean Teacher: L_s + lambda mean((softmax s_u - softmax t_u)^2), the teacher reading the unlabelled patches with noise. */
export const meanTeacher: Method = {
  networks: { student: 'trained', teacher: 'ema' },
  forwards: ({ labelled, unlabelled }, context) => ({
    target: { network: 'teacher', images: context.withNoise(unlabelled.images), gradient: false, dropout: false },
    labelled: { network: 'student', images: labelled.images, gradient: true, dropout: true },
    unlabelled: { network: 'student', images: unlabelled.images, gradient: true, dropout: true },
  }),
  loss({ labelled, unlabelled, target }, batch, { lambda, options }) {
    const supervisedTerm = deepSupervisedLoss(labelled, batch.labelled.oneHot, options);
    const consistency = agreement(unlabelled, target);
    return {
      total: supervisedTerm.add(consistency.mul(lambda)) as tf.Scalar,
      terms: { supervised: supervisedTerm, consistency },
    };
  },
};

/** mean((softmax s_u - softmax t_u)^2) */
export const agreement = (student: Output, teacher: Output): tf.Scalar =>
  meanSquaredError(student.logits.map(softmaxChannels), teacher.logits.map(softmaxChannels));
