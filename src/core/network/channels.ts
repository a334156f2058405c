/** Class maps in the losses are channels first, [C, D, H, W]: a class is one contiguous map. */
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from './kernels.ts';

/** [1, D, H, W, C] -> [C, D, H, W] */
export function channelsFirst(map: FeatureMap): tf.Tensor4D {
  const [, d, h, w, c] = map.shape;
  return tf.transpose(map.reshape([d * h * w, c])).reshape([c, d, h, w]) as tf.Tensor4D;
}

/** Each image of [N, D, H, W, C] as class maps, [C, D, H, W]. */
export function channelsFirstEach(maps: FeatureMap): tf.Tensor4D[] {
  const [n, d, h, w, c] = maps.shape;
  if (n === 1) return [channelsFirst(maps)];
  const turned = tf.transpose(maps.reshape([n, d * h * w, c]), [0, 2, 1]).reshape([n, c, d, h, w]);
  return tf.unstack(turned) as tf.Tensor4D[];
}

/** The inverse: N class maps [C, D, H, W] as [N, D, H, W, C]. */
export function channelsLast(maps: readonly tf.Tensor4D[]): FeatureMap {
  const [c, d, h, w] = maps[0].shape;
  const n = maps.length;
  if (n === 1) return tf.transpose(maps[0].reshape([c, d * h * w])).reshape([1, d, h, w, c]) as FeatureMap;
  return tf.transpose(tf.stack([...maps]).reshape([n, c, d * h * w]), [0, 2, 1]).reshape([n, d, h, w, c]) as FeatureMap;
}

/**
 * Ops of an engine's own for class maps [C, D, H, W], where it has them. Inputs and results: z, p = softmax(z); p and dp, dz of
 * `softmaxChannels`; z, argmax as one-hot.
 */
export const SOFTMAX_CHANNELS = 'SoftmaxChannels';
export const SOFTMAX_CHANNELS_GRAD = 'SoftmaxChannelsGrad';
export const ONE_HOT_ARG_MAX = 'OneHotArgMax';

/** The engine's own op of that name; undefined where it has none. */
function ownOp(name: string, inputs: Record<string, tf.Tensor4D>): tf.Tensor4D | undefined {
  return tf.getKernel(name, tf.getBackend()) ? (tf.engine().runKernel(name, inputs) as tf.Tensor4D) : undefined;
}

/**
 * p = softmax(z) over the classes of [C, D, H, W]. Its gradient is written out, dz = p (dp - sum_c p dp): the library's
 * own tape would keep every map between z and p.
 */
export function softmaxChannels(logits: tf.Tensor4D): tf.Tensor4D {
  const operation = tf.customGrad((z, save) => {
    const value = ownOp(SOFTMAX_CHANNELS, { z: z as tf.Tensor4D }) ?? softmax(z as tf.Tensor4D);
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
  ownOp(SOFTMAX_CHANNELS_GRAD, { p, dp }) ?? tf.mul(p, tf.sub(dp, tf.sum(tf.mul(p, dp), 0, true)));

/** argmax over the classes of [C, D, H, W] as one-hot, ties to the lower class; carries no gradient. */
export function oneHotArgMax(map: tf.Tensor4D): tf.Tensor4D {
  const own = ownOp(ONE_HOT_ARG_MAX, { z: map });
  if (own) return own;
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
