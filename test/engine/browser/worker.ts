/** Runs in a worker of a page: one convolution with its gradients and some ops on the simd engine, beside the slow twin. */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, HALVES, type Kernels } from '../../../src/core/network/kernels.ts';
import { portableKernels } from '../../../src/core/network/portable-kernels.ts';
import type { SimdBackend } from '../../../src/engine/simd/backend.ts';
import { registerSimd, simdKernels } from '../../../src/engine/simd/browser.ts';

export interface BrowserReport {
  threads: number;
  relaxed: boolean;
  /** Largest difference of each result, relative to its largest value. */
  differences: Record<string, number>;
  error?: string;
}

const THREADS = 2;
const wave = (shape: number[], step: number) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(step * (i + 1))),
    shape,
  );

function results(kernels: Kernels): Record<string, tf.Tensor> {
  const x = wave([1, 8, 16, 20, 8], 0.7) as FeatureMap;
  const w = wave([3, 3, 3, 8, 16], 1.3) as ConvWeights;
  const dy = wave([1, 8, 16, 20, 16], 0.3) as FeatureMap;
  const y = kernels.conv3d(x, w);
  const norm = kernels.instanceNormRelu(y);
  return {
    forward: y,
    'input gradient': kernels.conv3dGradInput(dy, w),
    'weight gradient': kernels.conv3dGradWeights(x, dy, CUBE),
    norm: norm.y,
    'norm gradient': kernels.instanceNormReluGrad(dy, y, norm),
    pool: kernels.maxPool(norm.y, HALVES),
    softmax: tf.exp(tf.sub(y, tf.logSumExp(y, 4, true))),
  };
}

async function report(): Promise<BrowserReport> {
  registerSimd(THREADS);
  await tf.setBackend('simd');
  const { machine } = tf.backend() as SimdBackend;
  const values = async (kernels: Kernels) =>
    Promise.all(Object.entries(results(kernels)).map(async ([name, t]) => [name, await t.data()] as const));
  const fast = await values(simdKernels());
  await tf.setBackend('cpu');
  const slow = new Map(await values(portableKernels));
  const differences = Object.fromEntries(
    fast.map(([name, actual]) => {
      const expected = slow.get(name) as Float32Array;
      const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      return [name, expected.reduce((most, v, i) => Math.max(most, Math.abs(v - actual[i])), 0) / scale];
    }),
  );
  return { threads: machine.threads, relaxed: machine.relaxed, differences };
}

report()
  .catch((error: Error): BrowserReport => ({ threads: 0, relaxed: false, differences: {}, error: error.stack }))
  .then((answer) => postMessage(answer));
