/** The heavy kernels of the webgpu engine on tensors of its backend, and the set that networks take. */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, type FeatureMap, HALVES, type Kernels, type PerAxis } from '../../core/network/kernels.ts';
import { middleTaps, withZeroTaps } from '../../core/network/taps.ts';
import { checkConvolution } from '../backend/products.ts';
import type { WebgpuBackend } from './backend.ts';
import { drawKernels } from './draws.ts';
import { fillsBlocks, type Halves } from './halves.ts';
import { convolveByMatrices, matricesFit, weightsByMatrices } from './matrix-conv.ts';
import { normKernels } from './norms.ts';
import { addSlabs } from './ops/reduce.ts';
import { groupsFor, type Program } from './program.ts';
import { updateKernels } from './updates.ts';
import { convolution, convTile, ROW } from './wgsl/conv.ts';
import { BOX, convolutionWeights, weightsTile } from './wgsl/conv-weights.ts';
import { byUnits, type Products } from './wgsl/products.ts';
import { maxPool, maxPoolGrad, upsample, upsampleGrad } from './wgsl/resample.ts';
import { windowSumKernels } from './window-sums.ts';

const NAME = 'webgpu';
/** Groups that a weight gradient is spread over: fixed, so that results do not depend on the GPU. */
const WEIGHT_GROUPS = 1024;
const SLAB_BYTES = 64 * 2 ** 20;

/** N, D, H, W, C */
type MapShape = [number, number, number, number, number];
const fourfold = (n: number): boolean => n % 4 === 0;

/** y = x * w for each image of x; w is [27, C, K]. With `turned` w is [27, K, C], turned round and its channels swapped. */
function convolve(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  w: tf.TensorInfo,
  shape: number[],
  turned = false,
): tf.TensorInfo {
  const [n, d, h, wd, c] = x.shape as MapShape;
  const k = shape[4];
  const { maxComputeWorkgroupStorageSize: shared, maxComputeInvocationsPerWorkgroup: threads } =
    backend.gpu.facts.limits;
  const tile = convTile(k, shared, threads);
  const boxes = [Math.ceil(wd / ROW), Math.ceil(h / tile.y), Math.ceil(d / tile.z)];
  const blocks = Math.ceil(k / (4 * tile.fours));
  const y = backend.make(shape);
  const groups = n * blocks * boxes[0] * boxes[1] * boxes[2];
  const words = [n, d, h, wd, c, k, ...boxes, blocks];
  const program = convolution(tile, { vectorIn: fourfold(c), vectorOut: fourfold(k), turned });
  backend.run(program, [x, w], [y], words, groups);
  return y;
}

/** dx of y = x * w from dy. */
const convolveInput = (backend: WebgpuBackend, dy: tf.TensorInfo, w: tf.TensorInfo, shape: number[]): tf.TensorInfo =>
  convolve(backend, dy, w, shape, true);

/** dw [3, 3, 3, C, K], summed over the images. */
function convolveWeights(backend: WebgpuBackend, x: tf.TensorInfo, dy: tf.TensorInfo): tf.TensorInfo {
  const [n, d, h, w, c] = x.shape as MapShape;
  const k = dy.shape[4];
  const { maxComputeWorkgroupStorageSize: shared, maxComputeInvocationsPerWorkgroup: threads } =
    backend.gpu.facts.limits;
  const tile = weightsTile(c, k, shared, threads);
  const ci = Math.min(4, c);
  const [nx, ny, nz] = [Math.ceil(w / BOX.x), Math.ceil(h / BOX.y), Math.ceil(d / BOX.z)];
  const boxes = n * nx * ny * nz;
  const [cGroups, kGroups] = [Math.ceil(c / (ci * tile.blocks)), Math.ceil(k / (4 * tile.fours))];
  const most = Math.min(boxes, Math.floor(SLAB_BYTES / (4 * 27 * c * k)));
  const slabs = Math.max(1, Math.min(most, Math.ceil(WEIGHT_GROUPS / (cGroups * kGroups))));
  const shape = [3, 3, 3, c, k];
  const partials = backend.make([slabs, ...shape]);
  const words = [d, h, w, c, k, nx, ny, nz, boxes, slabs, cGroups, kGroups];
  const program = convolutionWeights(tile, ci, fourfold(c), fourfold(k));
  backend.run(program, [x, dy], [partials], words, slabs * cGroups * kGroups);
  if (slabs === 1) return { ...partials, shape };
  const dw = addSlabs(backend, partials, slabs, shape);
  backend.drop(partials);
  return dw;
}

