/** Smaller kernels as 3x3x3 ones with taps of zero, for engines whose convolution has 27 taps. */
import * as tf from '@tensorflow/tfjs';
import type { ConvWeights, PerAxis } from './kernels.ts';

/** [kD, kH, kW, C, K], sides 1 or 3 -> [3, 3, 3, C, K] with zeros around. */
export function withZeroTaps(w: ConvWeights): ConvWeights {
  return [0, 1, 2].reduce<ConvWeights>((taps, axis) => {
    if (taps.shape[axis] === 3) return taps;
    const nothing = tf.zerosLike(taps);
    return tf.concat([nothing, taps, nothing], axis);
  }, w);
}

/** The inverse: the taps of a kernel of `sides` within [3, 3, 3, C, K]. */
export function middleTaps(w: ConvWeights, sides: PerAxis): ConvWeights {
  const first = sides.map((side) => (3 - side) / 2);
  return tf.slice(w, [...first, 0, 0], [...sides, w.shape[3], w.shape[4]]);
}
