/**
 * Cyclic prototype consistency learning (Xu et al., IEEE JBHI 26(7), 2022). One letter a symbol of the paper:
 * F features, P probabilities, Y masks, p prototypes; _l labelled, _u unlabelled.
 */
import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import { voxelCertainty } from '../loss/entropy.ts';
import { maskedMeanSquaredError } from '../loss/masked-mean-squared.ts';
import { meanSquaredError } from '../loss/mean-squared.ts';
import { classVoxels, oneHotArgMax, softmaxChannels } from '../network/channels.ts';
import { agreement } from './mean-teacher.ts';
import type { Method } from './method.ts';
import { prototypeLogits, prototypes, prototypesApart } from './prototypes.ts';

/**
 * Equation 7: the pseudo-mask of each unlabelled patch, and how many voxels of each class it holds. With certainty
 * weighting a voxel counts w = 1 - H(P_u) / ln C in the mask (so in eq. 8) and in eq. 6; w carries no gradient.
 */
interface PseudoMasks {
  Y_u: tf.Tensor4D[];
  voxels: number[][];
  w?: tf.Tensor3D[];
}

export const cpcl: Method<PseudoMasks> = {
  networks: { student: 'trained', teacher: 'ema' },

  // F_l and P_l carry gradient. F_u and P_u come from the teacher; or both from the student with gradient; or F_u and the
  // pseudo-mask from the teacher and the P_u of eq. 6 from the student, which then learns what the prototypes say.
  forwards: ({ labelled, unlabelled }, context) => {
    const { unlabelledBranch: branch, meanTeacherTerm } = context.options;
    const student = { network: 'student', gradient: true, dropout: true };
    const teacher = { network: 'teacher', gradient: false, dropout: false };
    return {
      unlabelled: { ...(branch === 'student' ? student : teacher), images: unlabelled.images },
      labelled: { ...student, images: labelled.images },
      ...(meanTeacherTerm === 'on' && { target: { ...teacher, images: context.withNoise(unlabelled.images) } }),
      ...((branch === 'both' || (meanTeacherTerm === 'on' && branch === 'teacher')) && {
        student_u: { ...student, images: unlabelled.images },
      }),
    };
  },

  async constants({ labelled, unlabelled }, batch, { options, memory, together }) {
    const w =
      options.certaintyWeighting === 'on'
        ? unlabelled.logits.map((logits) => tf.tidy(() => voxelCertainty(softmaxChannels(logits))))
        : undefined;
    const Y_u = unlabelled.logits.map((logits, k) =>
      tf.tidy(() => (w ? (tf.mul(oneHotArgMax(logits), w[k]) as tf.Tensor4D) : oneHotArgMax(logits))),
    ); // eq. 7
    const voxels = await Promise.all(Y_u.map(classVoxels));
    const { oneHot: Y_l, voxels: voxels_l } = batch.labelled;
    await memory?.remember('labelled', prototypesApart(labelled.features, Y_l, voxels_l, together));
    await memory?.remember('unlabelled', prototypesApart(unlabelled.features, Y_u, voxels, together));
    return { Y_u, voxels, w };
  },

  loss(
    { labelled, unlabelled, student_u = unlabelled, target },
    batch,
    { lambda, options, memory, together },
    { Y_u, voxels, w },
  ) {
    const { alpha, beta, processes } = options;
    const { oneHot: Y_l } = batch.labelled;
    const [F_l, F_u] = [labelled.features, unlabelled.features];
    const sides = Y_l[0].shape.slice(1) as [number, number, number];

    const L_s = deepSupervisedLoss(labelled, Y_l, options); // eq. 12
    const terms: Record<string, tf.Scalar> = { supervised: L_s };
    const skipped: string[] = [];
    let consistency = tf.scalar(0);

    if (target) {
      terms.consistency = agreement(student_u, target); // the MT row, for MT-F-PCL and its kin
      consistency = consistency.add(terms.consistency);
    }

    const pooled_l = prototypes(F_l, Y_l, batch.labelled.voxels, together); // eq. 3, 4
    const p_l = memory?.filled('labelled', pooled_l) ?? pooled_l;
    const forward = processes === 'both' || processes === 'forward';
    if (forward && comparable(p_l.present)) {
      const P_u = (options.unlabelledBranch === 'both' ? student_u : unlabelled).logits.map(softmaxChannels);
      const P_l2u = prototypeLogits(F_u, p_l, alpha, sides, together).map(softmaxChannels); // eq. 5
      terms.forward = w ? maskedMeanSquaredError(P_l2u, P_u, w) : meanSquaredError(P_l2u, P_u); // eq. 6
      consistency = consistency.add(terms.forward);
    } else if (forward) skipped.push('forward');

    // The control takes p_l for p_u: the same term, but no unlabelled scan has a part in it.
    const pooled_u = processes === 'labelled' ? p_l : prototypes(F_u, Y_u, voxels, together); // eq. 8
    const p_u = processes === 'labelled' ? p_l : (memory?.filled('unlabelled', pooled_u) ?? pooled_u);
    if (processes !== 'forward' && comparable(p_u.present)) {
      const logitsU2l = prototypeLogits(F_l, p_u, alpha, sides, together); // eq. 9
      terms.backward = crossEntropy(
        logitsU2l,
        Y_l.map((Y) => onlyPresent(Y, p_u.present)),
      ); // eq. 10
      consistency = consistency.add(terms.backward.mul(beta));
    } else if (processes !== 'forward') skipped.push('backward');

    return { total: L_s.add(consistency.mul(lambda)) as tf.Scalar, terms, skipped }; // eq. 1, 11
  },
};

/** A softmax over fewer than two prototypes says nothing. */
export const comparable = (present: boolean[]): boolean => present.filter(Boolean).length >= 2;

/** Voxels of classes without a prototype do not count in equation 10. */
export const onlyPresent = (Y: tf.Tensor4D, present: boolean[]): tf.Tensor4D =>
  present.every(Boolean) ? Y : (tf.mul(Y, tf.tensor4d(present.map(Number), [present.length, 1, 1, 1])) as tf.Tensor4D);
