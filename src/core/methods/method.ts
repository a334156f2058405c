/** The one interface of every method. A method says what is read by which network and what the loss is; the loop does the rest. */
import type * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../network/kernels.ts';
import type { TrainingOptions } from '../options.ts';

/** One mini-batch. Images are single patches [1, D, H, W, 1]; masks are one-hot, [C, D, H, W]. */
export interface Batch {
  labelled: {
    images: FeatureMap[];
    oneHot: tf.Tensor4D[] /** voxels[k][c]: voxels of class c in patch k */;
    voxels: number[][];
  };
  unlabelled: { images: FeatureMap[] };
}

/** What a network said of K patches. */
export interface Output {
  /** K maps, each [C, D, H, W] */
  logits: tf.Tensor4D[];
  /** K maps, each [1, d, h, w, channels]: the features that prototypes are pooled from */
  features: FeatureMap[];
}

export interface Forward {
  network: string;
  images: FeatureMap[];
  /** False: the output is a constant and its activations are freed at once. */
  gradient: boolean;
  dropout: boolean;
}

export interface Context {
  step: number;
  steps: number;
  /** Ramp-up weight lambda(t) of equation 1. */
  lambda: number;
  options: TrainingOptions;
  /** A fresh map of clip(0.1 N(0,1), -.2, .2) added to each image; the caller's tensors are freed by the loop. */
  withNoise(images: FeatureMap[]): FeatureMap[];
}

/** Terms before weighting, and the weighted total that is differentiated; `skipped` names terms left out of this step. */
export interface Loss {
  total: tf.Scalar;
  terms: Record<string, tf.Scalar>;
  skipped?: string[];
}

export interface Method<Constants = unknown> {
  /** 'trained' networks follow the optimiser, 'ema' ones follow the student (equation 2). */
  readonly networks: Readonly<Record<string, 'trained' | 'ema'>>;
  forwards(batch: Batch, context: Context): Record<string, Forward>;
  /** Values without gradient computed from the outputs before the loss (pseudo-masks, uncertainty masks). */
  constants?(outputs: Record<string, Output>, batch: Batch, context: Context): Promise<Constants>;
  loss(outputs: Record<string, Output>, batch: Batch, context: Context, constants: Constants): Loss;
}
