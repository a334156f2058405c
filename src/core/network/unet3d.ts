import type { FeatureMap } from './kernels.ts';
import {
  FEATURE_BLOCK,
  type ForwardOptions,
  type NetworkOutput,
  type NetworkShape,
  type WeightShapes,
} from './network.ts';
import type { Tape } from './tape.ts';

const LEVELS = 4;

/** Every weight's name and shape, in the order of the forward pass. */
export function unetShapes({ width, inputChannels, classes }: NetworkShape): WeightShapes {
  const shapes: WeightShapes = [];
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

/** One forward pass. x is [1, D, H, W, inputChannels], sides divisible by 16; x stays the caller's. */
export function unetForward(tape: Tape, x: FeatureMap, options: ForwardOptions): NetworkOutput {
  let features: FeatureMap | undefined;
  const second = (map: FeatureMap, name: string) => {
    const y = tape.convNormRelu(map, `${name}.conv2`);
    if (name === FEATURE_BLOCK[options.features]) features = tape.keep(y);
    return y;
  };
  const block = (map: FeatureMap, name: string, wantsInputGradient = true) =>
    second(tape.convNormRelu(map, `${name}.conv1`, wantsInputGradient), name);
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
    map = second(tape.concatConvNormRelu(tape.release(skips[l]), up, `up${l}.conv1`), `up${l}`);
  }
  const logits = tape.conv1(dropout(map), 'out');
  return { logits, features: features as FeatureMap };
}
