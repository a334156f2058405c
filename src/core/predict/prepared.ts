/** Prediction of a prepared case, on the training grid, and how good it is there. */
import { IDENTITY } from '../geometry.ts';
import { dice } from '../metrics/dice.ts';
import { countOverlap } from '../metrics/overlap.ts';
import type { Kernels } from '../network/kernels.ts';
import type { Weights } from '../network/tape.ts';
import type { PatchSource } from '../train/patch-source.ts';
import { type Grid, type LabelMap, lpsPoint, spacingMm } from '../volume.ts';
import { slidingWindowInBody } from './inside-body.ts';
import { defaultStride, type Windowing } from './sliding-window.ts';

/** Whose weights, and how they read. */
export type Reading = Pick<Windowing, 'patch' | 'network' | 'plan'>;

/** One map a class, x fastest, as `slidingWindow` gives them. */
export const probabilitiesOf = (
  item: PatchSource,
  weights: Weights | readonly Weights[],
  kernels: Kernels,
  { patch, network, plan }: Reading,
  onWindow?: () => Promise<void>,
): Promise<Float32Array[]> =>
  slidingWindowInBody(
    item.readImage([0, 0, 0], item.size),
    item.size,
    item.body ?? null,
    weights,
    kernels,
    { patch, network, plan, stride: defaultStride(patch) },
    onWindow,
  );

/** The training grid in voxels: where it lies does not matter to an overlap. */
export const voxelGrid = ({ size }: Pick<PatchSource, 'size'>): Grid => ({
  size,
  spacing: spacingMm(1, 1, 1),
  origin: lpsPoint(0, 0, 0),
  direction: IDENTITY,
});

/** Dice of each class after background, percent. @param item with a mask */
export function diceOfCase(item: PatchSource, prediction: Uint8Array, classes: number): number[] {
  const onGrid = (data: Uint8Array): LabelMap => ({ ...voxelGrid(item), data });
  const truth = onGrid(item.readMask?.([0, 0, 0], item.size) as Uint8Array);
  const mask = onGrid(prediction);
  return Array.from({ length: classes - 1 }, (_, c) => dice(countOverlap(mask, truth, c + 1)));
}
