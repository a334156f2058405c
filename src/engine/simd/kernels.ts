/** The heavy kernels of the simd engine on addresses in its memory, and the set that networks take. */
import * as tf from '@tensorflow/tfjs';
import { maskThreshold } from '../../core/hashed.ts';
import {
  type ConvWeights,
  type FeatureMap,
  type Kernels,
  NORM_EPSILON,
  type PerAxis,
  type UpdateKernels,
} from '../../core/network/kernels.ts';
import { middleTaps, withZeroTaps } from '../../core/network/taps.ts';
import { checkConvolution } from '../backend/products.ts';
import type { SimdBackend } from './backend.ts';
import { convolve, convolveWeights } from './convolution.ts';
import { type MapShape, type Taps, withScratch } from './tasks.ts';
import { transposedKernels } from './transposed.ts';
import { floatBits, updateKernels } from './updates.ts';

const NAME = 'simd';
const NORM_CHUNK = 1024;

const shapeOf = (map: { shape: number[] }): MapShape => {
  const [d, h, w, c] = map.shape.slice(-4);
  return { d, h, w, c };
};

/** Adds partial sums [chunks][2][c] up in float64. */
function addChunks(partials: Float32Array, chunks: number, c: number): [Float64Array, Float64Array] {
  const sums: [Float64Array, Float64Array] = [new Float64Array(c), new Float64Array(c)];
  for (let chunk = 0; chunk < chunks; chunk++) {
    for (let i = 0; i < c; i++) {
      sums[0][i] += partials[2 * chunk * c + i];
      sums[1][i] += partials[(2 * chunk + 1) * c + i];
    }
  }
  return sums;
}

/** Planes of a kernel that has one of its own here; null for one that is taken as 3x3x3 with taps of zero. */
const planesOf = ([z, y, x]: PerAxis | number[]): Taps | null =>
  y === 3 && x === 3 && (z === 3 || z === 1) ? z : null;

