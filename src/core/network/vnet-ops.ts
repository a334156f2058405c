/**
 * The V-Net's own operations on the tape, each exact in kernels and ops that every engine has: a convolution without
 * norm, the 2x2x2 convolution of stride 2 and its transposed twin as matrix products over 2x2x2 blocks, the sum of two
 * maps, and instance norm with scale and shift.
 */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, type FeatureMap, NORM_EPSILON } from './kernels.ts';
import type { Tape } from './tape.ts';

const voxels = (map: FeatureMap): tf.Tensor2D => map.reshape([map.size / map.shape[4], map.shape[4]]) as tf.Tensor2D;
/** [N, D * H * W, C] */
const perImage = (map: FeatureMap): tf.Tensor3D => map.reshape([map.shape[0], -1, map.shape[4]]) as tf.Tensor3D;
/** [N, 1, C] -> [C] */
const overImages = (sums: tf.Tensor): tf.Tensor =>
  sums.shape[0] === 1 ? sums.reshape([sums.shape[2] as number]) : tf.sum(sums, [0, 1]);

/** Each 2x2x2 block of [N, 2D, 2H, 2W, C] as one row, [N * D * H * W, 8C], in the order z, y, x, channel. */
function blocksToRows(map: FeatureMap): tf.Tensor2D {
  const [n, d, h, w, c] = map.shape;
  const split = tf.transpose(map.reshape([(n * d) / 2, 2, h / 2, 2, w / 2, 2 * c]), [0, 2, 4, 1, 3, 5]);
  return split.reshape([(n * d * h * w) / 8, 8 * c]) as tf.Tensor2D;
}

/** The inverse: [N * D * H * W, 8C] -> [N, 2D, 2H, 2W, C]. */
function rowsToBlocks(rows: tf.Tensor2D, [n, d, h, w]: readonly number[]): FeatureMap {
  const c = rows.shape[1] / 8;
  const split = tf.transpose(rows.reshape([n * d, h, w, 2, 2, 2 * c]), [0, 3, 1, 4, 2, 5]);
  return split.reshape([n, 2 * d, 2 * h, 2 * w, c]) as FeatureMap;
}

/** Convolution (same). Instance norm follows it, before which a bias cancels exactly, so none is added. */
export function conv(tape: Tape, x: FeatureMap, name: string, wantsInputGradient = true): FeatureMap {
  const w = tape.weights[`${name}.weight`] as ConvWeights;
  const [kd, kh, kw] = w.shape;
  return tape.operation([x], tape.kernels.conv3d(x, w), (dy, into) => {
    into.weight(`${name}.weight`, tape.kernels.conv3dGradWeights(tape.values(x), dy, [kd, kh, kw]));
    if (wantsInputGradient) into.map(x, tape.kernels.conv3dGradInput(dy, w));
  });
}

/** Convolution 2x2x2 of stride 2, weights [2, 2, 2, C, K]: [1, 2D, 2H, 2W, C] -> [1, D, H, W, K]. */
export function halve(tape: Tape, x: FeatureMap, name: string): FeatureMap {
  const w = tape.weights[`${name}.weight`];
  const [, , , c, k] = w.shape;
  const sides = [x.shape[0], ...x.shape.slice(1, 4).map((n) => n / 2)];
  const matrix = () => w.reshape([8 * c, k]) as tf.Tensor2D;
  const y = tf.tidy(() => tf.matMul(blocksToRows(x), matrix()).reshape([...sides, k]) as FeatureMap);
  return tape.operation([x], y, (dy, into) => {
    into.weight(
      `${name}.weight`,
      tf.tidy(() => tf.matMul(blocksToRows(tape.values(x)), voxels(dy), true).reshape(w.shape)),
    );
    into.map(
      x,
      tf.tidy(() => rowsToBlocks(tf.matMul(voxels(dy), matrix(), false, true), sides)),
    );
  });
}

/** Transposed convolution 2x2x2 of stride 2, weights [C, 2, 2, 2, K]: [1, D, H, W, C] -> [1, 2D, 2H, 2W, K]. */
export function double(tape: Tape, x: FeatureMap, name: string): FeatureMap {
  const w = tape.weights[`${name}.weight`];
  const matrix = () => w.reshape([w.shape[0], w.size / w.shape[0]]) as tf.Tensor2D;
  const y = tf.tidy(() => rowsToBlocks(tf.matMul(voxels(x), matrix()), x.shape.slice(0, 4)));
  return tape.operation([x], y, (dy, into) => {
    into.weight(
      `${name}.weight`,
      tf.tidy(() => tf.matMul(voxels(tape.values(x)), blocksToRows(dy), true).reshape(w.shape)),
    );
    into.map(
      x,
      tf.tidy(() => tf.matMul(blocksToRows(dy), matrix(), false, true).reshape(x.shape) as FeatureMap),
    );
  });
}

/** a + b, of one shape. */
export const sum = (tape: Tape, a: FeatureMap, b: FeatureMap): FeatureMap =>
  tape.operation([a, b], tf.add(a, b) as FeatureMap, (dy, into) => {
    into.map(a, dy.clone() as FeatureMap);
    into.map(b, dy.clone() as FeatureMap);
  });

/**
 * max(0, scale n + shift), n = (x - mean) / sqrt(variance + 1e-5) over the voxels of each channel of an image (biased variance).
 * With z = scale n + shift, g = dy where z > 0, V voxels, sums over an image, and over all images for the weights:
 *   d shift = sum g     d scale = sum g n     dx = scale / sqrt(variance + 1e-5) (g - sum g / V - n sum g n / V)
 */
export function affineNormRelu(tape: Tape, x: FeatureMap, name: string): FeatureMap {
  const [scale, shift] = [tape.weights[`${name}.scale`], tape.weights[`${name}.shift`]];
  const [y, mean, inverse] = tf.tidy(() => {
    const { mean, variance } = tf.moments(perImage(x), 1, true);
    const inverse = tf.rsqrt(variance.add(NORM_EPSILON));
    const n = perImage(x).sub(mean).mul(inverse);
    return [tf.relu(n.mul(scale).add(shift)).reshape(x.shape), mean, inverse];
  });
  if (!tape.record) tf.dispose([mean, inverse]);
  return tape.operation([x], y as FeatureMap, (dy, into) => {
    const [dShift, dScale, dx] = tf.tidy(() => {
      const n = perImage(x).sub(mean).mul(inverse);
      const g = perImage(dy).mul(
        perImage(y as FeatureMap)
          .greater(0)
          .toFloat(),
      );
      const [sumG, sumGn] = [tf.sum(g, 1, true), tf.sum(tf.mul(g, n), 1, true)];
      const count = n.shape[1] as number;
      const centred = g.sub(sumG.div(count)).sub(n.mul(sumGn.div(count)));
      return [overImages(sumG), overImages(sumGn), centred.mul(inverse).mul(scale).reshape(x.shape)];
    });
    tf.dispose([mean, inverse]);
    into.weight(`${name}.shift`, dShift);
    into.weight(`${name}.scale`, dScale);
    into.map(x, dx as FeatureMap);
  });
}
