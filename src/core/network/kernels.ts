/**
 * The heavy kernels that networks are made of. Engines bring their own; the portable ones (TensorFlow.js ops)
 * are the slow, plain twin that every other set is tested against.
 *
 * Legend: D, H, W = depth (z), height (y), width (x); C, K = channels in and out. A map is one image,
 * [1, D, H, W, C]: instance norm never mixes images, so networks read them one by one and free memory early.
 */
import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';

export type FeatureMap = tf.Tensor5D;
/** [kD, kH, kW, C, K] */
export type ConvWeights = tf.Tensor5D;

export interface InstanceNormResult {
  /** max(0, (x - mean) / sqrt(variance + 1e-5)), [1, D, H, W, C] */
  y: FeatureMap;
  /** What the gradient needs besides x and y; the caller disposes them. */
  saved: tf.Tensor[];
}

export interface Kernels {
  /** Set where two convolutions and a sum cost less than one convolution over maps side by side in one. */
  readonly splitsConcatenation?: true;
  /** Stride 1, zero padding to the same size; k odd. [1, D, H, W, C] * [k, k, k, C, K] -> [1, D, H, W, K] */
  conv3d(x: FeatureMap, w: ConvWeights): FeatureMap;
  conv3dGradInput(dy: FeatureMap, w: ConvWeights): FeatureMap;
  conv3dGradWeights(x: FeatureMap, dy: FeatureMap, kernel: number): ConvWeights;
  /** Instance normalisation without affine parameters (eps 1e-5, biased variance), then ReLU. */
  instanceNormRelu(x: FeatureMap): InstanceNormResult;
  instanceNormReluGrad(dy: FeatureMap, x: FeatureMap, forward: InstanceNormResult): FeatureMap;
  /** 2x2x2, stride 2. */
  maxPool(x: FeatureMap): FeatureMap;
  maxPoolGrad(dy: FeatureMap, x: FeatureMap, y: FeatureMap): FeatureMap;
  /** Trilinear x2, align_corners false: weights .75/.25, edge rows 1. */
  upsample(x: FeatureMap): FeatureMap;
  upsampleGrad(dy: FeatureMap): FeatureMap;
  /** Sum of factor * tensor over tensors of one shape, in one pass; where it is absent the caller adds up by ops. */
  weightedSum?(terms: readonly WeightedTerm[]): tf.Tensor;
  /** The mask of train/randomness.ts, drawn from the same numbers. */
  dropoutMask?(shape: readonly number[], probability: number, random: Random): FeatureMap;
}

export type WeightedTerm = readonly [factor: number, tensor: tf.Tensor];

export const NORM_EPSILON = 1e-5;
