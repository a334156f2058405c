/** Convolutions by small matrix products in half precision, on tensors of the backend. */
import type * as tf from '@tensorflow/tfjs';
import type { WebgpuBackend } from './backend.ts';
import { addSlabs } from './ops/reduce.ts';
import { groupsFor } from './program.ts';
import { convolutionBytes, matrixConvolution, ROW } from './wgsl/conv-matrix.ts';
import { matrixWeights, weightsBytes } from './wgsl/conv-matrix-weights.ts';
import { largestOfGroups, scaleOfLargest, weightsInBlocks } from './wgsl/halves.ts';
import { type Products, SIDE } from './wgsl/products.ts';

/** Groups that fill a large chip; fewer of them do with less work each. */
const MANY_GROUPS = 528;
/** Groups that a weight gradient is spread over: fixed, so that results do not depend on the GPU. */
const WEIGHT_GROUPS = 792;
const SLAB_BYTES = 64 * 2 ** 20;
/** Groups that look for the largest size. */
const LOOKING = 1056;

type MapShape = [number, number, number, number, number];
const fourfold = (n: number): boolean => n % 4 === 0;
const blocksOf = (n: number): number => Math.ceil(n / SIDE);

const boxesOf = ({ rows }: Products, [, d, h, w]: MapShape, planes: number): [number, number, number] => [
  Math.ceil(w / ROW),
  Math.ceil(h / rows),
  Math.ceil(d / planes),
];

/** Planes of a group's box: more of them read less twice, fewer leave room for more groups at once. */
const [PLANES, WEIGHT_PLANES] = [
  [4, 2, 1],
  [2, 1],
];
const planesOf = (planes: readonly number[], shared: number, bytes: (planes: number) => number): number | undefined =>
  planes.find((many) => bytes(many) <= shared);
const planesOfConvolution = (products: Products, shared: number) =>
  planesOf(PLANES, shared, (planes) => convolutionBytes(products, planes));
const planesOfWeights = (products: Products, shared: number) =>
  planesOf(WEIGHT_PLANES, shared, (planes) => weightsBytes(products, planes, 2));
const sharedOf = (backend: WebgpuBackend) => backend.gpu.facts.limits.maxComputeWorkgroupStorageSize;

/** Output blocks of a group: as many as divide them, fewer where groups are few. */
function blocksAtOnce(blocks: number, boxes: number, many: number): number {
  const fitting = [4, 3, 2, 1].filter((many) => blocks % many === 0);
  return fitting.find((most) => (blocks / most) * boxes >= many) ?? (fitting.at(-1) as number);
}

/** Whether a chip with that much shared memory can do all of this. */
export const matricesFit = (products: Products, shared: number): boolean =>
  planesOfConvolution(products, shared) !== undefined && planesOfWeights(products, shared) !== undefined;

/** A power of two that brings the values of a map to sizes that half precision holds, and one through it; made once for each map. */
export function scaleOf(backend: WebgpuBackend, map: tf.TensorInfo): tf.TensorInfo {
  return backend.derived(map, 'scale', () => {
    const count = map.shape.reduce((a, b) => a * b, 1);
    const vector = fourfold(count);
    const items = vector ? count / 4 : count;
    const groups = Math.min(LOOKING, groupsFor(items));
    const [sizes, scale] = [backend.make([groups]), backend.make([2])];
    backend.run(largestOfGroups(vector), [map], [sizes], [items, groups], groups);
    backend.run(scaleOfLargest, [sizes], [scale], [groups], 1);
    backend.drop(sizes);
    return scale;
  });
}

function inBlocks(backend: WebgpuBackend, products: Products, w: tf.TensorInfo, turned: boolean): tf.TensorInfo {
  return backend.derived(w, turned ? 'turned halves' : 'halves', () => {
    const [c, k] = w.shape.slice(-2);
    const [rows, columns] = turned ? [k, c] : [c, k];
    const [rowsAll, columnsAll] = [SIDE * blocksOf(rows), SIDE * blocksOf(columns)];
    const count = 27 * rowsAll * columnsAll;
    const out = backend.make([products.half === 'f16' ? count / 2 : count]);
    backend.run(
      weightsInBlocks(products, turned),
      [w],
      [out],
      [count, rowsAll, columnsAll, rows, columns],
      groupsFor(count),
    );
    return out;
  });
}

/**
 * y = x * w for each image of x [N, D, H, W, C], w [3, 3, 3, C, K], or with `turned` the gradient dx from x = dy [N, D, H, W, K], which is
 * scaled for it.
 * @param many groups from which on each computes several blocks of channels
 */
export function convolveByMatrices(
  backend: WebgpuBackend,
  products: Products,
  x: tf.TensorInfo,
  w: tf.TensorInfo,
  shape: number[],
  turned: boolean,
  many = MANY_GROUPS,
): tf.TensorInfo {
  const [n, d, h, wd, c] = x.shape as MapShape;
  const k = shape[4];
  const planes = planesOfConvolution(products, sharedOf(backend)) as number;
  const [nx, ny, nz] = boxesOf(products, x.shape as MapShape, planes);
  const blocks = blocksAtOnce(blocksOf(k), n * nx * ny * nz, many);
  const across = blocksOf(k) / blocks;
  const y = backend.make(shape);
  const reads = [x, inBlocks(backend, products, w, turned), ...(turned ? [scaleOf(backend, x)] : [])];
  const form = { planes, blocks, vectorIn: fourfold(c), vectorOut: fourfold(k), scaled: turned };
  const words = [n, d, h, wd, c, k, nx, ny, nz, across, blocksOf(c), SIDE * blocksOf(k)];
  backend.run(matrixConvolution(products, form), reads, [y], words, n * across * nx * ny * nz);
  return y;
}

/** dw [3, 3, 3, C, K], summed over the images. */
export function weightsByMatrices(
  backend: WebgpuBackend,
  products: Products,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
): tf.TensorInfo {
  const [n, d, h, w, c] = x.shape as MapShape;
  const k = dy.shape[4];
  const planes = planesOfWeights(products, sharedOf(backend)) as number;
  const [nx, ny, nz] = boxesOf(products, x.shape as MapShape, planes);
  const boxes = n * nx * ny * nz;
  const blocks = blocksOf(k) % 2 === 0 ? 2 : 1;
  const [cGroups, kGroups] = [blocksOf(c), blocksOf(k) / blocks];
  const most = Math.min(boxes, Math.floor(SLAB_BYTES / (4 * 27 * c * k * planes)));
  const slabs = Math.max(1, Math.min(most, Math.ceil(WEIGHT_GROUPS / (cGroups * kGroups))));
  const shape = [3, 3, 3, c, k];
  const parts = slabs * planes;
  const partials = backend.make([parts, ...shape]);
  const form = { planes, blocks, vectorX: fourfold(c), vectorY: fourfold(k) };
  const words = [d, h, w, c, k, nx, ny, nz, boxes, slabs, cGroups, kGroups];
  backend.run(
    matrixWeights(products, form),
    [x, dy, scaleOf(backend, dy)],
    [partials],
    words,
    slabs * cGroups * kGroups,
  );
  if (parts === 1) return { ...partials, shape };
  const dw = addSlabs(backend, partials, parts, shape);
  backend.drop(partials);
  return dw;
}