/** The set for src/core; the simd backend must be current. */
export function simdKernels(): Kernels &
  Required<UpdateKernels & Pick<Kernels, 'dropoutMask' | 'addNoise' | 'transposedConv'>> {
  const backend = tf.backend() as SimdBackend;
  const { machine } = backend;
  const at = (t: tf.Tensor) => backend.address(t);
  const make = (shape: number[]) => tf.engine().makeTensorFromTensorInfo(backend.make(shape)) as tf.Tensor;
  const withChannels = (x: FeatureMap, c: number) => make([...x.shape.slice(0, 4), c]) as FeatureMap;
  const partialsOf = (voxels: number, c: number) => ({
    chunks: Math.ceil(voxels / NORM_CHUNK),
    bytes: Math.ceil(voxels / NORM_CHUNK) * 2 * c * 4,
  });

  /** Mean and 1 / sqrt(variance + epsilon) of each channel. */
  const moments = (x: FeatureMap) => {
    const { d, h, w, c } = shapeOf(x);
    const n = d * h * w;
    const [mean, inverse] = [make([1, 1, 1, 1, c]), make([1, 1, 1, 1, c])];
    const { chunks, bytes } = partialsOf(n, c);
    withScratch(backend, [bytes], (partials) => {
      machine.runFor(n * c)('normSums', at(x), partials, n, c, NORM_CHUNK);
      const [sums, squares] = addChunks(machine.floats(partials, bytes / 4), chunks, c);
      const [means, inverses, first] = [mean, inverse, x].map((t) => machine.floats(at(t), c));
      for (let i = 0; i < c; i++) {
        const shifted = sums[i] / n;
        means[i] = first[i] + shifted;
        inverses[i] = 1 / Math.sqrt(Math.max(0, squares[i] / n - shifted * shifted) + NORM_EPSILON);
      }
    });
    return { n, c, mean, inverse };
  };
  /** Calls back with weights that the kernels take, and how many planes these have. */
  const readTaps = (w: ConvWeights, run: (taps: tf.Tensor, planes: Taps) => void): void => {
    const planes = planesOf(w.shape);
    if (planes) {
      run(w, planes);
      return;
    }
    const taps = tf.tidy(() => withZeroTaps(w));
    run(taps, 3);
    taps.dispose();
  };

  return {
    conv3d(x, w) {
      checkConvolution(NAME, x.shape, w.shape);
      const y = withChannels(x, w.shape[4]);
      readTaps(w, (taps, planes) => convolve(backend, at(x), at(taps), at(y), shapeOf(x), w.shape[4], false, planes));
      return y;
    },
    conv3dGradInput(dy, w) {
      checkConvolution(NAME, [...dy.shape.slice(0, 4), w.shape[3]], w.shape);
      const dx = withChannels(dy, w.shape[3]);
      readTaps(w, (taps, planes) => convolve(backend, at(dy), at(taps), at(dx), shapeOf(dy), w.shape[3], true, planes));
      return dx;
    },
    conv3dGradWeights(x, dy, kernel) {
      const [c, k] = [x.shape[4], dy.shape[4]];
      checkConvolution(NAME, x.shape, [...kernel, c, k]);
      const planes = planesOf(kernel);
      const dw = make([planes ?? 3, 3, 3, c, k]) as ConvWeights;
      convolveWeights(backend, at(x), at(dy), at(dw), shapeOf(x), k, planes ?? 3);
      if (planes) return dw;
      const middle = middleTaps(dw, kernel);
      dw.dispose();
      return middle;
    },
    instanceNormRelu(x) {
      const { n, c, mean, inverse: scale } = moments(x);
      const y = withChannels(x, c);
      machine.runFor(n * c)('normRelu', at(x), at(y), at(mean), at(scale), n, c, NORM_CHUNK);
      return { y, saved: [mean, scale] };
    },
    instanceNormReluGrad(dy, x, { y, saved: [mean, scale] }) {
      const { d, h, w, c } = shapeOf(x);
      const n = d * h * w;
      const dx = withChannels(x, c);
      const { chunks, bytes } = partialsOf(n, c);
      withScratch(backend, [bytes, c * 4, c * 4], (partials, mean1, mean2) => {
        machine.runFor(n * c)('normGradSums', at(dy), at(y), partials, n, c, NORM_CHUNK);
        const sums = addChunks(machine.floats(partials, bytes / 4), chunks, c);
        machine.floats(mean1, c).set(sums[0].map((sum) => sum / n));
        machine.floats(mean2, c).set(sums[1].map((sum) => sum / n));
        machine.runFor(n * c)(
          'normGrad',
          at(dy),
          at(y),
          at(x),
          at(dx),
          at(mean),
          at(scale),
          mean1,
          mean2,
          n,
          c,
          NORM_CHUNK,
        );
      });
      return dx;
    },
    instanceNormLeaky(x, scale, shift) {
      const { n, c, mean, inverse } = moments(x);
      const y = withChannels(x, c);
      const reads = [x, y, mean, inverse, scale, shift].map(at);
      machine.runFor(n * c)('normLeaky', ...reads, n, c, NORM_CHUNK);
      return { y, saved: [mean, inverse] };
    },
    instanceNormLeakyGrad(dy, x, scale, { y, saved: [mean, inverse] }) {
      const { d, h, w, c } = shapeOf(x);
      const n = d * h * w;
      const [dx, dScale, dShift] = [withChannels(x, c), make([c]), make([c])];
      const { chunks, bytes } = partialsOf(n, c);
      withScratch(backend, [bytes, c * 4, c * 4, c * 4], (partials, mean1, mean2, factor) => {
        machine.runFor(n * c)('normLeakySums', ...[dy, y, x, mean, inverse].map(at), partials, n, c, NORM_CHUNK);
        const [sums, products] = addChunks(machine.floats(partials, bytes / 4), chunks, c);
        machine.floats(at(dShift), c).set(sums);
        machine.floats(at(dScale), c).set(products);
        machine.floats(mean1, c).set(sums.map((sum) => sum / n));
        machine.floats(mean2, c).set(products.map((sum) => sum / n));
        const [scales, inverses] = [machine.floats(at(scale), c), machine.floats(at(inverse), c)];
        machine.floats(factor, c).set(scales.map((value, i) => value * inverses[i]));
        const reads = [dy, y, x, dx, mean, inverse].map(at);
        machine.runFor(n * c)('normLeakyGrad', ...reads, factor, mean1, mean2, n, c, NORM_CHUNK);
      });
      return { dx, dScale, dShift };
    },
    maxPool(x, factors) {
      const { d, h, w, c } = shapeOf(x);
      const sides = [d / factors[0], h / factors[1], w / factors[2]];
      const y = make([1, ...sides, c]) as FeatureMap;
      machine.runFor(8 * d * h * w * c)('maxPool', at(x), at(y), ...sides, c, ...factors);
      return y;
    },
    maxPoolGrad(dy, x, y, factors) {
      const { d, h, w, c } = shapeOf(y);
      const dx = withChannels(x, c);
      machine.runFor(8 * x.size)('maxPoolGrad', at(dy), at(x), at(y), at(dx), d, h, w, c, ...factors);
      return dx;
    },
    upsample(x) {
      const { d, h, w, c } = shapeOf(x);
      const y = make([1, 2 * d, 2 * h, 2 * w, c]) as FeatureMap;
      withScratch(backend, [machine.threads * w * c * 4], (scratch) =>
        machine.runFor(8 * d * h * w * c)('upsample', at(x), at(y), d, h, w, c, scratch, w * c * 4),
      );
      return y;
    },
    upsampleGrad(dy) {
      const [d, h, w, c] = [dy.shape[1] / 2, dy.shape[2] / 2, dy.shape[3] / 2, dy.shape[4]];
      const dx = make([1, d, h, w, c]) as FeatureMap;
      withScratch(backend, [machine.threads * 2 * w * c * 4], (scratch) =>
        machine.runFor(8 * d * h * w * c)('upsampleGrad', at(dy), at(dx), d, h, w, c, scratch, 2 * w * c * 4),
      );
      return dx;
    },
    ...updateKernels(backend, make),
    transposedConv: transposedKernels(backend, make),
    dropoutMask([, ...sides], probability, keys) {
      const masks = keys.map((key) => {
        const mask = make([1, ...sides]) as FeatureMap;
        const [threshold, kept] = [maskThreshold(probability), floatBits(1 / (1 - probability))];
        machine.runFor(4 * mask.size)('dropoutMask', at(mask), mask.size, ...key, threshold, kept);
        return mask;
      });
      if (masks.length === 1) return masks[0];
      const joined = tf.concat(masks);
      tf.dispose(masks);
      return joined;
    },
    addNoise(image, key) {
      const y = make(image.shape) as FeatureMap;
      machine.runFor(8 * image.size)('addNoise', at(image), at(y), image.size, ...key);
      return y;
    },
  };
}
