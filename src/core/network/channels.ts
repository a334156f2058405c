/** Class maps in the losses are channels first, [C, D, H, W]: a class is one contiguous map. */
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from './kernels.ts';

/** [1, D, H, W, C] -> [C, D, H, W] */
export function channelsFirst(map: FeatureMap): tf.Tensor4D {
  const [, d, h, w, c] = map.shape;
  return tf.transpose(map.reshape([d * h * w, c])).reshape([c, d, h, w]) as tf.Tensor4D;
}

/** Softmax over the classes of [C, D, H, W]. */
export const softmaxChannels = (logits: tf.Tensor4D): tf.Tensor4D =>
  tf.exp(tf.sub(logits, tf.logSumExp(logits, 0, true))) as tf.Tensor4D;

/** argmax over the classes of [C, D, H, W] as one-hot, ties to the lower class; carries no gradient. */
export function oneHotArgMax(map: tf.Tensor4D): tf.Tensor4D {
  const classes = map.shape[0];
  const winner = tf.argMax(map, 0);
  return tf.stack(Array.from({ length: classes }, (_, c) => tf.cast(tf.equal(winner, c), 'float32'))) as tf.Tensor4D;
}

/** Voxels of each class of a one-hot [C, D, H, W]. */
export async function classVoxels(oneHot: tf.Tensor4D): Promise<number[]> {
  const counts = tf.sum(oneHot, [1, 2, 3]);
  const values = Array.from(await counts.data());
  counts.dispose();
  return values;
}
