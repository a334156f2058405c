/** The convolution on matrix units, where a chip has them. */
import type * as tf from '@tensorflow/tfjs';
import type { WebgpuBackend } from './backend.ts';
import { groupsFor } from './program.ts';
import { bordered, halved, type MatrixSizes, type MatrixTile, matrixConvolution } from './wgsl/conv-matrix.ts';

/** Of NVIDIA, Apple and most others: threads that share a product. */
const THREADS = 32;
/** Sums that a group keeps, as products of the units: more need more registers than there are. */
const [MOST_TILES, MOST_BLOCKS] = [4, 4];

/** How a convolution of that shape is cut for units of these sizes; undefined where it is not a multiple of them. */
export function matrixTile(
  [, , , w, c]: readonly number[],
  k: number,
  { M, N, K }: MatrixSizes,
): MatrixTile | undefined {
  if (w % M !== 0 || c % K !== 0 || k % N !== 0) return undefined;
  const blocks = [MOST_BLOCKS, 2].find((many) => (k / N) % many === 0) ?? 1;
  return { M, N, K, tiles: MOST_TILES, blocks };
}

/** Groups of a dispatch. */
export const matrixGroups = ([, d, h, w]: readonly number[], k: number, { M, N, tiles, blocks }: MatrixTile): number =>
  Math.ceil((d * h * w) / M / tiles) * (k / (N * blocks));

/** y = x * w by half-precision products with float32 sums; x is [1, D, H, W, C], w [3, 3, 3, C, K]. */
export function convolveByMatrices(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  w: tf.TensorInfo,
  tile: MatrixTile,
): tf.TensorInfo {
  const [, d, h, wd, c] = x.shape;
  const k = w.shape[4];
  // Two halves take the place of a float.
  const room = (halves: number) => backend.make([Math.ceil(halves / 2)]);
  const [inBorder, weights] = [(d + 2) * (h + 2) * (wd + 2) * c, 27 * c * k];
  const [map, half] = [room(inBorder), room(weights)];
  backend.run(bordered(), [x], [map], [inBorder, d, h, wd, c], groupsFor(inBorder));
  backend.run(halved(), [w], [half], [weights], groupsFor(weights));
  const y = backend.make([1, d, h, wd, k]);
  backend.run(matrixConvolution(tile, THREADS), [map, half], [y], [d, h, wd, c, k], matrixGroups(x.shape, k, tile));
  backend.drop(map, half);
  return y;
}
