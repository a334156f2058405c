/** What a network says of its own Dice on a case with a mask, and what it is. */
import { IDENTITY } from '../geometry.ts';
import { dice } from '../metrics/dice.ts';
import { countOverlap } from '../metrics/overlap.ts';
import type { Kernels } from '../network/kernels.ts';
import type { NetworkPlan } from '../network/plan.ts';
import type { Weights } from '../network/tape.ts';
import type { NetworkName } from '../options.ts';
import type { PatchSource, Sides } from '../train/patch-source.ts';
import { type Grid, lpsPoint, spacingMm } from '../volume.ts';
import { decide } from './decide.ts';
import { slidingWindowInBody } from './inside-body.ts';
import { keepPieces } from './pieces.ts';
import { defaultStride } from './sliding-window.ts';

/** Of each class after background, percent. */
export interface SaidAndTrue {
  readonly ownDice: number[];
  readonly dice: number[];
}

/**
 * Predicts a case on the training grid, as `predict` does on the scan's.
 * @param item with a mask
 * @param pieces connected pieces that each class after background keeps; null for all
 */
export async function saidAndTrue(
  weights: Weights | readonly Weights[],
  item: PatchSource,
  kernels: Kernels,
  {
    patch,
    network,
    plan,
    pieces,
  }: { patch: Sides; network: NetworkName; plan?: NetworkPlan; pieces: readonly (number | null)[] },
  onWindow?: () => Promise<void>,
): Promise<SaidAndTrue> {
  const { size, body } = item;
  const grid: Grid = {
    size,
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: IDENTITY,
  };
  const probabilities = await slidingWindowInBody(
    item.readImage([0, 0, 0], size),
    size,
    body ?? null,
    weights,
    kernels,
    { patch, network, plan, stride: defaultStride(patch) },
    onWindow,
  );
  const { mask, ownDice } = decide(probabilities, grid, grid);
  for (const [c, count] of pieces.entries()) if (count !== null) keepPieces(mask, c + 1, count);
  const truth = { ...grid, data: item.readMask?.([0, 0, 0], size) ?? new Uint8Array() };
  return { ownDice, dice: ownDice.map((_, c) => dice(countOverlap(mask, truth, c + 1))) };
}
