import * as tf from '@tensorflow/tfjs';

const SMOOTH = 1e-5;

/**
 * Mean over classes of 1 - (2 sum(p y) + s) / (sum p^2 + sum y^2 + s), sums over the whole sub-batch, s = 1e-5
 * (method section 3, the benchmark's form).
 * @param probabilities K maps, each [C, D, H, W]
 * @param oneHot K maps, each [C, D, H, W], 0 or 1
 */
export function diceLoss(probabilities: tf.Tensor4D[], oneHot: tf.Tensor4D[]): tf.Scalar {
  const perClass = (maps: tf.Tensor4D[]) => tf.addN(maps.map((m) => tf.sum(m, [1, 2, 3])));
  const overlap = perClass(probabilities.map((p, k) => tf.mul(p, oneHot[k])));
  const p2 = perClass(probabilities.map((p) => tf.square(p)));
  const y2 = perClass(oneHot);
  const dice = overlap.mul(2).add(SMOOTH).div(p2.add(y2).add(SMOOTH));
  return tf.sub(1, tf.mean(dice)) as tf.Scalar;
}
