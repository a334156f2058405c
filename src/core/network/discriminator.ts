/** DAN's discriminator: is a segmentation, seen beside its image, that of a labelled patch? (method section 5) */
import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';
import type { FeatureMap } from './kernels.ts';
import type { Weights } from './tape.ts';

const CHANNELS = [64, 128, 256, 512] as const;
const KERNEL = 4;
const LEAK = 0.2;

/** Every weight's name and shape: convolutions 4x4x4 of stride 2, then a linear layer to 2 classes. */
export function discriminatorShapes(classes: number, inputChannels = 1): [name: string, shape: number[]][] {
  const conv = (name: string, from: number, to: number): [string, number[]][] => [
    [`${name}.weight`, [KERNEL, KERNEL, KERNEL, from, to]],
    [`${name}.bias`, [to]],
  ];
  return [
    ...conv('map', classes, CHANNELS[0]),
    ...conv('image', inputChannels, CHANNELS[0]),
    ...conv('conv2', CHANNELS[0], CHANNELS[1]),
    ...conv('conv3', CHANNELS[1], CHANNELS[2]),
    ...conv('conv4', CHANNELS[2], CHANNELS[3]),
    ['linear.weight', [CHANNELS[3], 2]],
    ['linear.bias', [2]],
  ];
}

/** Uniform in +- 1/sqrt(fan in), weights and biases. */
export function initDiscriminator(classes: number, random: Random, inputChannels = 1): Weights {
  let fanIn = 1;
  return Object.fromEntries(
    discriminatorShapes(classes, inputChannels).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      if (name.endsWith('.weight')) fanIn = size / shape[shape.length - 1];
      const values = Float32Array.from({ length: size }, () => (2 * random.uniform() - 1) / Math.sqrt(fanIn));
      return [name, tf.tensor(values, shape)];
    }),
  );
}

/**
 * Logits that a map belongs to an unlabelled (0) or a labelled (1) patch.
 * @param probabilities [C, D, H, W], sides divisible by 16
 * @param image [1, D, H, W, inputChannels]
 * @param dropChannels gives a mask [1, 1, 1, 1, c] of 0 and 1/(1-p) for c channels; null for no dropout
 * @returns [1, 2]
 */
export function discriminate(
  weights: Weights,
  probabilities: tf.Tensor4D,
  image: FeatureMap,
  dropChannels: ((channels: number) => FeatureMap) | null,
): tf.Tensor2D {
  const conv = (x: tf.Tensor5D, name: string): tf.Tensor5D =>
    tf.add(halvingConv(x, weights[`${name}.weight`] as tf.Tensor5D), weights[`${name}.bias`]);
  const activate = (x: tf.Tensor5D): tf.Tensor5D => tf.maximum(x, tf.mul(x, LEAK));
  const drop = (x: tf.Tensor5D): tf.Tensor5D => (dropChannels ? tf.mul(x, dropChannels(x.shape[4])) : x);
  const map = tf.transpose(probabilities, [1, 2, 3, 0]).expandDims(0) as tf.Tensor5D;
  let x = drop(activate(tf.add(conv(map, 'map'), conv(image, 'image'))));
  x = drop(activate(conv(x, 'conv2')));
  x = drop(activate(conv(x, 'conv3')));
  x = activate(conv(x, 'conv4'));
  const pooled = tf.mean(x, [1, 2, 3]) as tf.Tensor2D;
  return tf.add(tf.matMul(pooled, weights['linear.weight'] as tf.Tensor2D), weights['linear.bias']);
}

/** Each 2x2x2 block of [1, 2D, 2H, 2W, C] as one voxel, [D, H, W, 8C]. */
function blocksToChannels(x: tf.Tensor5D): tf.Tensor4D {
  const [, d, h, w, c] = x.shape;
  const split = tf.transpose(x.reshape([d / 2, 2, h / 2, 2, w / 2, 2 * c]), [0, 2, 4, 1, 3, 5]);
  return split.reshape([d / 2, h / 2, w / 2, 8 * c]) as tf.Tensor4D;
}

/**
 * The 4x4x4 convolution of stride 2, one voxel of zeros around: eight matrix products, one for each 2x2x2 block that a
 * kernel covers. No engine needs a kernel of this size for it.
 * @param x [1, D, H, W, C], even sides
 * @param weight [4, 4, 4, C, K]
 * @returns [1, D/2, H/2, W/2, K]
 */
function halvingConv(x: tf.Tensor5D, weight: tf.Tensor5D): tf.Tensor5D {
  const [, , , c, k] = weight.shape;
  const one: [number, number] = [1, 1];
  const blocks = blocksToChannels(tf.pad(x, [[0, 0], one, one, one, [0, 0]]));
  const [d, h, w] = blocks.shape.slice(0, 3).map((n) => n - 1);
  const taps = blocksToChannels(weight.reshape([1, 4, 4, 4, c * k])).reshape([8, 8 * c, k]);
  const products = tf.unstack(taps).map((tap, n) => {
    const covered = tf.slice(blocks, [n >> 2, (n >> 1) & 1, n & 1, 0], [d, h, w, 8 * c]);
    return tf.matMul(covered.reshape([d * h * w, 8 * c]) as tf.Tensor2D, tap as tf.Tensor2D);
  });
  return tf.addN(products).reshape([1, d, h, w, k]) as tf.Tensor5D;
}
