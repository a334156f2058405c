/** The segmentation networks by the name of the option `network`. */
import { DecileError } from '../errors.ts';
import { NETWORKS, type NetworkName } from '../options.ts';
import type { Random } from '../random.ts';
import { initWeights, type NetworkForward, type NetworkShape, type WeightShapes } from './network.ts';
import type { Weights } from './tape.ts';
import { unetForward, unetShapes } from './unet3d.ts';
import { vnetForward, vnetShapes } from './vnet3d.ts';

interface Network {
  shapes(shape: NetworkShape): WeightShapes;
  forward: NetworkForward;
}

const REGISTRY: Record<NetworkName, Network> = {
  unet: { shapes: unetShapes, forward: unetForward },
  vnet: { shapes: vnetShapes, forward: vnetForward },
};

/** The network of that name; throws `option/invalid` for any other. Runs from before there was a choice are U-Nets. */
export function networkByName(name: NetworkName = 'unet'): Network {
  const network = REGISTRY[name];
  if (!network)
    throw new DecileError(
      'option/invalid',
      `--network must be one of ${NETWORKS.join(', ')}, got ${name}.`,
      'Check the spelling.',
    );
  return network;
}

export const initNetwork = (name: NetworkName, shape: NetworkShape, random: Random): Weights =>
  initWeights(networkByName(name).shapes(shape), random);
