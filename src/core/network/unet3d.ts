/** The 3D U-Net of the paper's experiments (method section 2): weights and one image in, logits and features out. */
import * as tf from '@tensorflow/tfjs';
import type { PrototypeFeatures } from '../options.ts';
import type { Random } from '../random.ts';
import type { FeatureMap } from './kernels.ts';
import type { Tape, Weights } from './tape.ts';

export interface UNetShape {
  /** Base width b: channels are b, 2b, 4b, 8b, 16b. */
  width: number;
  inputChannels: number;
  classes: number;
}

export interface NetworkOutput {
  /** [1, D, H, W, classes] */
  logits: FeatureMap;
  /** The map that prototypes are pooled from, after ReLU and before dropout, [1, D/s, H/s, W/s, C]. */
  features: FeatureMap;
}

const LEVELS = 4;

/** Every weight's name and shape, in the order of the forward pass. */
export function unetShapes({ width, inputChannels, classes }: UNetShape): [name: string, shape: number[]][] {
  const shapes: [string, number[]][] = [];
  const block = (name: string, from: number, to: number) => {
    for (const [conv, c] of [
      ['conv1', from],
      ['conv2', to],
    ] as const) {
      shapes.push([`${name}.${conv}.weight`, [3, 3, 3, c, to]], [`${name}.${conv}.bias`, [to]]);
    }
  };
  const channels = (level: number) => width * 2 ** level;
  for (let l = 0; l < LEVELS; l++) block(`down${l}`, l === 0 ? inputChannels : channels(l - 1), channels(l));
  block('bottom', channels(LEVELS - 1), channels(LEVELS));
  for (let l = LEVELS - 1; l >= 0; l--) block(`up${l}`, channels(l) + channels(l + 1), channels(l));
  shapes.push(['out.weight', [1, 1, 1, width, classes]], ['out.bias', [classes]]);
  return shapes;
}

/** Kaiming-normal (fan-in) weights, zero biases. */
export function initUNet(shape: UNetShape, random: Random): Weights {
  return Object.fromEntries(
    unetShapes(shape).map(([name, sides]) => {
      const size = sides.reduce((a, b) => a * b, 1);
      const values = new Float32Array(size);
      if (name.endsWith('.weight')) {
        const deviation = Math.sqrt(2 / (size / sides[sides.length - 1]));
        for (let i = 0; i < size; i++) values[i] = deviation * random.normal();
      }
      return [name, tf.tensor(values, sides)];
    }),
  );
}

export const parameterCount = (weights: Weights): number => Object.values(weights).reduce((sum, w) => sum + w.size, 0);

export interface ForwardOptions {
  features: PrototypeFeatures;
  /** Draws a dropout mask (0 or 1/(1-p)) of this shape, or null for none. */
  dropout: ((shape: readonly number[]) => FeatureMap) | null;
}

const FEATURE_BLOCK: Record<PrototypeFeatures, string> = {
  bottleneck: 'bottom',
  'decoder-1/8': 'up3',
  'decoder-1/4': 'up2',
  'decoder-1/2': 'up1',
};

/** One forward pass. x is [1, D, H, W, inputChannels], sides divisible by 16; x stays the caller's. */
export function unetForward(tape: Tape, x: FeatureMap, options: ForwardOptions): NetworkOutput {
  let features: FeatureMap | undefined;
  const block = (map: FeatureMap, name: string, wantsInputGradient = true) => {
    const y = tape.convNormRelu(tape.convNormRelu(map, `${name}.conv1`, wantsInputGradient), `${name}.conv2`);
    if (name === FEATURE_BLOCK[options.features]) features = tape.keep(y);
    return y;
  };
  const dropout = (map: FeatureMap) => (options.dropout ? tape.mask(map, options.dropout(map.shape)) : map);

  const skips: FeatureMap[] = [];
  let map = tape.keep(x);
  for (let l = 0; l < LEVELS; l++) {
    skips.push(tape.keep(block(map, `down${l}`, l > 0)));
    map = tape.maxPool(skips[l]);
  }
  map = dropout(block(map, 'bottom'));
  for (let l = LEVELS - 1; l >= 0; l--) {
    const up = tape.upsample(map);
    map = block(tape.concat(tape.release(skips[l]), up), `up${l}`);
  }
  const logits = tape.conv1(dropout(map), 'out');
  return { logits, features: features as FeatureMap };
}
