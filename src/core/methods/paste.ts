import type * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import type { Method } from './method.ts';
import { pastedRound, sidesOf } from './mixing.ts';

/**
 * Labelled pasted into labelled: L_s of patches that hold a box of the next labelled patch, image and mask alike. No unlabelled
 * scan has a part in it: the control of the methods that mix labelled with unlabelled patches. A single patch stays as it is.
 */
export const paste: Method<{ oneHot: tf.Tensor4D[] }> = {
  networks: { student: 'trained' },
  forwards: ({ labelled: { images } }, context) => ({
    mixed: {
      network: 'student',
      images: context.own(pastedRound(images, context.box(sidesOf(images[0])))),
      gradient: true,
      dropout: true,
    },
  }),
  async constants(_, { labelled: { oneHot } }, context) {
    return { oneHot: pastedRound(oneHot, context.box(sidesOf(oneHot[0]))) };
  },
  loss({ mixed }, _batch, { options }, { oneHot }) {
    const total = deepSupervisedLoss(mixed, oneHot, options);
    return { total, terms: { supervised: total } };
  },
};
