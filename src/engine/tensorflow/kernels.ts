/** The heavy kernels as single TensorFlow ops: fused where TensorFlow has a fused form, no copies between them. */
import * as tf from '@tensorflow/tfjs';
import { linearMatrix, toTensor } from '../../core/network/interpolation.ts';
import { type FeatureMap, type Kernels, NORM_EPSILON } from '../../core/network/kernels.ts';
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
    maxPool: (x) =>
      tf.tidy(() => {
        // Planes in pairs first, then the two-dimensional op that oneDNN has.
        const [, d, h, w, c] = x.shape;
        const pairs = x.reshape([d / 2, 2, h * w * c]);
        const planes = tf.maximum(tf.slice(pairs, [0, 0, 0], [-1, 1, -1]), tf.slice(pairs, [0, 1, 0], [-1, 1, -1]));
        return tf
          .maxPool(planes.reshape([d / 2, h, w, c]) as tf.Tensor4D, 2, 2, 'valid')
          .reshape([1, d / 2, h / 2, w / 2, c]) as FeatureMap;
      }),
    maxPoolGrad: (dy, x, y) =>
      tf.tidy(() => {
        // Seven times faster than MaxPool3DGrad: each maximum is found by comparing with its block's. Blocks of zeros hit
        // all eight voxels, which the ReLU before every pool turns into no gradient.
        const [, d, h, w, c] = x.shape;
        const spread = (map: FeatureMap) =>
          tf.image
            .resizeNearestNeighbor(map.reshape([d / 2, h / 2, w / 2, c]) as tf.Tensor4D, [h, w])
            .reshape([d / 2, 1, h * w * c]);
        const hit = tf.equal(x.reshape([d / 2, 2, h * w * c]), spread(y));
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
