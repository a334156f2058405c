import * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import { softmaxChannels } from '../network/channels.ts';
import { discriminate, initDiscriminator } from '../network/discriminator.ts';
import type { FeatureMap } from '../network/kernels.ts';
import type { Weights } from '../network/tape.ts';
import type { Context, Method, Output } from './method.ts';

const DROPOUT = 0.5;

/**
 * Deep adversarial network: the student is asked for unlabelled segmentations that a discriminator D takes for
 * labelled ones; D, stepped after it on the same outputs, is asked to tell them apart.
 *   student: L_s + lambda CE(D(p_u, x_u), 1)     D: CE(D(p, x), 1 labelled, 0 unlabelled), Adam
 */
export const dan: Method = {
  networks: { student: 'trained', discriminator: 'adversary' },
  forwards: ({ labelled, unlabelled }) => ({
    labelled: { network: 'student', images: labelled.images, gradient: true, dropout: true },
    unlabelled: { network: 'student', images: unlabelled.images, gradient: true, dropout: true },
  }),
  loss({ labelled, unlabelled }, batch, context, _, adversary) {
    const supervised = deepSupervisedLoss(labelled, batch.labelled.oneHot, context.options);
    const judged = judge(adversary as Weights, unlabelled, batch.unlabelled.images, context);
    const consistency = meanCrossEntropy(
      judged,
      judged.map(() => 1),
    );
    return { total: supervised.add(consistency.mul(context.lambda)) as tf.Scalar, terms: { supervised, consistency } };
  },
  adversary: {
    init: initDiscriminator,
    loss(weights, { labelled, unlabelled }, batch, context) {
      const real = judge(weights, labelled, batch.labelled.images, context);
      const made = judge(weights, unlabelled, batch.unlabelled.images, context);
      return meanCrossEntropy([...real, ...made], [...real.map(() => 1), ...made.map(() => 0)]);
    },
  },
};

/** D's logits [1, 2] for each patch. */
function judge(
  weights: Weights,
  { logits }: Output,
  images: FeatureMap[],
  { options, random }: Context,
): tf.Tensor2D[] {
  const dropChannels = (channels: number) => {
    const kept = Float32Array.from({ length: channels }, () => (random.uniform() < DROPOUT ? 0 : 1 / (1 - DROPOUT)));
    return tf.tensor5d(kept, [1, 1, 1, 1, channels]);
  };
  const drop = options.dropout > 0 ? dropChannels : null;
  return logits.map((map, k) => discriminate(weights, softmaxChannels(map), images[k], drop));
}

/** Mean over judgements of -log softmax(logits)[answer]; logits [1, 2] each. */
export function meanCrossEntropy(logits: tf.Tensor2D[], answers: number[]): tf.Scalar {
  const each = logits.map((z, k) => tf.sub(tf.logSumExp(z), tf.slice(z, [0, answers[k]], [1, 1]).asScalar()));
  return tf.div(tf.addN(each), each.length) as tf.Scalar;
}
