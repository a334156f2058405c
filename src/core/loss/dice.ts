import * as tf from '@tensorflow/tfjs';

/** s of the fraction's numerator and denominator. */
export const SMOOTH = 1e-5;

/**
 * Mean over classes of 1 - (2 sum(p y) + s) / (sum p^2 + sum y^2 + s), sums over the whole sub-batch, s = 1e-5
 * (method section 3, the benchmark's form). The gradient is written out: with n / d the fraction of a class,
 * dp = 2 (p n / d - y) / (C d).
 * @param probabilities K maps, each [C, D, H, W]
 * @param oneHot K maps, each [C, D, H, W], 0 or 1. Constant
 */
export function diceLoss(probabilities: tf.Tensor4D[], oneHot: tf.Tensor4D[]): tf.Scalar {
  const perClass = (maps: tf.Tensor4D[], other: tf.Tensor4D[]) =>
    tf.addN(maps.map((map, k) => tf.tidy(() => tf.sum(tf.mul(map, other[k]), [1, 2, 3], true))));
  const operation = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const p = inputs as tf.Tensor4D[];
    const n = perClass(p, oneHot).mul(2).add(SMOOTH);
    const d = perClass(p, p).add(perClass(oneHot, oneHot)).add(SMOOTH);
    const fraction = tf.div(n, d);
    save([fraction, d, ...p, ...oneHot]);
    return {
      value: tf.sub(1, tf.mean(fraction)),
      gradFunc: (dy, [fraction, d, ...maps]) => {
        const [p, y] = [maps.slice(0, oneHot.length), maps.slice(oneHot.length)];
        const scale = tf.div(tf.mul(dy, 2 / fraction.size), d);
        return p.map((map, k) => tf.tidy(() => tf.mul(tf.sub(tf.mul(map, fraction), y[k]), scale)));
      },
    };
  });
  return operation(...probabilities) as tf.Scalar;
}
