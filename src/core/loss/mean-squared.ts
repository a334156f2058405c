import * as tf from '@tensorflow/tfjs';

/** Mean over images, classes and voxels of (a - b)^2. K maps each, [C, D, H, W]. */
export function meanSquaredError(a: tf.Tensor4D[], b: tf.Tensor4D[]): tf.Scalar {
  return tf.addN(a.map((m, k) => tf.mean(tf.squaredDifference(m, b[k])))).div(a.length) as tf.Scalar;
}
