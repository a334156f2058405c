/**
 * L_s by an op of the engine's own, where it has one: one pass over the voxels for all sums, one for the gradient. Engines register
 * the two ops under these names; `supervisedLoss` in parts is what they must equal.
 */
import * as tf from '@tensorflow/tfjs';
import type { DiceClasses } from '../options.ts';
import { SMOOTH } from './dice.ts';

/**
 * Inputs: K logit maps, then K one-hot masks, each [C, D, H, W]. Results: L_s, a scalar, and the factors of its gradient,
 * [1 + 2 C]: a = 1 / (2 V), then s_c = 1 / (C d_c) and f_c = n_c / d_c of each class, with m = sum_c y, q = m softmax(z), V = max(sum m, 1),
 * n_c = 2 sum(q_c y_c) + 1e-5 and d_c = sum(q_c^2) + sum(y_c^2) + 1e-5. With the attribute `of` 'present' C is the number of classes
 * with a voxel, and s_c and f_c of the others are 0.
 */
export const SUPERVISED_LOSS = 'SupervisedLoss';

/** Attributes of the first op. A type, as the interfaces of TensorFlow.js want it. */
export type SupervisedLossAttributes = { of: DiceClasses };

/** Inputs: dy, a scalar; logits z; oneHot y; factors. Result: dz = dy (p (g - sum_c p g) + a (p m - y)), g_c = s_c m (m p_c f_c - y_c). */
export const SUPERVISED_LOSS_GRAD = 'SupervisedLossGrad';

/**
 * What is left once the sums over all voxels are there.
 * @param sums drawn voxels, cross-entropy in nats, then sum(q y), sum(q^2), sum(y^2) of each class
 * @param of classes whose Dice counts
 */
export function endOfSupervisedLoss(sums: ArrayLike<number>, of: DiceClasses): { value: number; factors: number[] } {
  const voxels = Math.max(sums[0], 1);
  const classes = Array.from({ length: (sums.length - 2) / 3 }, (_, c) => {
    const [own, squares, mask] = [2, 3, 4].map((at) => sums[at + 3 * c]);
    const d = squares + mask + SMOOTH;
    return { counts: of === 'all' || mask > 0, d, fraction: (2 * own + SMOOTH) / d };
  });
  const counted = Math.max(1, classes.filter(({ counts }) => counts).length);
  const perClass = classes.map(({ counts, d, fraction }) =>
    counts ? { s: 1 / (counted * d), f: fraction, loss: (1 - fraction) / counted } : { s: 0, f: 0, loss: 0 },
  );
  const dice = perClass.reduce((sum, { loss }) => sum + loss, 0);
  return {
    value: 0.5 * (sums[1] / voxels) + 0.5 * dice,
    factors: [0.5 / voxels, ...perClass.flatMap(({ s, f }) => [s, f])],
  };
}

/** @returns L_s, or null where the engine has no op of its own */
export function supervisedByKernel(logits: tf.Tensor4D[], oneHot: tf.Tensor4D[], of: DiceClasses): tf.Scalar | null {
  if (!tf.getKernel(SUPERVISED_LOSS, tf.getBackend())) return null;
  const { engine } = tf;
  const run = <T>(name: string, inputs: object, attributes?: SupervisedLossAttributes) =>
    engine().runKernel(name, inputs as tf.NamedTensorMap, attributes) as T;
  const operation = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const [value, factors] = run<[tf.Scalar, tf.Tensor1D]>(SUPERVISED_LOSS, [...(inputs as tf.Tensor[]), ...oneHot], {
      of,
    });
    save([factors, ...(inputs as tf.Tensor[]), ...oneHot]);
    return {
      value,
      gradFunc: (dy, [factors, ...maps]) =>
        logits.map((_, k) =>
          run<tf.Tensor>(SUPERVISED_LOSS_GRAD, { dy, logits: maps[k], oneHot: maps[logits.length + k], factors }),
        ),
    };
  });
  return operation(...logits) as tf.Scalar;
}
