import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { maskedMeanSquaredError } from '../loss/masked-mean-squared.ts';
import { classVoxels, softmaxChannels } from '../network/channels.ts';
import { mixedConstants, mixedForwards, mixedTerms } from './bcp.ts';
import { comparable, onlyPresent } from './cpcl.ts';
import type { Method } from './method.ts';
import { type MixedTargets, sidesOf } from './mixing.ts';
import { prototypeLogits, prototypes, prototypesApart } from './prototypes.ts';
import { pseudoWeight } from './pseudo-labels.ts';

interface Constants extends MixedTargets {
  /** [k][c], of both parts. */
  truthVoxels: number[][];
  pseudoVoxels: number[][];
  /** 1 in the pseudo part, [D, H, W] each. */
  pseudoPart: tf.Tensor3D[];
}

/**
 * CPCL on mixed patches: `bcp`'s two terms, and the prototype cycle within the same 2 n maps. p_l is pooled from the true part and must
 * explain the pseudo part (eq. 3 to 6 there), p_u from the pseudo part and must explain the true one (eq. 8 to 10):
 *   L = L_s(true) + w L_s(pseudo) + lambda (L_forward + beta L_backward)
 */
export const cpclMix: Method<Constants> = {
  networks: { student: 'trained', teacher: 'ema' },
  forwards: mixedForwards,

  async constants(outputs, batch, context) {
    const { truth, pseudo } = await mixedConstants(outputs, batch, context);
    const [truthVoxels, pseudoVoxels] = await Promise.all(
      [truth, pseudo].map((maps) => Promise.all(maps.map(classVoxels))),
    );
    const { features } = outputs.mixed;
    await context.memory?.remember('labelled', prototypesApart(features, truth, truthVoxels, context.together));
    await context.memory?.remember('unlabelled', prototypesApart(features, pseudo, pseudoVoxels, context.together));
    return { truth, pseudo, truthVoxels, pseudoVoxels, pseudoPart: pseudo.map((Y) => tf.sum(Y, 0) as tf.Tensor3D) };
  },

  loss({ mixed }, _, context, { truth, pseudo, truthVoxels, pseudoVoxels, pseudoPart }) {
    const { lambda, options, memory, together } = context;
    const { alpha, beta } = options;
    const sides = sidesOf(truth[0]) as [number, number, number];
    const terms: Record<string, tf.Scalar> = mixedTerms(mixed, { truth, pseudo }, context);
    const skipped: string[] = [];
    let total = terms.supervised.add(terms.consistency.mul(pseudoWeight(context)));

    const pooled_l = prototypes(mixed.features, truth, truthVoxels, together);
    const p_l = memory?.filled('labelled', pooled_l) ?? pooled_l;
    if (comparable(p_l.present)) {
      const P_l2u = prototypeLogits(mixed.features, p_l, alpha, sides, together).map(softmaxChannels);
      terms.forward = maskedMeanSquaredError(P_l2u, mixed.logits.map(softmaxChannels), pseudoPart);
      total = total.add(terms.forward.mul(lambda));
    } else skipped.push('forward');

    const pooled_u = prototypes(mixed.features, pseudo, pseudoVoxels, together);
    const p_u = memory?.filled('unlabelled', pooled_u) ?? pooled_u;
    if (comparable(p_u.present)) {
      const logitsU2l = prototypeLogits(mixed.features, p_u, alpha, sides, together);
      terms.backward = crossEntropy(
        logitsU2l,
        truth.map((Y) => onlyPresent(Y, p_u.present)),
      );
      total = total.add(terms.backward.mul(lambda * beta));
    } else skipped.push('backward');
    return { total: total as tf.Scalar, terms, skipped };
  },
};
