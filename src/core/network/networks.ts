/** The segmentation networks by the name of the option `network`. */
import { DecileError } from '../errors.ts';
import { NETWORKS, type NetworkName } from '../options.ts';
import type { Random } from '../random.ts';
import { initWeights, type NetworkForward, type NetworkShape, type WeightShapes } from './network.ts';
import type { NetworkPlan } from './plan.ts';
import { plannedForward, plannedShapes } from './planned3d.ts';
import type { Weights } from './tape.ts';
import { unetForward, unetShapes } from './unet3d.ts';
import { vnetForward, vnetShapes } from './vnet3d.ts';

interface Network {
  shapes(shape: NetworkShape): WeightShapes;
  forward: NetworkForward;
}

const PAPERS: Record<Exclude<NetworkName, 'planned'>, Network> = {
  unet: { shapes: unetShapes, forward: unetForward },
  vnet: { shapes: vnetShapes, forward: vnetForward },
};

/**
 * The network of that name; throws `option/invalid` for any other. Runs from before there was a choice are U-Nets.
 * @param plan of the network `planned`, whose shape it is
 */
export function networkByName(name: NetworkName = 'unet', plan?: NetworkPlan): Network {
  if (name === 'planned') {
    if (!plan) throw new Error('A planned network must have its plan, got none.');
    return {
      shapes: (shape) => plannedShapes(plan, shape),
      forward: (tape, x, options) => plannedForward(plan, tape, x, options),
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
