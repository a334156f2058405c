/** DAN's discriminator: is a segmentation, seen beside its image, that of a labelled patch? (method section 5) */
import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';
import type { FeatureMap } from './kernels.ts';
import type { Weights } from './tape.ts';

const CHANNELS = [64, 128, 256, 512] as const;
const KERNEL = 4;
const LEAK = 0.2;

/** Every weight's name and shape: convolutions 4x4x4 of stride 2, then a linear layer to 2 classes. */
export function discriminatorShapes(classes: number): [name: string, shape: number[]][] {
  const conv = (name: string, from: number, to: number): [string, number[]][] => [
    [`${name}.weight`, [KERNEL, KERNEL, KERNEL, from, to]],
    [`${name}.bias`, [to]],
  ];
  return [
    ...conv('map', classes, CHANNELS[0]),
    ...conv('image', 1, CHANNELS[0]),
    ...conv('conv2', CHANNELS[0], CHANNELS[1]),
    ...conv('conv3', CHANNELS[1], CHANNELS[2]),
    ...conv('conv4', CHANNELS[2], CHANNELS[3]),
    ['linear.weight', [CHANNELS[3], 2]],
    ['linear.bias', [2]],
  ];
}

/** Uniform in +- 1/sqrt(fan in), weights and biases. */
export function initDiscriminator(classes: number, random: Random): Weights {
  let fanIn = 1;
  return Object.fromEntries(
    discriminatorShapes(classes).map(([name, shape]) => {
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
 * @param image [1, D, H, W, 1]
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
    tf.add(tf.conv3d(x, weights[`${name}.weight`] as tf.Tensor5D, 2, 'same'), weights[`${name}.bias`]);
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
