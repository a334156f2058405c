/** What every segmentation network here is: named weights, and a function from weights and one image to logits and features. */
import * as tf from '@tensorflow/tfjs';
import type { PrototypeFeatures } from '../options.ts';
import type { Random } from '../random.ts';
import type { FeatureMap } from './kernels.ts';
import type { Tape, Weights } from './tape.ts';

export interface NetworkShape {
  /** Base width b: channels are b, 2b, 4b, 8b, 16b. */
  width: number;
  inputChannels: number;
  classes: number;
  /** Logits of coarser levels too, from heads of their own; planned networks alone. */
  deepSupervision?: boolean;
}

export interface NetworkOutput {
  /** [1, D, H, W, classes] */
  logits: FeatureMap;
  /** The map that prototypes are pooled from, after ReLU and before dropout, [1, D/s, H/s, W/s, C]. */
  features: FeatureMap;
  /** Logits of coarser levels, finest first, [1, D/s, H/s, W/s, classes]; empty or absent without deep supervision. */
  deep?: FeatureMap[];
}

export interface ForwardOptions {
  features: PrototypeFeatures;
  /** Draws a dropout mask (0 or 1/(1-p)) of this shape, or null for none. */
  dropout: ((shape: readonly number[]) => FeatureMap) | null;
  /** Also the logits of coarser levels. */
  deepSupervision?: boolean;
}

/** A network on one patch [1, D, H, W, inputChannels], sides divisible as the network needs; x stays the caller's. */
export type NetworkForward = (tape: Tape, x: FeatureMap, options: ForwardOptions) => NetworkOutput;

/** Every weight's name and shape, in the order of the forward pass; fan-in where it is not that of a convolution. */
export type WeightShapes = [name: string, shape: number[], fanIn?: number][];

/** The block whose output is each choice of prototype features; both networks name their blocks alike. */
export const FEATURE_BLOCK: Record<PrototypeFeatures, string> = {
  bottleneck: 'bottom',
  'decoder-1/8': 'up3',
  'decoder-1/4': 'up2',
  'decoder-1/2': 'up1',
};

/** Kaiming-normal (fan-in) weights, scales of 1, everything else 0. */
export function initWeights(shapes: WeightShapes, random: Random): Weights {
  return Object.fromEntries(
    shapes.map(([name, sides, fanIn]) => {
      const size = sides.reduce((a, b) => a * b, 1);
      const values = new Float32Array(size);
      if (name.endsWith('.scale')) values.fill(1);
      if (name.endsWith('.weight')) {
        const deviation = Math.sqrt(2 / (fanIn ?? size / sides[sides.length - 1]));
        for (let i = 0; i < size; i++) values[i] = deviation * random.normal();
      }
      return [name, tf.tensor(values, sides)];
    }),
  );
}

export const parameterCount = (weights: Weights): number => Object.values(weights).reduce((sum, w) => sum + w.size, 0);
