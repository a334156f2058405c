/** How good a network is on cases with a mask that it does not learn from. */
import { IDENTITY } from '../geometry.ts';
import { dice } from '../metrics/dice.ts';
import { countOverlap } from '../metrics/overlap.ts';
import type { Kernels } from '../network/kernels.ts';
import type { NetworkPlan } from '../network/plan.ts';
import type { Weights } from '../network/tape.ts';
import type { NetworkName } from '../options.ts';
import type { PatchSource, Sides } from '../train/patch-source.ts';
import { type LabelMap, lpsPoint, spacingMm } from '../volume.ts';
import { argMax } from './arg-max.ts';
import { slidingWindowInBody } from './inside-body.ts';
import { defaultStride } from './sliding-window.ts';

/**
 * Mean Dice (percent) of a network, or of an ensemble, over cases, on the training grid.
 * @param cases each with a mask
 * @param classes with background
 * @param plan of the network `planned`
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
): Promise<{ dice: number; perClass: number[] }> {
  const sums = new Array<number>(classes - 1).fill(0);
  for (const item of cases) {
    const image = item.readImage([0, 0, 0], item.size);
    const truth = item.readMask?.([0, 0, 0], item.size) as Uint8Array;
    const stride = defaultStride(patch);
    const prediction = argMax(
      await slidingWindowInBody(image, item.size, item.body ?? null, weights, kernels, {
        patch,
        network,
        plan,
        stride,
      }),
    );
    const onGrid = (data: Uint8Array): LabelMap => ({
      size: item.size,
      spacing: spacingMm(1, 1, 1),
      origin: lpsPoint(0, 0, 0),
      direction: IDENTITY,
      data,
    });
    for (let c = 1; c < classes; c++) sums[c - 1] += dice(countOverlap(onGrid(prediction), onGrid(truth), c));
  }
  const perClass = sums.map((sum) => sum / cases.length);
  return { dice: perClass.reduce((a, b) => a + b, 0) / perClass.length, perClass };
}
