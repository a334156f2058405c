/** What every segmentation network here is: named weights, and a function from weights and one image to logits and features. */
import * as tf from '@tensorflow/tfjs';
import type { PrototypeFeatures } from '../options.ts';
import type { Random } from '../random.ts';
import type { FeatureMap, PerAxis } from './kernels.ts';
import type { Tape, Weights } from './tape.ts';

export interface NetworkShape {
  /** Base width b: channels are b, 2b, 4b, 8b, 16b. */
  width: number;
  inputChannels: number;
  classes: number;
  /** Logits of coarser levels too, from heads of their own; planned networks alone. */
  deepSupervision?: boolean;
}

/** Of N patches. */
export interface NetworkOutput {
  /** [N, D, H, W, classes] */
  logits: FeatureMap;
  /** The map that prototypes are pooled from, after ReLU and before dropout, [N, D/s, H/s, W/s, C]. */
  features: FeatureMap;
  /** Logits of coarser levels, finest first, [N, D/s, H/s, W/s, classes]; empty or absent without deep supervision. */
  deep?: FeatureMap[];
}

export interface ForwardOptions {
  features: PrototypeFeatures;
  /** Draws a dropout mask (0 or 1/(1-p)) of this shape, or null for none. */
  dropout: ((shape: readonly number[]) => FeatureMap) | null;
  /** Also the logits of coarser levels. */
  deepSupervision?: boolean;
}

/**
 * A network on one patch [1, D, H, W, inputChannels], sides divisible as the network needs, or on N of them where the engine takes
 * several at once; x stays the caller's.
 */
export type NetworkForward = (tape: Tape, x: FeatureMap, options: ForwardOptions) => NetworkOutput;

/** What a pass makes of one patch, known before it runs. */
export interface PatchShapes {
  /** Dropout masks in the order in which they are drawn, [1, D/s, H/s, W/s, C] each. */
  masks: number[][];
  /** Values of the largest map. */
  largest: number;
}

/**
 * @param weights of any network here: they share the names of the bottom and of the last layer
 * @param x shape of the patch, [1, D, H, W, inputChannels]
 * @param coarser by how much the bottom is, along each axis
 * @param widest channels of the largest map, over the base width
 */
export function patchShapes(
  weights: Weights,
  [, d, h, w, channels]: readonly number[],
  [fd, fh, fw]: PerAxis,
  widest: number,
): PatchShapes {
  const [width, classes] = weights['out.weight'].shape.slice(3);
  const bottom = weights['bottom.conv2.weight'].shape[4] as number;
  return {
    masks: [
      [1, d / fd, h / fh, w / fw, bottom],
      [1, d, h, w, width],
    ],
    largest: d * h * w * Math.max(channels, classes, widest * width),
  };
}

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
