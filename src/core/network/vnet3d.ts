import type { FeatureMap } from './kernels.ts';
import {
  FEATURE_BLOCK,
  type ForwardOptions,
  type NetworkOutput,
  type NetworkShape,
  type WeightShapes,
} from './network.ts';
import type { Tape } from './tape.ts';
import { affineNormRelu, conv, double, halve, sum } from './vnet-ops.ts';

const LEVELS = 4;
/** Convolutions of the stage at each level, down and bottom; the way up has those of the level. */
const DOWN = [1, 2, 3, 3, 3] as const;
const UP = [1, 2, 3, 3] as const;

/** Every weight's name and shape, in the order of the forward pass. */
export function vnetShapes({ width, inputChannels, classes }: NetworkShape): WeightShapes {
  const shapes: WeightShapes = [];
  const layer = (name: string, weight: number[], to: number) => {
    shapes.push([`${name}.weight`, weight], [`${name}.bias`, [to]]);
    shapes.push([`${name}.scale`, [to]], [`${name}.shift`, [to]]);
  };
  const stage = (name: string, convs: number, from: number, to: number) => {
    for (let n = 1; n <= convs; n++) layer(`${name}.conv${n}`, [3, 3, 3, n === 1 ? from : to, to], to);
  };
  const channels = (level: number) => width * 2 ** level;
  for (let l = 0; l < LEVELS; l++) {
    stage(`down${l}`, DOWN[l], l === 0 ? inputChannels : channels(l), channels(l));
    layer(`down${l}.halve`, [2, 2, 2, channels(l), channels(l + 1)], channels(l + 1));
  }
  stage('bottom', DOWN[LEVELS], channels(LEVELS), channels(LEVELS));
  for (let l = LEVELS - 1; l >= 0; l--) {
    layer(`up${l}.double`, [channels(l + 1), 2, 2, 2, channels(l)], channels(l));
    stage(`up${l}`, UP[l], channels(l), channels(l));
  }
  shapes.push(['out.weight', [1, 1, 1, width, classes]], ['out.bias', [classes]]);
  return shapes;
}

/** One forward pass. x is [1, D, H, W, inputChannels], sides divisible by 16; x stays the caller's. */
export function vnetForward(tape: Tape, x: FeatureMap, options: ForwardOptions): NetworkOutput {
  let features: FeatureMap | undefined;
  const stage = (map: FeatureMap, name: string, convs: number, wantsInputGradient = true) => {
    let y = map;
    for (let n = 1; n <= convs; n++) {
      const layer = `${name}.conv${n}`;
      y = affineNormRelu(tape, conv(tape, y, layer, n > 1 || wantsInputGradient), layer);
    }
    if (name === FEATURE_BLOCK[options.features]) features = tape.keep(y);
    return y;
  };
  const dropout = (map: FeatureMap) => (options.dropout ? tape.mask(map, options.dropout(map.shape)) : map);

  const skips: FeatureMap[] = [];
  let map = tape.keep(x);
  for (let l = 0; l < LEVELS; l++) {
    skips.push(tape.keep(stage(map, `down${l}`, DOWN[l], l > 0)));
    map = affineNormRelu(tape, halve(tape, skips[l], `down${l}.halve`), `down${l}.halve`);
  }
  map = dropout(stage(map, 'bottom', DOWN[LEVELS]));
  for (let l = LEVELS - 1; l >= 0; l--) {
    const up = affineNormRelu(tape, double(tape, map, `up${l}.double`), `up${l}.double`);
    map = stage(sum(tape, up, tape.release(skips[l])), `up${l}`, UP[l]);
  }
  const logits = tape.conv1(dropout(map), 'out');
  return { logits, features: features as FeatureMap };
}
