/** The heavy kernels of the simd engine on addresses in its memory, and the set that networks take. */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, type FeatureMap, type Kernels, NORM_EPSILON } from '../../core/network/kernels.ts';
import { checkConvolution } from '../backend/products.ts';
import type { SimdBackend } from './backend.ts';
import { convolve, convolveWeights, type MapShape, withScratch } from './convolution.ts';

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

/** Bits of a float, as kernels take them. */
export const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0];

/** The set for src/core; the simd backend must be current. */
export function simdKernels(): Kernels & Required<Pick<Kernels, 'weightedSum' | 'dropoutMask'>> {
  const backend = tf.backend() as SimdBackend;
  const { machine } = backend;
  const at = (t: tf.Tensor) => backend.address(t);
  const make = (shape: number[]) => tf.engine().makeTensorFromTensorInfo(backend.make(shape)) as tf.Tensor;
  const withChannels = (x: FeatureMap, c: number) => make([...x.shape.slice(0, 4), c]) as FeatureMap;
  const partialsOf = (voxels: number, c: number) => ({
    chunks: Math.ceil(voxels / NORM_CHUNK),
    bytes: Math.ceil(voxels / NORM_CHUNK) * 2 * c * 4,
  });

  return {
    conv3d(x, w) {
      checkConvolution(NAME, x.shape, w.shape);
      const y = withChannels(x, w.shape[4]);
      convolve(backend, at(x), at(w), at(y), shapeOf(x), w.shape[4], false);
      return y;
    },
    conv3dGradInput(dy, w) {
      checkConvolution(NAME, [...dy.shape.slice(0, 4), w.shape[3]], w.shape);
      const dx = withChannels(dy, w.shape[3]);
      convolve(backend, at(dy), at(w), at(dx), shapeOf(dy), w.shape[3], true);
      return dx;
    },
    conv3dGradWeights(x, dy, kernel) {
      const shape = [kernel, kernel, kernel, x.shape[4], dy.shape[4]];
      checkConvolution(NAME, x.shape, shape);
      const dw = make(shape) as ConvWeights;
      convolveWeights(backend, at(x), at(dy), at(dw), shapeOf(x), dy.shape[4]);
      return dw;
    },
    instanceNormRelu(x) {
      const { d, h, w, c } = shapeOf(x);
      const n = d * h * w;
      const [y, mean, scale] = [withChannels(x, c), make([1, 1, 1, 1, c]), make([1, 1, 1, 1, c])];
      const { chunks, bytes } = partialsOf(n, c);
      withScratch(backend, [bytes], (partials) => {
        machine.runFor(n * c)('normSums', at(x), partials, n, c, NORM_CHUNK);
        const [sums, squares] = addChunks(machine.floats(partials, bytes / 4), chunks, c);
        const [means, scales, first] = [
          machine.floats(at(mean), c),
          machine.floats(at(scale), c),
          machine.floats(at(x), c),
        ];
        for (let i = 0; i < c; i++) {
          const shifted = sums[i] / n;
          means[i] = first[i] + shifted;
          scales[i] = 1 / Math.sqrt(Math.max(0, squares[i] / n - shifted * shifted) + NORM_EPSILON);
        }
      });
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
    maxPool(x) {
      const { d, h, w, c } = shapeOf(x);
      const y = make([1, d / 2, h / 2, w / 2, c]) as FeatureMap;
      machine.runFor(8 * d * h * w * c)('maxPool', at(x), at(y), d / 2, h / 2, w / 2, c);
      return y;
    },
    maxPoolGrad(dy, x, y) {
      const { d, h, w, c } = shapeOf(x);
      const dx = withChannels(x, c);
      machine.runFor(8 * d * h * w * c)('maxPoolGrad', at(dy), at(x), at(y), at(dx), d / 2, h / 2, w / 2, c);
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
    weightedSum(terms) {
      if (terms.length > 3) throw new Error(`A weighted sum must have at most 3 terms, got ${terms.length}.`);
      const [, first] = terms[0];
      const out = make(first.shape);
      const pairs = [0, 1, 2].flatMap((i) => (terms[i] ? [at(terms[i][1]), floatBits(terms[i][0])] : [at(first), 0]));
      machine.runFor(first.size)('weightedSum', at(out), first.size, terms.length, ...pairs);
      return out;
    },
    dropoutMask(shape, probability, random) {
      const out = make([...shape]) as FeatureMap;
      withScratch(backend, [16], (state) => {
        const words = new Int32Array(machine.heap.memory.buffer, state, 4);
        words.set(random.state);
        const [threshold, kept] = [Math.round(probability * 65536), floatBits(1 / (1 - probability))];
        // One sequence of random numbers: no second thread could help.
        machine.runFor(0)('dropoutMask', at(out), out.size, state, threshold, kept);
        random.state = [...words];
      });
      return out;
    },
  };
}
