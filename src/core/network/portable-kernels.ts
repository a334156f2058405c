/** The kernels in plain TensorFlow.js ops: right on every backend, fast on none. */
import * as tf from '@tensorflow/tfjs';
import { linearMatrix, toTensor } from './interpolation.ts';
import { type ConvWeights, type FeatureMap, type Kernels, LEAK, NORM_EPSILON, type PerAxis } from './kernels.ts';

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
      const [kd, kh, kw] = kernel;
      const flatDy = dy.reshape([d * h * w, k]);
      const padded = pad3(x.reshape([d, h, w, c]) as tf.Tensor4D, kernel);
      const blocks: tf.Tensor[] = [];
      for (let oz = 0; oz < kd; oz++) {
        for (let oy = 0; oy < kh; oy++) {
          for (let ox = 0; ox < kw; ox++) {
            blocks.push(
              tf.tidy(() =>
                tf.matMul(tf.slice(padded, [oz, oy, ox, 0], [d, h, w, c]).reshape([d * h * w, c]), flatDy, true),
              ),
            );
          }
        }
      }
      return tf.stack(blocks).reshape([...kernel, c, k]) as ConvWeights;
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
  instanceNormLeaky: (x, scale, shift) => {
    const [y, mean, inverse] = tf.tidy(() => {
      const { mean, variance } = tf.moments(voxels(x), 0, true);
      const inverse = tf.rsqrt(variance.add(NORM_EPSILON));
      const z = voxels(x).sub(mean).mul(inverse).mul(scale).add(shift);
      return [tf.maximum(z, z.mul(LEAK)).reshape(x.shape), mean, inverse];
    });
    return { y: y as FeatureMap, saved: [mean, inverse] };
  },
  instanceNormLeakyGrad: (dy, x, scale, { y, saved: [mean, inverse] }) => {
    // g = dy f'(z), z = scale n + shift: d shift = sum g, d scale = sum g n, dx = scale inverse (g - mean g - n mean(g n)).
    const [dx, dScale, dShift] = tf.tidy(() => {
      const n = voxels(x).sub(mean).mul(inverse);
      const slope = voxels(y)
        .greater(0)
        .toFloat()
        .mul(1 - LEAK)
        .add(LEAK);
      const g = voxels(dy).mul(slope);
      const [sumG, sumGn] = [tf.sum(g, 0), tf.sum(tf.mul(g, n), 0)];
      const centred = g.sub(sumG.div(n.shape[0])).sub(n.mul(sumGn.div(n.shape[0])));
      return [centred.mul(inverse).mul(scale).reshape(x.shape), sumGn, sumG];
    });
    return { dx: dx as FeatureMap, dScale, dShift };
  },
  maxPool: (x, factors) =>
    tf.tidy(() => {
      const { outer, blocks } = blocksOf(x, factors);
      return blocks.max(1).reshape(outer) as FeatureMap;
    }),
  maxPoolGrad: (dy, x, y, factors) =>
    tf.tidy(() => {
      // The gradient goes to the first maximum of each block, in memory order.
      const { outer, blocks } = blocksOf(x, factors);
      const [, d, h, w, c] = outer;
      const [fd, fh, fw] = factors;
      const hit = blocks.equal(y.reshape([d * h * w, 1, c])).toFloat();
      const first = hit.mul(tf.cumsum(hit, 1).equal(1).toFloat());
      const dx = first.mul(dy.reshape([d * h * w, 1, c]));
      return dx
        .reshape([d, h, w, fd, fh, fw * c])
        .transpose([0, 3, 1, 4, 2, 5])
        .reshape(x.shape) as FeatureMap;
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

/** Zeros around a map as a kernel needs them, by concatenation (rank-5 pad is not on every backend). */
function pad3(x: tf.Tensor4D, kernel: PerAxis): tf.Tensor4D {
  return [0, 1, 2].reduce<tf.Tensor4D>((m, axis) => {
    const r = (kernel[axis] - 1) / 2;
    if (r === 0) return m;
    const shape = [...m.shape] as [number, number, number, number];
    shape[axis] = r;
    const zeros = tf.zeros(shape) as tf.Tensor4D;
    return tf.concat([zeros, m, zeros], axis);
  }, x);
}

const voxels = (map: FeatureMap): tf.Tensor2D => map.reshape([map.size / map.shape[4], map.shape[4]]) as tf.Tensor2D;

/** The voxels of each block of a map, [blocks, voxels of one, C], and the shape of one value a block. */
function blocksOf(x: FeatureMap, [fd, fh, fw]: PerAxis): { outer: number[]; blocks: tf.Tensor3D } {
  const [, sd, sh, sw, c] = x.shape;
  const [d, h, w] = [sd / fd, sh / fh, sw / fw];
  const blocks = x
    .reshape([d, fd, h, fh, w, fw * c])
    .transpose([0, 2, 4, 1, 3, 5])
    .reshape([d * h * w, fd * fh * fw, c]) as tf.Tensor3D;
  return { outer: [1, d, h, w, c], blocks };
}
