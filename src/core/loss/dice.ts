import * as tf from '@tensorflow/tfjs';
import type { DiceClasses } from '../options.ts';

/** s of the fraction's numerator and denominator. */
export const SMOOTH = 1e-5;

/**
 * Mean over classes of 1 - (2 sum(p y) + s) / (sum p^2 + sum y^2 + s), sums over the whole sub-batch, s = 1e-5
 * (method section 3, the benchmark's form). The gradient is written out: with n / d the fraction of a class,
 * dp = 2 (p n / d - y) / (C d).
 * @param probabilities K maps, each [C, D, H, W]
 * @param oneHot K maps, each [C, D, H, W], 0 or 1. Constant
 * @param of the mean is over all C classes, as in the paper, or over those that have a voxel (0 where none has): the Dice of a class that
 * is not there is 0 until sum p^2 falls to s, and there its slope is steeper by far than that of true voxels, which unlearns rare classes
 */
export function diceLoss(probabilities: tf.Tensor4D[], oneHot: tf.Tensor4D[], of: DiceClasses = 'all'): tf.Scalar {
  const perClass = (maps: tf.Tensor4D[], other: tf.Tensor4D[]) =>
    tf.addN(maps.map((map, k) => tf.tidy(() => tf.sum(tf.mul(map, other[k]), [1, 2, 3], true))));
  const operation = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const p = inputs as tf.Tensor4D[];
    const n = perClass(p, oneHot).mul(2).add(SMOOTH);
    const voxels = perClass(oneHot, oneHot);
    const d = perClass(p, p).add(voxels).add(SMOOTH);
    const fraction = tf.div(n, d);
    const counted = of === 'all' ? tf.onesLike(voxels) : tf.cast(tf.greater(voxels, 0), 'float32');
    const weight = tf.div(counted, tf.maximum(tf.sum(counted), 1));
    save([fraction, tf.div(weight, d), ...p, ...oneHot]);
    return {
      value: tf.sum(tf.mul(weight, tf.sub(1, fraction))),
      gradFunc: (dy, [fraction, slope, ...maps]) => {
        const [p, y] = [maps.slice(0, oneHot.length), maps.slice(oneHot.length)];
        const scale = tf.mul(tf.mul(dy, 2), slope);
        return p.map((map, k) => tf.tidy(() => tf.mul(tf.sub(tf.mul(map, fraction), y[k]), scale)));
      },
    };
  });
  return operation(...probabilities) as tf.Scalar;
}
