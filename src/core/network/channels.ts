/** Class maps in the losses are channels first, [C, D, H, W]: a class is one contiguous map. */
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from './kernels.ts';

/** [1, D, H, W, C] -> [C, D, H, W] */
export function channelsFirst(map: FeatureMap): tf.Tensor4D {
  const [, d, h, w, c] = map.shape;
  return tf.transpose(map.reshape([d * h * w, c])).reshape([c, d, h, w]) as tf.Tensor4D;
}

/**
 * p = softmax(z) over the classes of [C, D, H, W]. Its gradient is written out, dz = p (dp - sum_c p dp): the library's
 * own tape would keep every map between z and p.
 */
export function softmaxChannels(logits: tf.Tensor4D): tf.Tensor4D {
  const operation = tf.customGrad((z, save) => {
    const value = softmax(z as tf.Tensor4D);
    (save as tf.GradSaveFunc)([value]);
    return { value, gradFunc: (dy, [p]) => throughSoftmax(dy as tf.Tensor4D, p as tf.Tensor4D) };
  });
  return operation(logits) as tf.Tensor4D;
}

/** softmax(z) of [C, D, H, W], without a gradient. */
function softmax(z: tf.Tensor4D): tf.Tensor4D {
  const e = tf.exp(tf.sub(z, tf.max(z, 0, true)));
  return tf.div(e, tf.sum(e, 0, true));
}

/** dz = p (dp - sum_c p dp), all [C, D, H, W]. */
const throughSoftmax = (dp: tf.Tensor4D, p: tf.Tensor4D): tf.Tensor4D =>
  tf.mul(p, tf.sub(dp, tf.sum(tf.mul(p, dp), 0, true)));

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
