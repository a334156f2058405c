import * as tf from '@tensorflow/tfjs';

const FLOOR = 1e-6;

/**
 * Shannon entropy of each voxel, -sum_c p log(p + 1e-6), nats.
 * @param probabilities [C, D, H, W]
 * @returns [D, H, W]
 */
export const voxelEntropy = (probabilities: tf.Tensor4D): tf.Tensor3D =>
  tf.neg(tf.sum(tf.mul(probabilities, tf.log(tf.add(probabilities, FLOOR))), 0)) as tf.Tensor3D;

/** w = 1 - H / ln C of each voxel: 0 where all classes are alike, 1 where one has all the probability. [C, D, H, W] -> [D, H, W] */
export const voxelCertainty = (probabilities: tf.Tensor4D): tf.Tensor3D =>
  tf.sub(1, tf.div(voxelEntropy(probabilities), Math.log(probabilities.shape[0]))) as tf.Tensor3D;

/**
 * Mean entropy over images and voxels as a share of the largest possible one: mean(H) / ln C, 0 to 1.
 * @param probabilities K maps, each [C, D, H, W]
 */
export function meanEntropy(probabilities: tf.Tensor4D[]): tf.Scalar {
  const classes = probabilities[0].shape[0];
  const sum = tf.addN(probabilities.map((p) => tf.mean(voxelEntropy(p))));
  return tf.div(sum, probabilities.length * Math.log(classes)) as tf.Scalar;
}