export const convolutions = { convolve, convolveInput, convolveWeights };

/** Of every image alike. */
const check = (x: readonly number[], w: readonly number[]): void => checkConvolution(NAME, [1, ...x.slice(1)], w);

/**
 * The set for src/core; the webgpu backend must be current.
 * @param halves convolutions by matrix units, where the chip has some; what was measured to be faster by default
 */
export function webgpuKernels({ halves }: { halves?: Halves } = {}): Kernels {
  const backend = tf.backend() as WebgpuBackend;
  const { matrixUnits, limits } = backend.gpu.facts;
  const units = byUnits();
  const there = matrixUnits && matricesFit(units, limits.maxComputeWorkgroupStorageSize);
  const chosen = halves ?? backend.halves;
  const productsFor = (kind: keyof Halves, c: number, k: number): Products | undefined =>
    there && chosen[kind] && fillsBlocks(c, k) ? units : undefined;
  const tensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info) as FeatureMap;
  const withChannels = (x: FeatureMap, c: number) => [...x.shape.slice(0, 4), c];

  /** A kernel over `elements`, told the sides of the smaller map. */
  const resample = (
    make: (vector: boolean) => Program,
    reads: FeatureMap[],
    shape: number[],
    elements: readonly number[],
    small: readonly number[],
  ) => {
    const out = backend.make(shape);
    const four = fourfold(shape[4]) ? 4 : 1;
    const count = elements.reduce((a, b) => a * b, 1) / four;
    backend.run(make(four === 4), reads, [out], [count, ...small.slice(1, 4), shape[4] / four], groupsFor(count));
    return tensor(out);
  };
  const times = ([n, d, h, w, c]: number[], [fd, fh, fw]: PerAxis) => [n, d * fd, h * fh, w * fw, c];
  const over = ([n, d, h, w, c]: number[], [fd, fh, fw]: PerAxis) => [n, d / fd, h / fh, w / fw, c];

  return {
    mostTogether: backend.gpu.mostBytes / 4,
    conv3d(x, w) {
      check(x.shape, w.shape);
      const products = productsFor('forward', w.shape[3], w.shape[4]);
      const shape = withChannels(x, w.shape[4]);
      return tf.tidy(() => {
        const cube = withZeroTaps(w);
        return tensor(
          products ? convolveByMatrices(backend, products, x, cube, shape, false) : convolve(backend, x, cube, shape),
        );
      });
    },
    conv3dGradInput(dy, w) {
      check(withChannels(dy, w.shape[3]), w.shape);
      const products = productsFor('input', w.shape[3], w.shape[4]);
      const shape = withChannels(dy, w.shape[3]);
      return tf.tidy(() => {
        const cube = withZeroTaps(w);
        return tensor(
          products
            ? convolveByMatrices(backend, products, dy, cube, shape, true)
            : convolveInput(backend, dy, cube, shape),
        );
      });
    },
    conv3dGradWeights(x, dy, kernel) {
      check(x.shape, [...kernel, x.shape[4], dy.shape[4]]);
      const products = productsFor('weights', x.shape[4], dy.shape[4]);
      const dw = tensor(
        products ? weightsByMatrices(backend, products, x, dy) : convolveWeights(backend, x, dy),
      ) as ConvWeights;
      if (kernel.every((side) => side === 3)) return dw;
      const middle = middleTaps(dw, kernel);
      dw.dispose();
      return middle;
    },
    ...normKernels(backend),
    ...updateKernels(backend),
    ...drawKernels(backend),
    ...windowSumKernels(backend),
    maxPool(x, factors) {
      const y = over(x.shape, factors);
      return resample((vector) => maxPool(factors, vector), [x], y, y, y);
    },
    maxPoolGrad: (dy, x, y, factors) =>
      resample((vector) => maxPoolGrad(factors, vector), [dy, x, y], x.shape, y.shape, y.shape),
    upsample(x) {
      const y = times(x.shape, HALVES);
      return resample(upsample, [x], y, y, x.shape);
    },
    upsampleGrad(dy) {
      const dx = over(dy.shape, HALVES);
      return resample(upsampleGrad, [dy], dx, dx, dx);
    },
  };
}
