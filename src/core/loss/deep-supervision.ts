import * as tf from '@tensorflow/tfjs';
import type { Output } from '../methods/method.ts';
import type { TrainingOptions } from '../options.ts';
import { supervisedLoss } from './supervised.ts';

/**
 * L_s of the logits and, under deep supervision, of those of coarser levels: (L_s0 + L_s1 / 2 + L_s2 / 4) over the sum of the
 * weights that there are (nnU-Net). The mask of a level is every second, fourth ... voxel along the axes that are pooled.
 * @param labelled K maps a level, each [C, D/s, H/s, W/s]
 * @param oneHot K masks, each [C, D, H, W]
 * @param options classes whose Dice counts, at each level those of its mask: all in runs from before there was a choice
 * @returns a scalar
 */
export function deepSupervisedLoss(
  { logits, deep = [] }: Pick<Output, 'logits' | 'deep'>,
  oneHot: tf.Tensor4D[],
  { diceClasses = 'all' }: Partial<Pick<TrainingOptions, 'diceClasses'>>,
): tf.Scalar {
  if (deep.length === 0) return supervisedLoss(logits, oneHot, diceClasses);
  const losses = [logits, ...deep].map((maps) =>
    supervisedLoss(
      maps,
      oneHot.map((mask, k) => nearest(mask, maps[k].shape)),
      diceClasses,
    ),
  );
  const weights = losses.map((_, level) => 0.5 ** level);
  const total = weights.reduce((sum, weight) => sum + weight);
  return tf.addN(losses.map((loss, level) => loss.mul(weights[level] / total))) as tf.Scalar;
}

/** The first voxel of each block of [C, D, H, W], [C, d, h, w]. */
function nearest(mask: tf.Tensor4D, sides: readonly number[]): tf.Tensor4D {
  return tf.tidy(() =>
    [1, 2, 3].reduce<tf.Tensor4D>((map, axis) => {
      const factor = map.shape[axis] / sides[axis];
      if (factor === 1) return map;
      const before = map.shape.slice(0, axis).reduce((a, b) => a * b, 1);
      const after = map.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      const blocks = map.reshape([before * sides[axis], factor, after]);
      const shape = map.shape.map((n, i) => (i === axis ? sides[axis] : n));
      return tf.slice(blocks, [0, 0, 0], [-1, 1, -1]).reshape(shape) as tf.Tensor4D;
    }, mask),
  );
}
