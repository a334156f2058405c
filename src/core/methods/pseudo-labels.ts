/** Pseudo-labels: what a teacher says of unlabelled patches, as masks to learn. They carry no gradient. */
import * as tf from '@tensorflow/tfjs';
import { oneHotArgMax } from '../network/channels.ts';
import { keepAgreed, type PiecesKept } from '../predict/pieces.ts';
import { rampedUp } from '../train/schedules.ts';
import type { Context } from './method.ts';
import type { MapSides } from './mixing.ts';

/** Final weight of pseudo-labels against 1 of real ones (Bai et al., CVPR 2023). */
const PSEUDO_WEIGHT = 0.5;

/** 0.5, reached as lambda is: from nothing, over `--lambda-ramp` of the steps. While the teacher is bad it weighs next to nothing. */
export const pseudoWeight = ({ step, steps, options }: Context): number =>
  rampedUp(step, { ...options, steps }, PSEUDO_WEIGHT);

/**
 * argmax of the logits, of each class its largest connected pieces alone (26 neighbours); the others become background. Bai et al. keep
 * one; two kidneys or many lesions are more.
 * @param logits [C, D, H, W]
 * @param pieces how many stay; one of each where it is absent
 * @returns one-hot, [C, D, H, W]
 */
export async function largestPieces(logits: tf.Tensor4D, pieces?: PiecesKept): Promise<tf.Tensor4D> {
  const [classes, d, h, w] = logits.shape;
  const winner = tf.tidy(() => tf.argMax(logits, 0));
  const data = Uint8Array.from(await winner.data());
  winner.dispose();
  const kept = pieces ?? { together: null, labels: new Array<number>(classes - 1).fill(1) };
  keepAgreed({ data, size: [w, h, d] }, kept);
  return oneHotOf(data, classes, [d, h, w]);
}

const oneHotOf = (data: Uint8Array, classes: number, sides: MapSides): tf.Tensor4D => {
  const values = new Float32Array(classes * data.length);
  for (let i = 0; i < data.length; i++) values[data[i] * data.length + i] = 1;
  return tf.tensor4d(values, [classes, ...sides]);
};

/**
 * argmax of the logits where it is also the prototypes' argmax and the network gives it at least `confidence`; no class elsewhere.
 * @param logits [C, D, H, W]
 * @param prototypeLogits [C, D, H, W]
 * @returns [C, D, H, W], one-hot or 0 in all classes
 */
export const agreedLabels = (logits: tf.Tensor4D, prototypeLogits: tf.Tensor4D, confidence: number): tf.Tensor4D =>
  tf.tidy(() => {
    const sure = tf.greaterEqual(tf.max(tf.softmax(tf.transpose(logits, [1, 2, 3, 0])), -1), confidence);
    const agreed = tf.logicalAnd(sure, tf.equal(tf.argMax(logits, 0), tf.argMax(prototypeLogits, 0)));
    return tf.mul(oneHotArgMax(logits), tf.cast(agreed, 'float32')) as tf.Tensor4D;
  });
