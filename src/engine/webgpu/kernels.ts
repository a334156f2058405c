/** The heavy kernels of the webgpu engine on tensors of its backend, and the set that networks take. */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, type FeatureMap, type Kernels, NORM_EPSILON } from '../../core/network/kernels.ts';
import { portableKernels } from '../../core/network/portable-kernels.ts';
import { middleTaps, withZeroTaps } from '../../core/network/taps.ts';
import { checkConvolution } from '../backend/products.ts';
import type { WebgpuBackend } from './backend.ts';
import { addSlabs, groupShape } from './ops/reduce.ts';
import { turnedWeights } from './ops/shape.ts';
import { bits, groupsFor } from './program.ts';
import { updateKernels } from './updates.ts';
import { convolution, convTile, ROW } from './wgsl/conv.ts';
import { BOX, convolutionWeights, weightsTile } from './wgsl/conv-weights.ts';
import {
  chunkLeakySlopes,
  chunkMoments,
  chunkSlopes,
  joinMoments,
  joinSlopes,
  joinSums,
  joinsAlone,
  normalise,
  normaliseGrad,
  normaliseLeaky,
  normaliseLeakyGrad,
} from './wgsl/norm.ts';
import { maxPool, maxPoolGrad, upsample, upsampleGrad } from './wgsl/resample.ts';

const NAME = 'webgpu';
/** Groups that a weight gradient is spread over: fixed, so that results do not depend on the GPU. */
const WEIGHT_GROUPS = 1024;
const SLAB_BYTES = 64 * 2 ** 20;
/** Chunks of voxels that statistics are taken of, at most; voxels of a chunk for each thread, at least. */
const CHUNKS = 1024;
const PER_THREAD = 16;

const sidesOf = (map: { shape: number[] }): [number, number, number, number] => {
  const [d, h, w, c] = map.shape.slice(-4);
  return [d, h, w, c];
};
const halves = (factors: readonly number[]): boolean => factors.every((factor) => factor === 2);
const fourfold = (n: number): boolean => n % 4 === 0;

/** y = x * w for one image of sides d, h, w; w is [27, C, K]. */
function convolve(backend: WebgpuBackend, x: tf.TensorInfo, w: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const [d, h, wd, c] = sidesOf(x);
  const k = shape[4];
  const { maxComputeWorkgroupStorageSize: shared, maxComputeInvocationsPerWorkgroup: threads } =
    backend.gpu.facts.limits;
  const tile = convTile(k, shared, threads);
  const boxes = [Math.ceil(wd / ROW), Math.ceil(h / tile.y), Math.ceil(d / tile.z)];
  const blocks = Math.ceil(k / (4 * tile.fours));
  const y = backend.make(shape);
  const groups = blocks * boxes[0] * boxes[1] * boxes[2];
  backend.run(convolution(tile, fourfold(c), fourfold(k)), [x, w], [y], [d, h, wd, c, k, ...boxes, blocks], groups);
  return y;
}

/** dx = dy * w turned round, with its channels swapped. */
function convolveInput(backend: WebgpuBackend, dy: tf.TensorInfo, w: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const turned = backend.derived(w, () => turnedWeights(backend, w));
  return convolve(backend, dy, turned, shape);
}

/** dw [3, 3, 3, C, K] of one image. */
function convolveWeights(backend: WebgpuBackend, x: tf.TensorInfo, dy: tf.TensorInfo): tf.TensorInfo {
  const [d, h, w, c] = sidesOf(x);
  const k = dy.shape[4];
  const { maxComputeWorkgroupStorageSize: shared, maxComputeInvocationsPerWorkgroup: threads } =
    backend.gpu.facts.limits;
  const tile = weightsTile(c, k, shared, threads);
  const ci = Math.min(4, c);
  const [nx, ny] = [Math.ceil(w / BOX.x), Math.ceil(h / BOX.y)];
  const boxes = nx * ny * Math.ceil(d / BOX.z);
  const [cGroups, kGroups] = [Math.ceil(c / (ci * tile.blocks)), Math.ceil(k / (4 * tile.fours))];
  const most = Math.min(boxes, Math.floor(SLAB_BYTES / (4 * 27 * c * k)));
  const slabs = Math.max(1, Math.min(most, Math.ceil(WEIGHT_GROUPS / (cGroups * kGroups))));
  const shape = [3, 3, 3, c, k];
  const partials = backend.make([slabs, ...shape]);
  const words = [d, h, w, c, k, nx, ny, boxes, slabs, cGroups, kGroups];
  const program = convolutionWeights(tile, ci, fourfold(c), fourfold(k));
  backend.run(program, [x, dy], [partials], words, slabs * cGroups * kGroups);
  if (slabs === 1) return { ...partials, shape };
  const dw = addSlabs(backend, partials, slabs, shape);
  backend.drop(partials);
  return dw;
}

export const convolutions = { convolve, convolveInput, convolveWeights };

