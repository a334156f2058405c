/** What a network says of its own Dice on a case with a mask, and what it is. */
import type { Kernels } from '../network/kernels.ts';
import type { Weights } from '../network/tape.ts';
import type { PatchSource } from '../train/patch-source.ts';
import { decide } from './decide.ts';
import { keepAgreed, type PiecesKept } from './pieces.ts';
import { diceOfCase, probabilitiesOf, type Reading, voxelGrid } from './prepared.ts';

/** Of each class after background, percent. */
export interface SaidAndTrue {
  readonly ownDice: number[];
  readonly dice: number[];
}

/**
 * Predicts a case on the training grid, as `predict` does on the scan's.
 * @param item with a mask
 * @param pieces connected pieces that the mask keeps
 * @param rare labels that `decide` weighs
 */
export async function saidAndTrue(
  weights: Weights | readonly Weights[],
  item: PatchSource,
  kernels: Kernels,
  { pieces, rare, ...reading }: Reading & { pieces: PiecesKept; rare?: readonly number[] },
  onWindow?: () => Promise<void>,
): Promise<SaidAndTrue> {
  const grid = voxelGrid(item);
  const maps = await probabilitiesOf(item, weights, kernels, reading, onWindow);
  const { mask, ownDice } = decide(maps, grid, grid, rare);
  keepAgreed(mask, pieces);
  return { ownDice, dice: diceOfCase(item, mask.data, ownDice.length + 1) };
}
