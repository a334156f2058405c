/** The one interface of every method. A method says what is read by which network and what the loss is; the loop does the rest. */
import type * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../network/kernels.ts';
import type { Weights } from '../network/tape.ts';
import type { TrainingOptions } from '../options.ts';
import type { PiecesKept } from '../predict/pieces.ts';
import type { Random } from '../random.ts';
import type { Box, MapSides } from './mixing.ts';
import type { PrototypeMemory } from './prototype-memory.ts';

/** One mini-batch. Images are single patches [1, D, H, W, channels]; masks are one-hot, [C, D, H, W]. */
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
  /** Logits of coarser levels under deep supervision, deep[level][k], finest first, each [C, D/s, H/s, W/s]. */
  deep?: tf.Tensor4D[][];
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
  /** Hands maps that `forwards` made to the loop, which frees them after the step. */
  own(images: FeatureMap[]): FeatureMap[];
  /** m ~ Beta(.2, .2), drawn at the first call of a step. */
  mixing(): number;
  /** The box that patches of these sides are mixed by, drawn at the first call of a step. */
  box(sides: MapSides): Box;
  /**
   * How many connected pieces all labelled scans show: what else a pseudo-mask shows is false. Absent: one piece of each label.
   */
  pieces?: PiecesKept;
  /** Set where the engine takes several images at once. */
  together?: boolean;
  /** Absent without `--prototype-memory`. */
  memory?: PrototypeMemory;
  /** For a method's own draws; its state is in the checkpoint. */
  random: Random;
}

/** Terms before weighting, and the weighted total that is differentiated; `skipped` names terms left out of this step. */
export interface Loss {
  total: tf.Scalar;
  terms: Record<string, tf.Scalar>;
  skipped?: string[];
}

export interface Method<Constants = unknown> {
  /** 'trained' networks follow SGD, 'ema' ones follow the student (equation 2), an 'adversary' follows its own loss. */
  readonly networks: Readonly<Record<string, NetworkKind>>;
  forwards(batch: Batch, context: Context): Record<string, Forward>;
  /** Values without gradient computed from the outputs before the loss (pseudo-masks, uncertainty masks). */
  constants?(outputs: Record<string, Output>, batch: Batch, context: Context): Promise<Constants>;
  /** `adversary` has the adversary's weights, constant here; absent where the method has none. */
  loss(
    outputs: Record<string, Output>,
    batch: Batch,
    context: Context,
    constants: Constants,
    adversary?: Weights,
  ): Loss;
  readonly adversary?: Adversary;
}

export type NetworkKind = 'trained' | 'ema' | 'adversary';

/** A network that is no U-Net and has a loss of its own, stepped by Adam on the outputs that the student was stepped on. */
export interface Adversary {
  init(classes: number, random: Random, inputChannels?: number): Weights;
  loss(weights: Weights, outputs: Record<string, Output>, batch: Batch, context: Context): tf.Scalar;
}
