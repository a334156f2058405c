import * as tf from '@tensorflow/tfjs';

/**
 * Mean squared difference over the voxels of a mask, or weighted by voxel: sum(m (a - b)^2) / (C sum(m) + 1e-16).
 * @param a K maps, each [C, D, H, W]
 * @param b K maps, each [C, D, H, W]
 * @param masks K maps, each [D, H, W], 0 to 1
 * @returns a scalar; 0 where the mask is empty
 */
export function maskedMeanSquaredError(a: tf.Tensor4D[], b: tf.Tensor4D[], masks: tf.Tensor3D[]): tf.Scalar {
  const classes = a[0].shape[0];
  const sum = tf.addN(a.map((m, k) => tf.sum(tf.mul(masks[k], tf.sum(tf.squaredDifference(m, b[k]), 0)))));
  const voxels = tf.addN(masks.map((m) => tf.sum(m)));
  return tf.div(sum, tf.add(tf.mul(voxels, classes), 1e-16)) as tf.Scalar;
}
