import type * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import { meanEntropy } from '../loss/entropy.ts';
import { softmaxChannels } from '../network/channels.ts';
import type { Method } from './method.ts';

/** Entropy minimisation: L_s + lambda mean(H(softmax s)) / ln C over the voxels of all patches, labelled ones too. */
export const entropy: Method = {
  networks: { student: 'trained' },
  forwards: ({ labelled, unlabelled }) => ({
    labelled: { network: 'student', images: labelled.images, gradient: true, dropout: true },
    unlabelled: { network: 'student', images: unlabelled.images, gradient: true, dropout: true },
  }),
  loss({ labelled, unlabelled }, batch, { lambda, options }) {
    const supervised = deepSupervisedLoss(labelled, batch.labelled.oneHot, options);
    const consistency = meanEntropy([...labelled.logits, ...unlabelled.logits].map(softmaxChannels));
    return { total: supervised.add(consistency.mul(lambda)) as tf.Scalar, terms: { supervised, consistency } };
  },
};
