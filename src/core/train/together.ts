/** Which patches of a step go through a network together. */
import type { Forward } from '../methods/method.ts';
import type { FeatureMap } from '../network/kernels.ts';

/** A patch and the forward pass that reads it. */
export interface Reading {
  role: string;
  spec: Forward;
  image: FeatureMap;
}

/**
 * The patches of all forward passes in their order, in groups that one pass reads: neighbours that the same network reads alike.
 * @param most patches of a group, by the network and one patch
 */
export function groupsOf(
  forwards: Record<string, Forward>,
  most: (network: string, image: FeatureMap) => number,
): Reading[][] {
  const groups: Reading[][] = [];
  for (const [role, spec] of Object.entries(forwards))
    for (const image of spec.images) {
      const last = groups.at(-1);
      if (last && isAlike(last[0], spec, image) && last.length < most(spec.network, image))
        last.push({ role, spec, image });
      else groups.push([{ role, spec, image }]);
    }
  return groups;
}

const isAlike = (first: Reading, spec: Forward, image: FeatureMap): boolean =>
  first.spec.network === spec.network &&
  first.spec.gradient === spec.gradient &&
  first.spec.dropout === spec.dropout &&
  first.image.shape.every((side, axis) => side === image.shape[axis]);
