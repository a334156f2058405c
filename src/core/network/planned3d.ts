/**
 * The network of a plan: a U-Net of two convolutions a level, each with instance norm (scale and shift) and leaky ReLU;
 * max-pooling down and transposed convolutions up, along the axes that the plan says.
 */
import type { PrototypeFeatures } from '../options.ts';
import type { FeatureMap } from './kernels.ts';
import type { ForwardOptions, NetworkOutput, NetworkShape, WeightShapes } from './network.ts';
import type { NetworkPlan } from './plan.ts';
import { concatConv, normLeaky, transposedConv } from './planned-ops.ts';
import type { Tape } from './tape.ts';
import { conv } from './vnet-ops.ts';

/** Coarser levels whose maps give logits of their own under deep supervision, where there are so many. */
const DEEP_LEVELS = [1, 2];
const deepLevels = ({ pools }: NetworkPlan): number[] => DEEP_LEVELS.filter((level) => level < pools.length);

/** Every weight's name and shape, in the order of the forward pass. No bias stands before a norm, where it would cancel. */
export function plannedShapes(
  plan: NetworkPlan,
  { inputChannels, classes, deepSupervision = false }: Omit<NetworkShape, 'width'>,
): WeightShapes {
  const { channels, kernels, pools } = plan;
  const shapes: WeightShapes = [];
  const layer = (name: string, level: number, from: number) => {
    const to = channels[level];
    shapes.push([`${name}.weight`, [...kernels[level], from, to]], [`${name}.scale`, [to]], [`${name}.shift`, [to]]);
  };
  const block = (name: string, level: number, from: number) => {
    layer(`${name}.conv1`, level, from);
    layer(`${name}.conv2`, level, channels[level]);
  };
  const head = (name: string, from: number) =>
    shapes.push([`${name}.weight`, [1, 1, 1, from, classes]], [`${name}.bias`, [classes]]);
  pools.forEach((_, level) => {
    block(`down${level}`, level, level === 0 ? inputChannels : channels[level - 1]);
  });
  const bottom = pools.length;
  block('bottom', bottom, bottom === 0 ? inputChannels : channels[bottom - 1]);
  for (let level = bottom - 1; level >= 0; level--) {
    const [from, to] = [channels[level + 1], channels[level]];
    // Each output voxel is read from one voxel: its fan-in is the channels alone.
    shapes.push([`up${level}.transposed.weight`, [from, ...pools[level], to], from]);
    block(`up${level}`, level, 2 * to);
  }
  if (deepSupervision) for (const level of deepLevels(plan)) head(`out${level}`, channels[level]);
  head('out', channels[0]);
  return shapes;
}

/** The block that prototypes are pooled from; where a plan has fewer levels, its coarsest on the way up, or the bottom. */
function featureBlock(features: PrototypeFeatures, { pools }: NetworkPlan): string {
  const wanted = { bottleneck: pools.length, 'decoder-1/8': 3, 'decoder-1/4': 2, 'decoder-1/2': 1 }[features];
  const level = features === 'bottleneck' ? wanted : Math.min(wanted, pools.length - 1);
  return level < 0 || level === pools.length ? 'bottom' : `up${level}`;
}

/** One forward pass. x is [1, D, H, W, inputChannels], sides divisible as the plan needs; x stays the caller's. */
export function plannedForward(
  plan: NetworkPlan,
  tape: Tape,
  x: FeatureMap,
  { features: choice, dropout: draw, deepSupervision = false }: ForwardOptions,
): NetworkOutput {
  const { pools } = plan;
  const wanted = featureBlock(choice, plan);
  let features: FeatureMap | undefined;
  const layer = (map: FeatureMap, name: string, wantsInputGradient = true) =>
    normLeaky(tape, conv(tape, map, name, wantsInputGradient), name);
  const second = (map: FeatureMap, name: string) => {
    const y = layer(map, `${name}.conv2`);
    if (name === wanted) features = tape.keep(y);
    return y;
  };
  const block = (map: FeatureMap, name: string, wantsInputGradient = true) =>
    second(layer(map, `${name}.conv1`, wantsInputGradient), name);
  const dropout = (map: FeatureMap) => (draw ? tape.mask(map, draw(map.shape)) : map);

  const skips: FeatureMap[] = [];
  const deep: FeatureMap[] = [];
  let map = tape.keep(x);
  pools.forEach((factors, level) => {
    skips.push(tape.keep(block(map, `down${level}`, level > 0)));
    map = tape.maxPool(skips[level], factors);
  });
  map = dropout(block(map, 'bottom', pools.length > 0));
  for (let level = pools.length - 1; level >= 0; level--) {
    const name = `up${level}`;
    const up = transposedConv(tape, map, `${name}.transposed`);
    const joined = concatConv(tape, tape.release(skips[level]), up, `${name}.conv1`);
    map = second(normLeaky(tape, joined, `${name}.conv1`), name);
    if (!deepSupervision || !deepLevels(plan).includes(level)) continue;
    deep.unshift(tape.conv1(tape.keep(map), `out${level}`));
    if (map !== features) tape.release(map);
  }
  const logits = tape.conv1(dropout(map), 'out');
  return { logits, features: features as FeatureMap, deep };
}
