/** The end of the simd engine's memory: addresses beyond 2 GiB are as good as others, and 4 GiB are an error with a code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, HALVES } from '../../src/core/network/kernels.ts';
import { registerSimd, simdBackend, simdKernels } from '../../src/engine/simd/index.ts';

const GIB = 2 ** 30;
const wave = (shape: number[], step: number) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(step * (i + 1))),
    shape,
  );

/** One value of each kind of kernel. */
function results(): number[][] {
  return tf.tidy(() => {
    const kernels = simdKernels();
    const x = wave([1, 4, 8, 12, 8], 0.7) as FeatureMap;
    const w = wave([3, 3, 3, 8, 8], 1.3) as ConvWeights;
    const y = kernels.conv3d(x, w);
    const norm = kernels.instanceNormRelu(y);
    const all = [
      y,
      kernels.conv3dGradWeights(x, y, CUBE),
      norm.y,
      kernels.maxPool(norm.y, HALVES),
      kernels.upsample(x),
      tf.exp(tf.sub(y, tf.max(y))),
      tf.sum(y, [1, 2, 3]),
      tf.transpose(y, [4, 0, 1, 2, 3]),
      tf.matMul(y.reshape([384, 8]), wave([8, 2], 0.4)),
    ];
    return all.map((t) => [...t.dataSync()]);
  });
}

test('kernels compute the same beyond 2 and 3 GiB, and past 4 GiB the error says how much there is', async () => {
  registerSimd();
  await tf.setBackend('simd');
  const { heap } = simdBackend().machine;
  const expected = results();
  // Memory that is never touched takes none of the machine's.
  const blocks = [heap.allocate(2.25 * GIB)];
  assert.deepEqual(results(), expected);
  blocks.push(heap.allocate(GIB));
  assert.deepEqual(results(), expected);
  assert.throws(() => heap.allocate(GIB), {
    code: 'engine/out-of-memory',
    message: /must fit into 4096 MiB, got 33\d\d MiB in use and 1024 MiB more/,
  });
  for (const at of blocks) heap.release(at);
  assert.deepEqual(results(), expected);
  tf.removeBackend('simd');
});
