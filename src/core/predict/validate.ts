/** How good a network is on cases with a mask that it does not learn from. */
import type { Kernels } from '../network/kernels.ts';
import type { NetworkPlan } from '../network/plan.ts';
import type { Weights } from '../network/tape.ts';
import type { NetworkName } from '../options.ts';
import type { PatchSource, Sides } from '../train/patch-source.ts';
import { argMax } from './arg-max.ts';
import { diceOfCase, probabilitiesOf } from './prepared.ts';
import { rareWeights } from './rare-weights.ts';

/**
 * Mean Dice (percent) of a network, or of an ensemble, over cases, on the training grid.
 * @param cases each with a mask
 * @param classes with background
 * @param plan of the network `planned`
 * @param rare labels that `decide` weighs
 * @returns perClass without background; dice is their mean
 */
export async function validate(
  weights: Weights | readonly Weights[],
  cases: readonly PatchSource[],
  patch: Sides,
  classes: number,
  kernels: Kernels,
  network: NetworkName,
  plan?: NetworkPlan,
  rare: readonly number[] = [],
): Promise<{ dice: number; perClass: number[] }> {
  const found: number[][] = [];
  for (const item of cases) {
    const maps = await probabilitiesOf(item, weights, kernels, { patch, network, plan });
    const prediction = argMax(maps, rareWeights(maps, rare));
    found.push(diceOfCase(item, prediction, classes));
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const perClass = Array.from({ length: classes - 1 }, (_, c) => mean(found.map((dice) => dice[c])));
  return { dice: mean(perClass), perClass };
}