/** The set for src/core; the webgpu backend must be current. */
export function webgpuKernels(): Kernels {
  const backend = tf.backend() as WebgpuBackend;
  const tensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info) as FeatureMap;
  const withChannels = (x: FeatureMap, c: number) => [...x.shape.slice(0, 4), c];

  /** Words of the programs that sum over chunks of voxels. */
  const chunkWords = (x: FeatureMap) => {
    const c = x.shape[4];
    const n = x.size / c;
    const { columns, rows, half, parts } = groupShape(c);
    const chunk = Math.max(rows * PER_THREAD, Math.ceil(n / CHUNKS));
    const chunks = Math.ceil(n / chunk);
    return { words: [n, c, chunk, chunks, columns, rows, half, parts], chunks, groups: chunks * parts, c };
  };
  /** Elements and channels of a kernel that takes channels in fours where it can. */
  const lanes = (map: FeatureMap) => {
    const c = map.shape[4];
    const vector = fourfold(c);
    return { vector, count: vector ? map.size / 4 : map.size, c: vector ? c / 4 : c };
  };
  /** Sums over chunks, joined: two values a channel. */
  const statistics = (
    map: FeatureMap,
    [[perChunk, whole], join]: readonly [typeof chunkMoments, typeof joinMoments],
    reads: tf.TensorInfo[],
    shapes: number[][],
  ) => {
    const { words, chunks, groups, c } = chunkWords(map);
    const results = shapes.map((shape) => backend.make(shape));
    const allWords = [...words, bits(NORM_EPSILON)];
    if (chunks === 1) {
      backend.run(whole, reads, results, allWords, groups);
      return results;
    }
    const partials = backend.make([chunks, 2, c]);
    backend.run(perChunk, reads, [partials], allWords, groups);
    const joins = joinsAlone(chunks) ? groupsFor(c) : c;
    backend.run(join(chunks), [partials], results, [...words.slice(0, 4), bits(NORM_EPSILON)], joins);
    backend.drop(partials);
    return results;
  };
  /** A kernel over the elements of `over`, told the sides of the smaller map. */
  const resample = (
    make: (vector: boolean) => Parameters<WebgpuBackend['run']>[0],
    reads: FeatureMap[],
    shape: number[],
    over: readonly number[],
    small: readonly number[],
  ) => {
    const out = backend.make(shape);
    const four = fourfold(shape[4]) ? 4 : 1;
    const count = over.reduce((a, b) => a * b, 1) / four;
    backend.run(make(four === 4), reads, [out], [count, ...small.slice(1, 4), shape[4] / four], groupsFor(count));
    return tensor(out);
  };
  const scaled = ([n, d, h, w, c]: number[], factor: number) => [n, d * factor, h * factor, w * factor, c];

  return {
    conv3d(x, w) {
      checkConvolution(NAME, x.shape, w.shape);
      return tf.tidy(() => tensor(convolve(backend, x, withZeroTaps(w), withChannels(x, w.shape[4]))));
    },
    conv3dGradInput(dy, w) {
      checkConvolution(NAME, withChannels(dy, w.shape[3]), w.shape);
      return tf.tidy(() => tensor(convolveInput(backend, dy, withZeroTaps(w), withChannels(dy, w.shape[3]))));
    },
    conv3dGradWeights(x, dy, kernel) {
      checkConvolution(NAME, x.shape, [...kernel, x.shape[4], dy.shape[4]]);
      const dw = tensor(convolveWeights(backend, x, dy)) as ConvWeights;
      if (kernel.every((side) => side === 3)) return dw;
      const middle = middleTaps(dw, kernel);
      dw.dispose();
      return middle;
    },
    instanceNormLeaky(x, scale, shift) {
      const channels = [1, 1, 1, 1, x.shape[4]];
      const [mean, inverse] = statistics(x, [chunkMoments, joinMoments], [x], [channels, channels]);
      const y = backend.make(x.shape);
      const { vector, count, c } = lanes(x);
      backend.run(normaliseLeaky(vector), [x, mean, inverse, scale, shift], [y], [count, c], groupsFor(count));
      return { y: tensor(y), saved: [tensor(mean), tensor(inverse)] };
    },
    instanceNormLeakyGrad(dy, x, scale, { y, saved: [mean, inverse] }) {
      const channels = x.shape[4];
      const reads = [dy, y, x, mean, inverse];
      const sums = statistics(x, [chunkLeakySlopes, joinSums], reads, [[channels], [channels], [2, channels]]);
      const [dShift, dScale, means] = sums;
      const dx = backend.make(x.shape);
      const { vector, count, c } = lanes(x);
      backend.run(normaliseLeakyGrad(vector), [...reads, scale, means], [dx], [count, c], groupsFor(count));
      backend.drop(means);
      return { dx: tensor(dx), dScale: tensor(dScale), dShift: tensor(dShift) };
    },
    instanceNormRelu(x) {
      const channels = [1, 1, 1, 1, x.shape[4]];
      const [mean, scale] = statistics(x, [chunkMoments, joinMoments], [x], [channels, channels]);
      const y = backend.make(x.shape);
      const { vector, count, c } = lanes(x);
      backend.run(normalise(vector), [x, mean, scale], [y], [count, c], groupsFor(count));
      return { y: tensor(y), saved: [tensor(mean), tensor(scale)] };
    },
    instanceNormReluGrad(dy, x, { y, saved: [mean, scale] }) {
      const c1 = [x.shape[4]];
      const means = statistics(x, [chunkSlopes, joinSlopes], [dy, y], [c1, c1]);
      const dx = backend.make(x.shape);
      const { vector, count, c } = lanes(x);
      const reads = [dy, y, x, mean, scale, ...means];
      backend.run(normaliseGrad(vector), reads, [dx], [count, c], groupsFor(count));
      backend.drop(...means);
      return tensor(dx);
    },
    maxPool(x, factors) {
      if (!halves(factors)) return portableKernels.maxPool(x, factors);
      const y = scaled(x.shape, 0.5);
      return resample(maxPool, [x], y, y, y);
    },
    maxPoolGrad: (dy, x, y, factors) =>
      halves(factors)
        ? resample(maxPoolGrad, [dy, x, y], x.shape, y.shape, y.shape)
        : portableKernels.maxPoolGrad(dy, x, y, factors),
    upsample(x) {
      const y = scaled(x.shape, 2);
      return resample(upsample, [x], y, y, x.shape);
    },
    ...updateKernels(backend),
    upsampleGrad(dy) {
      const dx = scaled(dy.shape, 0.5);
      return resample(upsampleGrad, [dy], dx, dx, dx);
    },
  };
}
