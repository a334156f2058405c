/** The planned network's operations on the tape, each with kernels and factors of its own along every axis. */
import * as tf from '@tensorflow/tfjs';
import type { ConvWeights, FeatureMap, Kernels, PerAxis } from './kernels.ts';
import type { Tape } from './tape.ts';
import { conv } from './vnet-ops.ts';

const voxels = (map: FeatureMap): tf.Tensor2D => map.reshape([map.size / map.shape[4], map.shape[4]]) as tf.Tensor2D;

/**
 * Convolution of the channels of a, then those of b: with weights w = (w_a, w_b), conv(concat(a, b), w) = conv(a, w_a) +
 * conv(b, w_b), which some engines compute faster. Neither a nor b is read again by the network.
 */
export function concatConv(tape: Tape, a: FeatureMap, b: FeatureMap, name: string): FeatureMap {
  const { kernels } = tape;
  if (!kernels.splitsConcatenation) return conv(tape, tape.concat(a, b), name);
  const w = tape.weights[`${name}.weight`] as ConvWeights;
  const [kd, kh, kw] = w.shape;
  const parts = () => tf.split(w, [a.shape[4], b.shape[4]], 3) as ConvWeights[];
  const y = tf.tidy(() => {
    const [wa, wb] = parts();
    return tf.add(kernels.conv3d(a, wa), kernels.conv3d(b, wb)) as FeatureMap;
  });
  return tape.operation([a, b], y, (dy, into) => {
    const [wa, wb] = parts();
    const gradient = tf.tidy(() =>
      tf.concat(
        [a, b].map((map) => kernels.conv3dGradWeights(tape.values(map), dy, [kd, kh, kw])),
        3,
      ),
    );
    into.weight(`${name}.weight`, gradient);
    into.map(a, kernels.conv3dGradInput(dy, wa));
    into.map(b, kernels.conv3dGradInput(dy, wb));
    tf.dispose([wa, wb]);
  });
}

/** Instance norm with scale and shift, then leaky ReLU. */
export function normLeaky(tape: Tape, x: FeatureMap, name: string): FeatureMap {
  const [scale, shift] = [tape.weights[`${name}.scale`], tape.weights[`${name}.shift`]];
  const forward = tape.kernels.instanceNormLeaky(x, scale, shift);
  if (!tape.record) tf.dispose(forward.saved);
  return tape.operation(
    [x],
    forward.y,
    (dy, into) => {
      const kept = { ...forward, y: tape.values(forward.y) };
      const { dx, dScale, dShift } = tape.kernels.instanceNormLeakyGrad(dy, tape.values(x), scale, kept);
      tf.dispose(forward.saved);
      into.weight(`${name}.scale`, dScale);
      into.weight(`${name}.shift`, dShift);
      into.map(x, dx);
    },
    () => {
      const { y, saved } = tape.kernels.instanceNormLeaky(x, scale, shift);
      tf.dispose(saved);
      return y;
    },
  );
}

/** Rows of a transposed convolution's matrix product, [n d h w, fd fh fw K] -> [n, fd d, fh h, fw w, K]. */
function spread(rows: tf.Tensor, [n, d, h, w]: readonly number[], [fd, fh, fw]: PerAxis): FeatureMap {
  const k = rows.size / (n * d * h * w * fd * fh * fw);
  const split = tf.transpose(rows.reshape([n * d, h, w, fd, fh, fw * k]), [0, 3, 1, 4, 2, 5]);
  return split.reshape([n, fd * d, fh * h, fw * w, k]) as FeatureMap;
}

/** The inverse of `spread`. */
function gathered(map: FeatureMap, [fd, fh, fw]: PerAxis): tf.Tensor2D {
  const [n, d, h, w, k] = map.shape;
  const split = tf.transpose(map.reshape([(n * d) / fd, fd, h / fh, fh, w / fw, fw * k]), [0, 2, 4, 1, 3, 5]);
  return split.reshape([(n * d * h * w) / (fd * fh * fw), fd * fh * fw * k]) as tf.Tensor2D;
}

/** The slow twin of an engine's own transposed convolution: a matrix product whose rows are spread, or gathered. */
export const transposedByProducts: NonNullable<Kernels['transposedConv']> = {
  forward: (x, w) => tf.tidy(() => spread(tf.matMul(voxels(x), matrixOf(w)), x.shape, factorsOf(w))),
  gradInput: (dy, w) =>
    tf.tidy(() => {
      const [n, d, h, wide] = dy.shape;
      const [fd, fh, fw] = factorsOf(w);
      const rows = tf.matMul(gathered(dy, [fd, fh, fw]), matrixOf(w), false, true);
      return rows.reshape([n, d / fd, h / fh, wide / fw, w.shape[0]]) as FeatureMap;
    }),
  gradWeights: (x, dy, factors) =>
    tf.tidy(() =>
      tf
        .matMul(voxels(x), gathered(dy, factors), true)
        .reshape([x.shape[4], ...factors, dy.shape[4]] as [number, number, number, number, number]),
    ),
};

const factorsOf = ({ shape: [, fd, fh, fw] }: tf.Tensor5D): PerAxis => [fd, fh, fw];
const matrixOf = (w: tf.Tensor5D) => w.reshape([w.shape[0], w.size / w.shape[0]]) as tf.Tensor2D;

/** Transposed convolution whose kernel and stride are the factors, weights [C, fd, fh, fw, K]: each voxel becomes a block. */
export function transposedConv(tape: Tape, x: FeatureMap, name: string): FeatureMap {
  const w = tape.weights[`${name}.weight`] as tf.Tensor5D;
  const { forward, gradInput, gradWeights } = tape.kernels.transposedConv ?? transposedByProducts;
  return tape.operation([x], forward(x, w), (dy, into) => {
    into.weight(`${name}.weight`, gradWeights(tape.values(x), dy, factorsOf(w)));
    into.map(x, gradInput(dy, w));
  });
}
