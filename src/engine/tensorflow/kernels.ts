/** The heavy kernels as single TensorFlow ops: fused where TensorFlow has a fused form, no copies between them. */
import * as tf from '@tensorflow/tfjs';
import { linearMatrix, toTensor } from '../../core/network/interpolation.ts';
import { type FeatureMap, type Kernels, LEAK, NORM_EPSILON } from '../../core/network/kernels.ts';
import { tensorflowConvolution } from './conv.ts';
import { tensorflowOps } from './ops.ts';

/**
 * Needs the tensorflow backend to be current.
 * @param wideVectors the processor computes on 16 values at once (AVX-512)
 */
export function tensorflowKernels(wideVectors: boolean): Kernels {
  const ops = tensorflowOps();
  const { float, text, flag, float32, reshape, run, runAll } = ops;
  const T = float32('T');
  const resize = [T, flag('align_corners', false), flag('half_pixel_centers', true)];
  const norm = [
    T,
    float32('U'),
    float('epsilon', NORM_EPSILON),
    text('data_format', 'NHWC'),
    flag('is_training', true),
  ];

  /** Instance norm of one image = batch norm of a batch of one; [1, D*H, W, C] shares the map's memory. */
  const flat = (map: FeatureMap) => reshape(map, [1, map.shape[1] * map.shape[2], map.shape[3], map.shape[4]]);
  const constants = new Map<number, [ones: tf.Tensor, zeros: tf.Tensor]>();
  /** Scale 1 and shift 0 for c channels, made once: a step would send them to TensorFlow two hundred times. */
  const neutral = (c: number) => {
    if (!constants.has(c)) constants.set(c, [tf.keep(tf.ones([c])), tf.keep(tf.zeros([c]))]);
    return constants.get(c) as [tf.Tensor, tf.Tensor];
  };

  return {
    ...tensorflowConvolution(ops, wideVectors),
    splitsConcatenation: true,
    instanceNormRelu(x) {
      const [y, ...saved] = tf.tidy(() => {
        const [, empty] = neutral(0);
        const outputs = runAll(
          'FusedBatchNormV3',
          [...norm, float('exponential_avg_factor', 1)],
          [flat(x), ...neutral(x.shape[4]), empty, empty],
          6,
        );
        const y = reshape(run('Relu', [T], [outputs[0]]), x.shape);
        return [y, outputs[3], outputs[4], outputs[5]];
      });
      return { y: y as FeatureMap, saved };
    },
    instanceNormReluGrad: (dy, x, { y, saved: [mean, variance, reserve] }) =>
      tf.tidy(() => {
        const dn = run('ReluGrad', [T], [dy, y]) as FeatureMap;
        const [dx] = runAll(
          'FusedBatchNormGradV3',
          norm,
          [flat(dn), flat(x), neutral(x.shape[4])[0], mean, variance, reserve],
          5,
        );
        return reshape(dx, x.shape) as FeatureMap;
      }),
    instanceNormLeaky(x, scale, shift) {
      const [y, ...saved] = tf.tidy(() => {
        const [, empty] = neutral(0);
        const outputs = runAll(
          'FusedBatchNormV3',
          [...norm, float('exponential_avg_factor', 1)],
          [flat(x), scale, shift, empty, empty],
          6,
        );
        const y = reshape(run('LeakyRelu', [T, float('alpha', LEAK)], [outputs[0]]), x.shape);
        return [y, outputs[3], outputs[4], outputs[5]];
      });
      return { y: y as FeatureMap, saved };
    },
    instanceNormLeakyGrad(dy, x, scale, { y, saved: [mean, variance, reserve] }) {
      const [dx, dScale, dShift] = tf.tidy(() => {
        // Of a map the op reads the sign alone, and that of y is that of what went in.
        const dn = run('LeakyReluGrad', [T, float('alpha', LEAK)], [dy, y]) as FeatureMap;
        const [dx, dScale, dShift] = runAll(
          'FusedBatchNormGradV3',
          norm,
          [flat(dn), flat(x), scale, mean, variance, reserve],
          5,
        );
        return [reshape(dx, x.shape), dScale, dShift];
      });
      return { dx: dx as FeatureMap, dScale, dShift };
    },
    maxPool: (x, [fd, fh, fw]) =>
      tf.tidy(() => {
        // Planes in pairs first, then the two-dimensional op that oneDNN has.
        const [, d, h, w, c] = x.shape;
        const pairs = x.reshape([d / fd, fd, h * w * c]);
        const plane = (n: number) => tf.slice(pairs, [0, n, 0], [-1, 1, -1]);
        const planes = (fd === 1 ? pairs : tf.maximum(plane(0), plane(1))).reshape([d / fd, h, w, c]) as tf.Tensor4D;
        return tf.maxPool(planes, [fh, fw], [fh, fw], 'valid').reshape([1, d / fd, h / fh, w / fw, c]) as FeatureMap;
      }),
    maxPoolGrad: (dy, x, y, [fd, fh, fw]) =>
      tf.tidy(() => {
        // Seven times faster than MaxPool3DGrad: each maximum is found by comparing with its block's. Where values of a block
        // tie, each gets the gradient: behind a ReLU these are zeros, which it stops; behind a leaky one ties are chance.
        const [, d, h, w, c] = x.shape;
        const spread = (map: FeatureMap) =>
          tf.image
            .resizeNearestNeighbor(map.reshape([d / fd, h / fh, w / fw, c]) as tf.Tensor4D, [h, w])
            .reshape([d / fd, 1, h * w * c]);
        const hit = tf.equal(x.reshape([d / fd, fd, h * w * c]), spread(y));
        return run('SelectV2', [T], [hit, spread(dy), tf.scalar(0)]).reshape(x.shape) as FeatureMap;
      }),
    upsample: (x) =>
      tf.tidy(() => {
        const [, d, h, w, c] = x.shape;
        const planes = tf.matMul(depthMatrix(d), x.reshape([d, h * w * c]) as tf.Tensor2D).reshape([2 * d, h, w, c]);
        return tf.image
          .resizeBilinear(planes as tf.Tensor4D, [2 * h, 2 * w], false, true)
          .reshape([1, 2 * d, 2 * h, 2 * w, c]) as FeatureMap;
      }),
    upsampleGrad: (dy) =>
      tf.tidy(() => {
        const [, d, h, w, c] = dy.shape;
        // Only its shape is read: filled by TensorFlow, nothing crosses from JavaScript.
        const shape = tf.fill([d, h / 2, w / 2, c], 0);
        const planes = run('ResizeBilinearGrad', resize, [dy.reshape([d, h, w, c]), shape]);
        return tf
          .matMul(depthMatrix(d / 2), planes.reshape([d, (h / 2) * (w / 2) * c]) as tf.Tensor2D, true)
          .reshape([1, d / 2, h / 2, w / 2, c]) as FeatureMap;
      }),
  };
}

/** Trilinear x2 along the depth axis, [2D, D]. */
const depthMatrix = (d: number): tf.Tensor2D => toTensor(linearMatrix(d, 2 * d));
