/** The kernels in plain TensorFlow.js ops: right on every backend, fast on none. */
import * as tf from '@tensorflow/tfjs';
import { linearMatrix, toTensor } from './interpolation.ts';
import { type ConvWeights, type FeatureMap, type Kernels, NORM_EPSILON } from './kernels.ts';

/** Input gradient of a same-padded stride-1 convolution = convolution with the flipped, transposed weights. */
const flipped = (w: ConvWeights): ConvWeights =>
  tf.tidy(() => tf.transpose(tf.reverse(w, [0, 1, 2]), [0, 1, 2, 4, 3]) as ConvWeights);

/** y = x2 upsampling along one axis by a fixed (out x in) matrix, or its transpose. */
function alongAxis(x: tf.Tensor, shape: number[], axis: 1 | 2 | 3, back: boolean): tf.Tensor {
  const n = shape[axis];
  const m = toTensor(linearMatrix(back ? n / 2 : n, back ? n : 2 * n));
  const before = shape.slice(1, axis).reduce((a, b) => a * b, 1);
  const after = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const out = [...shape];
  out[axis] = back ? n / 2 : 2 * n;
  return tf.matMul(tf.tile(m.expandDims(0), [before, 1, 1]), x.reshape([before, n, after]), back, false).reshape(out);
}

export const portableKernels: Kernels = {
  conv3d: (x, w) => tf.conv3d(x, w, 1, 'same'),
  conv3dGradInput(dy, w) {
    const f = flipped(w);
    const dx = tf.conv3d(dy, f, 1, 'same');
    f.dispose();
    return dx;
  },
  conv3dGradWeights: (x, dy, kernel) =>
    tf.tidy(() => {
      // dW[o] = sum over voxels of x shifted by o, transposed, times dy: one matrix product an offset.
      const [, d, h, w, c] = x.shape;
      const k = dy.shape[4];
      const r = (kernel - 1) / 2;
      const flatDy = dy.reshape([d * h * w, k]);
      const padded = pad3(x.reshape([d, h, w, c]) as tf.Tensor4D, r);
      const blocks: tf.Tensor[] = [];
      for (let oz = 0; oz < kernel; oz++) {
        for (let oy = 0; oy < kernel; oy++) {
          for (let ox = 0; ox < kernel; ox++) {
            blocks.push(
              tf.tidy(() =>
                tf.matMul(tf.slice(padded, [oz, oy, ox, 0], [d, h, w, c]).reshape([d * h * w, c]), flatDy, true),
              ),
            );
          }
        }
      }
      return tf.stack(blocks).reshape([kernel, kernel, kernel, c, k]) as ConvWeights;
    }),
  instanceNormRelu: (x) => {
    const [y, mean, scale] = tf.tidy(() => {
      const { mean, variance } = tf.moments(x, [1, 2, 3], true);
      const scale = tf.rsqrt(variance.add(NORM_EPSILON));
      return [tf.relu(x.sub(mean).mul(scale)), mean, scale];
    });
    return { y: y as FeatureMap, saved: [mean, scale] };
  },
  instanceNormReluGrad: (dy, x, { y, saved: [mean, scale] }) =>
    tf.tidy(() => {
      const dn = dy.mul(y.greater(0).toFloat());
      const n = x.sub(mean).mul(scale);
      const axes = [1, 2, 3];
      const meanDn = dn.mean(axes, true);
      const meanDnN = dn.mul(n).mean(axes, true);
      return dn.sub(meanDn).sub(n.mul(meanDnN)).mul(scale) as FeatureMap;
    }),
  maxPool: (x) =>
    tf.tidy(() => {
      const [, d, h, w, c] = x.shape;
      return x
        .reshape([d / 2, 2, h / 2, 2, w / 2, 2 * c])
        .max([1, 3])
        .reshape([(d / 2) * (h / 2) * (w / 2), 2, c])
        .max(1)
        .reshape([1, d / 2, h / 2, w / 2, c]) as FeatureMap;
    }),
  maxPoolGrad: (dy, x, y) =>
    tf.tidy(() => {
      // The gradient goes to the first maximum of each 2x2x2 block, in memory order.
      const [, d, h, w, c] = x.shape;
      const cells = (d / 2) * (h / 2) * (w / 2);
      const blocks = x
        .reshape([d / 2, 2, h / 2, 2, w / 2, 2, c])
        .transpose([0, 2, 4, 1, 3, 5, 6])
        .reshape([cells, 8, c]);
      const hit = blocks.equal(y.reshape([cells, 1, c])).toFloat();
      const first = hit.mul(tf.cumsum(hit, 1).equal(1).toFloat());
      const dx = first.mul(dy.reshape([cells, 1, c]));
      return dx
        .reshape([d / 2, h / 2, w / 2, 2, 2, 2, c])
        .transpose([0, 3, 1, 4, 2, 5, 6])
        .reshape([1, d, h, w, c]) as FeatureMap;
    }),
  upsample: (x) =>
    tf.tidy(
      () => ([1, 2, 3] as const).reduce<tf.Tensor>((m, axis) => alongAxis(m, m.shape, axis, false), x) as FeatureMap,
    ),
  upsampleGrad: (dy) =>
    tf.tidy(
      () => ([3, 2, 1] as const).reduce<tf.Tensor>((m, axis) => alongAxis(m, m.shape, axis, true), dy) as FeatureMap,
    ),
};

/** Zero padding of the three spatial axes by concatenation (rank-5 pad is not on every backend). */
function pad3(x: tf.Tensor4D, r: number): tf.Tensor4D {
  if (r === 0) return x;
  return [0, 1, 2].reduce<tf.Tensor4D>((m, axis) => {
    const shape = [...m.shape] as [number, number, number, number];
    shape[axis] = r;
    const zeros = tf.zeros(shape) as tf.Tensor4D;
    return tf.concat([zeros, m, zeros], axis);
  }, x);
}
