/**
 * The convolution and its gradients as TensorFlow ops. oneDNN puts output channels into the lanes of a vector: with
 * 8 channels half of AVX-512's 16 lanes stay empty. Two exact rewritings fill them:
 *
 *   pairs   two neighbouring outputs along W become 2K channels of one output of stride 2: a kernel 4 wide that holds the
 *           3 taps twice, one place apart. 36 products a voxel in place of 54; [.., W/2, 2K] is [.., W, K] in memory.
 *   swap    the weight gradient is symmetric in x and dy but for the direction of the taps, so the wider map can take the lanes.
 */
import * as tf from '@tensorflow/tfjs';
import type { ConvWeights, FeatureMap, PerAxis } from '../../core/network/kernels.ts';
import type { TensorflowOps } from './ops.ts';

/** Smaller maps cost less than the ops that rearrange the weights. */
const LEAST_VOXELS = 4096;

export function tensorflowConvolution(
  { int, text, int32, float32, ints, reshape, run }: TensorflowOps,
  wideVectors: boolean,
) {
  const attributes = (alongWidth: 1 | 2) => [
    float32('T'),
    int('strides', [1, 1, 1, alongWidth, 1]),
    text('padding', 'SAME'),
    text('data_format', 'NDHWC'),
    int('dilations', [1, 1, 1, 1, 1]),
  ];
  const [single, pairs] = [attributes(1), attributes(2)];
  const back = [...single, int32('Tshape')];

  /** Whether outputs of so many channels, in pairs, fit into one vector that they would half fill alone. */
  const halfFill = (map: FeatureMap, channels: number, alongWidth: number) =>
    wideVectors && alongWidth === 3 && channels <= 8 && map.shape[3] % 2 === 0 && voxels(map) >= LEAST_VOXELS;

  const forward = (x: FeatureMap, w: ConvWeights): FeatureMap => {
    const [k, channels] = [w.shape[2], w.shape[4]];
    if (!halfFill(x, channels, k)) return run('Conv3D', single, [x, w]) as FeatureMap;
    return reshape(run('Conv3D', pairs, [x, twice(w)]), [...x.shape.slice(0, 4), channels]) as FeatureMap;
  };
  const filter = (x: FeatureMap, dy: FeatureMap, sizes: number[], attributes = single) =>
    run('Conv3DBackpropFilterV2', attributes, [x, ints(sizes), dy]) as ConvWeights;

  return {
    conv3d: (x: FeatureMap, w: ConvWeights): FeatureMap => tf.tidy(() => forward(x, w)),

    conv3dGradInput: (dy: FeatureMap, w: ConvWeights): FeatureMap =>
      tf.tidy(() => {
        if (isSingle(w) || halfFill(dy, w.shape[3], w.shape[2])) return forward(dy, reversed(w));
        const sizes = ints([...dy.shape.slice(0, 4), w.shape[3]]);
        return run('Conv3DBackpropInputV2', back, [sizes, w, dy]) as FeatureMap;
      }),

    conv3dGradWeights: (x: FeatureMap, dy: FeatureMap, kernel: PerAxis): ConvWeights =>
      tf.tidy(() => {
        const [c, k] = [x.shape[4], dy.shape[4]];
        const [kd, kh, kw] = kernel;
        if (!halfFill(x, k, kw)) return filter(x, dy, [kd, kh, kw, c, k]);
        if (c % 16 === 0) return reversed(filter(dy, x, [kd, kh, kw, k, c]));
        const [, d, h, w] = x.shape;
        const both = filter(x, reshape(dy, [1, d, h, w / 2, 2 * k]) as FeatureMap, [kd, kh, 4, c, 2 * k], pairs);
        return tf.add(
          tf.slice(both, [0, 0, 0, 0, 0], [kd, kh, 3, c, k]),
          tf.slice(both, [0, 0, 1, 0, k], [kd, kh, 3, c, k]),
        ) as ConvWeights;
      }),
  };
}

/** oneDNN's gradient between single channels is wrong on some processors (Zen 5, TensorFlow 2.21): sums of other voxels. */
const isSingle = ({ shape }: ConvWeights) => shape[3] === 1 && shape[4] === 1;

const voxels = ({ shape }: FeatureMap) => shape[1] * shape[2] * shape[3];

/** [kD, kH, 3, C, K] -> [kD, kH, 4, C, 2K]: the taps for the first output of a pair, then for the second. */
function twice(w: ConvWeights): ConvWeights {
  const [d, h, , c, k] = w.shape;
  const nothing = tf.zeros([d, h, 1, c, k]) as ConvWeights;
  return tf.concat([tf.concat([w, nothing], 2), tf.concat([nothing, w], 2)], 4);
}

/** Taps in opposite order, channels in and out exchanged. */
const reversed = (w: ConvWeights): ConvWeights =>
  tf.transpose(tf.reverse(w, [0, 1, 2]), [0, 1, 2, 4, 3]) as ConvWeights;
