/** The segmentation networks by the name of the option `network`. */
import { DecileError } from '../errors.ts';
import { NETWORKS, type NetworkName } from '../options.ts';
import type { Random } from '../random.ts';
import type { PerAxis } from './kernels.ts';
import {
  initWeights,
  type NetworkForward,
  type NetworkShape,
  type PatchShapes,
  patchShapes,
  type WeightShapes,
} from './network.ts';
import { divisorsOf, type NetworkPlan } from './plan.ts';
import { plannedForward, plannedShapes } from './planned3d.ts';
import type { Weights } from './tape.ts';
import { unetForward, unetShapes } from './unet3d.ts';
import { vnetForward, vnetShapes } from './vnet3d.ts';

interface Network {
  shapes(shape: NetworkShape): WeightShapes;
  forward: NetworkForward;
  /** @param x shape of one patch, [1, D, H, W, inputChannels] */
  patchShapes(weights: Weights, x: readonly number[]): PatchShapes;
}

/** Of the networks with four levels below full resolution. */
const SIXTEENTH: PerAxis = [16, 16, 16];

const PAPERS: Record<Exclude<NetworkName, 'planned'>, Network> = {
  // A skip of the base width beside an upsampled map of twice that.
  unet: {
    shapes: unetShapes,
    forward: unetForward,
    patchShapes: (weights, x) => patchShapes(weights, x, SIXTEENTH, 3),
  },
  vnet: {
    shapes: vnetShapes,
    forward: vnetForward,
    patchShapes: (weights, x) => patchShapes(weights, x, SIXTEENTH, 1),
  },
};

/**
 * The network of that name; throws `option/invalid` for any other. Runs from before there was a choice are U-Nets.
 * @param plan of the network `planned`, whose shape it is
 */
export function networkByName(name: NetworkName = 'unet', plan?: NetworkPlan): Network {
  if (name === 'planned') {
    if (!plan) throw new Error('A planned network must have its plan, got none.');
    const [x, y, z] = divisorsOf(plan);
    return {
      shapes: (shape) => plannedShapes(plan, shape),
      forward: (tape, x, options) => plannedForward(plan, tape, x, options),
      patchShapes: (weights, patch) => patchShapes(weights, patch, [z, y, x], 2),
    };
  }
  const network = PAPERS[name];
  if (!network)
    throw new DecileError(
      'option/invalid',
      `--network must be one of ${NETWORKS.join(', ')}, got ${name}.`,
      'Check the spelling.',
    );
  return network;
}

export const initNetwork = (name: NetworkName, shape: NetworkShape, random: Random, plan?: NetworkPlan): Weights =>
  initWeights(networkByName(name, plan).shapes(shape), random);
