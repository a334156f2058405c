/**
 * The heavy kernels that networks are made of. Engines bring their own; the portable ones (TensorFlow.js ops)
 * are the slow, plain twin that every other set is tested against.
 *
 * Legend: D, H, W = depth (z), height (y), width (x); C, K = channels in and out. A map is one image, [1, D, H, W, C], or
 * N of them, [N, D, H, W, C], for engines that take several: instance norm never mixes images, and gradients of weights are
 * summed over them. Other engines read them one by one and free memory early.
 */
import type * as tf from '@tensorflow/tfjs';
import type { Three } from '../axes.ts';
import type { HashKey } from '../hashed.ts';

export type FeatureMap = tf.Tensor5D;
/** [kD, kH, kW, C, K] */
export type ConvWeights = tf.Tensor5D;
/** A whole number along each axis of a map: depth, height, width. */
export type PerAxis = readonly [z: number, y: number, x: number];

/** The paper's networks convolve with 3x3x3 and pool by 2 along every axis. */
export const CUBE: PerAxis = [3, 3, 3];
export const HALVES: PerAxis = [2, 2, 2];

export interface InstanceNormResult {
  /** max(0, (x - mean) / sqrt(variance + 1e-5)), [1, D, H, W, C] */
  y: FeatureMap;
  /** What the gradient needs besides x and y; the caller disposes them. */
  saved: tf.Tensor[];
}

export interface AffineNormGradient {
  dx: FeatureMap;
  /** [C] */
  dScale: tf.Tensor;
  /** [C] */
  dShift: tf.Tensor;
}

/** One weight with its moments of Adam and its gradient, all of one shape. */
export interface AdamRow {
  theta: tf.Tensor;
  first: tf.Tensor;
  second: tf.Tensor;
  gradient: tf.Tensor;
}

/**
 * g' = gradientScale g; m <- beta1 m + (1 - beta1) g'; v <- beta2 v + (1 - beta2) g'^2;
 * theta <- kept theta - learningRate (m / correction1) / (sqrt(v / correction2) + epsilon)
 */
export interface AdamRule {
  gradientScale: number;
  beta1: number;
  beta2: number;
  correction1: number;
  correction2: number;
  kept: number;
  learningRate: number;
  epsilon: number;
}

/** Updates of many weights at once: new tensors in the order of the old ones. Where they are absent the caller goes by ops. */
export interface UpdateKernels {
  /** sum_j factors[j] terms[j] of each list of terms, at most three of one shape. */
  weightedSums?(factors: readonly number[], sums: readonly (readonly tf.Tensor[])[]): tf.Tensor[];
  /** May write over theta and the moments of the rows: the caller gives them up, and takes the results in their place. */
  adam?(rows: readonly AdamRow[], rule: AdamRule): Omit<AdamRow, 'gradient'>[];
  /** Sum of the squares of all values of all tensors. */
  squaredSum?(tensors: readonly tf.Tensor[]): Promise<number>;
}

export interface Kernels extends UpdateKernels {
  /** Set where every kernel takes several images at once: how many values the largest map may have then, all images together. */
  readonly mostTogether?: number;
  /** Set where two convolutions and a sum cost less than one convolution over maps side by side in one. */
  readonly splitsConcatenation?: true;
  /** Stride 1, zero padding to the same size; k 1 or 3 along each axis. [1, D, H, W, C] * [kD, kH, kW, C, K] -> [1, D, H, W, K] */
  conv3d(x: FeatureMap, w: ConvWeights): FeatureMap;
  conv3dGradInput(dy: FeatureMap, w: ConvWeights): FeatureMap;
  conv3dGradWeights(x: FeatureMap, dy: FeatureMap, kernel: PerAxis): ConvWeights;
  /** Instance normalisation without affine parameters (eps 1e-5, biased variance), then ReLU. */
  instanceNormRelu(x: FeatureMap): InstanceNormResult;
  instanceNormReluGrad(dy: FeatureMap, x: FeatureMap, forward: InstanceNormResult): FeatureMap;
  /** Instance normalisation with a scale and a shift a channel, [C] each, then leaky ReLU (0.01 z below 0). */
  instanceNormLeaky(x: FeatureMap, scale: tf.Tensor, shift: tf.Tensor): InstanceNormResult;
  instanceNormLeakyGrad(
    dy: FeatureMap,
    x: FeatureMap,
    scale: tf.Tensor,
    forward: InstanceNormResult,
  ): AffineNormGradient;
  /**
   * Transposed convolution whose kernel and stride are the factors: each voxel becomes a block. Absent: by matrix products.
   * [1, D, H, W, C] * [C, fd, fh, fw, K] -> [1, fd D, fh H, fw W, K]
   */
  transposedConv?: {
    forward(x: FeatureMap, w: tf.Tensor5D): FeatureMap;
    gradInput(dy: FeatureMap, w: tf.Tensor5D): FeatureMap;
    gradWeights(x: FeatureMap, dy: FeatureMap, factors: PerAxis): tf.Tensor5D;
  };
  /** The largest value of each block of `factors` voxels (1 or 2 along each axis). */
  maxPool(x: FeatureMap, factors: PerAxis): FeatureMap;
  maxPoolGrad(dy: FeatureMap, x: FeatureMap, y: FeatureMap, factors: PerAxis): FeatureMap;
  /** Trilinear x2, align_corners false: weights .75/.25, edge rows 1. */
  upsample(x: FeatureMap): FeatureMap;
  upsampleGrad(dy: FeatureMap): FeatureMap;
  /**
   * Masks of core/hashed.ts, an image a key: 0 with that probability, else 1 / (1 - p). Absent: train/randomness.ts makes them.
   * @param shape of one image's mask, [1, D, H, W, C]
   * @returns [keys, D, H, W, C]
   */
  dropoutMask?(shape: readonly number[], probability: number, keys: readonly HashKey[]): FeatureMap;
  /** The image and the noise of core/hashed.ts. Absent: train/randomness.ts adds it. */
  addNoise?(image: FeatureMap, key: HashKey): FeatureMap;
  /**
   * Keeps a scan and the sums over its windows where the engine computes. Absent, or undefined where that would take too much of its
   * memory or more than it has: both stay with the processor (predict/window-sums.ts).
   * @param image channels one after another, x fastest; size x, y, z
   */
  windowSums?(image: Float32Array, size: Three<number>, classes: number): Promise<WindowSums | undefined>;
}

/** A scan that is read window by window, and the sums of what a network says of them. Starts, patches and flips are x, y, z. */
export interface WindowSums {
  /** [1, D, H, W, channels], zero outside the scan, mirrored. */
  window(start: Three<number>, patch: Three<number>, flips: Three<boolean>): FeatureMap;
  /** Adds what a network says of a mirrored window, [classes, D, H, W], and frees it; resolves when it was computed. */
  add(probabilities: tf.Tensor4D, start: Three<number>, patch: Three<number>, flips: Three<boolean>): Promise<void>;
  /** One map a class, x fastest; the caller may write into them. */
  read(): Promise<Float32Array[]>;
  dispose(): void;
}

export const NORM_EPSILON = 1e-5;
export const LEAK = 0.01;
