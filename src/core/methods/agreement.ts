import * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import type { FeatureMap } from '../network/kernels.ts';
import { comparable } from './cpcl.ts';
import type { Method } from './method.ts';
import { sidesOf } from './mixing.ts';
import { prototypeLogits, prototypes } from './prototypes.ts';
import { agreedLabels, pseudoWeight } from './pseudo-labels.ts';

/** The strong view's gamma is drawn between these, uniformly in its logarithm. */
const GAMMA = [0.7, 1.5] as const;

/**
 * Weak to strong where two witnesses agree: L_s + w L_s(strong view, Y), the student reading the unlabelled patches with a gamma curve and
 * noise. Y is the teacher's class of the clean patches at the voxels where the labelled patches' prototypes name the same class and the
 * teacher gives it at least `--confidence`; other voxels do not count. w rises to 0.5.
 */
export const agreement: Method<{ Y: tf.Tensor4D[] }> = {
  networks: { student: 'trained', teacher: 'ema' },
  forwards: ({ labelled, unlabelled }, context) => {
    const curved = unlabelled.images.map((image) => {
      const [least, most] = GAMMA.map(Math.log);
      return gammaCurve(image, Math.exp(least + (most - least) * context.random.uniform()));
    });
    return {
      weak: { network: 'teacher', images: unlabelled.images, gradient: false, dropout: false },
      labelled: { network: 'student', images: labelled.images, gradient: true, dropout: true },
      strong: {
        network: 'student',
        images: context.withNoise(context.own(curved)),
        gradient: true,
        dropout: true,
      },
    };
  },

  async constants({ weak, labelled }, { labelled: { oneHot, voxels } }, { options, together }) {
    const Y = tf.tidy((): tf.Tensor4D[] => {
      const p_l = prototypes(labelled.features, oneHot, voxels, together);
      if (!comparable(p_l.present)) return [];
      const sides = sidesOf(weak.logits[0]) as [number, number, number];
      const byPrototypes = prototypeLogits(weak.features, p_l, options.alpha, sides, together);
      return weak.logits.map((logits, k) => agreedLabels(logits, byPrototypes[k], options.confidence));
    });
    return { Y };
  },

  loss({ labelled, strong }, batch, context, { Y }) {
    const supervised = deepSupervisedLoss(labelled, batch.labelled.oneHot, context.options);
    const terms: Record<string, tf.Scalar> = { supervised };
    if (Y.length === 0) return { total: supervised, terms, skipped: ['consistency'] };
    terms.consistency = deepSupervisedLoss(strong, Y, context.options);
    const total = supervised.add(terms.consistency.mul(pseudoWeight(context))) as tf.Scalar;
    return { total, terms };
  },
};

/** lo + (hi - lo) ((x - lo) / (hi - lo))^gamma, lo and hi the image's least and largest value; a flat image stays. */
export const gammaCurve = (image: FeatureMap, gamma: number): FeatureMap =>
  tf.tidy(() => {
    const lo = tf.min(image);
    const range = tf.sub(tf.max(image), lo);
    const share = tf.clipByValue(tf.div(tf.sub(image, lo), tf.maximum(range, 1e-6)), 0, 1);
    return tf.add(lo, tf.mul(range, tf.pow(share, gamma))) as FeatureMap;
  });
