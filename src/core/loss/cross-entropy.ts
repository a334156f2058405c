import * as tf from '@tensorflow/tfjs';

/**
 * Mean over labelled voxels of -log softmax(logits)[y].
 * @param logits K maps, each [C, D, H, W]: never probabilities (a second softmax would flatten the gradient)
 * @param oneHot K maps, each [C, D, H, W], 0 or 1; a voxel that is 0 in all classes does not count
 * @returns a scalar, nats
 */
export function crossEntropy(logits: tf.Tensor4D[], oneHot: tf.Tensor4D[]): tf.Scalar {
  const sums = logits.map((z, k) => {
    const counted = tf.sum(oneHot[k], 0);
    const own = tf.sum(tf.mul(z, oneHot[k]));
    return { loss: tf.sub(tf.sum(tf.mul(tf.logSumExp(z, 0), counted)), own), voxels: tf.sum(counted) };
  });
  const voxels = tf.maximum(tf.addN(sums.map((s) => s.voxels)), 1);
  return tf.div(tf.addN(sums.map((s) => s.loss)), voxels) as tf.Scalar;
}
