import * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import type { Batch, Context, Forward, Method, Output } from './method.ts';
import { type MixedTargets, mixedBothWays, mixedTargets, sidesOf } from './mixing.ts';
import { largestPieces, pseudoWeight } from './pseudo-labels.ts';

/**
 * Bidirectional copy-paste (Bai, Chen, Li, Shen, Wang, CVPR 2023): L_s on the labelled part of patches mixed both ways, and
 * w L_s on their unlabelled part by the teacher's pseudo-masks of the clean patches, each class its largest pieces. w rises to 0.5;
 * until then it is the method's pre-training on labelled parts.
 */
export const bcp: Method<MixedTargets> = {
  networks: { student: 'trained', teacher: 'ema' },
  forwards: mixedForwards,
  constants: mixedConstants,
  loss({ mixed }, _, context, targets) {
    const terms = mixedTerms(mixed, targets, context);
    return { total: terms.supervised.add(terms.consistency.mul(pseudoWeight(context))) as tf.Scalar, terms };
  },
};

/** The student on the mixed patches, the teacher on the clean unlabelled ones. */
export function mixedForwards({ labelled, unlabelled }: Batch, context: Context): Record<string, Forward> {
  const box = context.box(sidesOf(labelled.images[0]));
  return {
    target: { network: 'teacher', images: unlabelled.images, gradient: false, dropout: false },
    mixed: {
      network: 'student',
      images: context.own(mixedBothWays(labelled.images, unlabelled.images, box)),
      gradient: true,
      dropout: true,
    },
  };
}

export async function mixedConstants(
  { target }: Record<string, Output>,
  { labelled: { oneHot } }: Batch,
  context: Context,
): Promise<MixedTargets> {
  const pseudo = await Promise.all(target.logits.map((logits) => largestPieces(logits, context.pieces)));
  const targets = mixedTargets(oneHot, pseudo, context.box(sidesOf(oneHot[0])));
  tf.dispose(pseudo);
  return targets;
}

/** L_s of the true part and of the pseudo part. */
export const mixedTerms = (mixed: Output, { truth, pseudo }: MixedTargets, { options }: Context) => ({
  supervised: deepSupervisedLoss(mixed, truth, options),
  consistency: deepSupervisedLoss(mixed, pseudo, options),
});
