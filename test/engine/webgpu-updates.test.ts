/** Updates of all weights on the webgpu engine against the ops. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { AdamRow, ConvWeights, FeatureMap, UpdateKernels } from '../../src/core/network/kernels.ts';
import { adamByOps } from '../../src/core/train/optimiser.ts';
import { webgpuBackend, webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { wave } from './op-cases.ts';
import { startWebgpuForTests } from './webgpu.ts';

const skip = await startWebgpuForTests();

const updates = () => webgpuKernels() as Required<UpdateKernels>;

const SHAPES = [[1], [5], [3, 3, 3, 4, 7], [130], [2, 3], [64], [7]];

test('Adam of several weights on webgpu equals the ops, in fewer dispatches than weights', { skip }, async () => {
  await tf.setBackend('webgpu');
  const rows = SHAPES.map((shape, n): AdamRow => {
    const second = tf.tidy(() => tf.square(wave(shape, 0.7 + n)));
    return { theta: wave(shape, 0.3 + n), first: wave(shape, 0.5), second, gradient: wave(shape, 0.9) };
  });
  const rule = { gradientScale: 0.5, beta1: 0.9, beta2: 0.999, kept: 0.99, learningRate: 0.01, epsilon: 1e-8 };
  const corrected = { ...rule, correction1: 1 - 0.9 ** 3, correction2: 1 - 0.999 ** 3 };
  const slow = adamByOps(rows, corrected);
  // Values that another tensor has too are not written over.
  const held = rows[2].theta.clone();
  const heldBefore = await held.data();
  const before = webgpuBackend().gpu.dispatches;
  const fast = updates().adam(rows, corrected);
  const dispatches = webgpuBackend().gpu.dispatches - before;
  assert.ok(dispatches <= 1 + Math.ceil(rows.length / 2), `${dispatches} dispatches, a copy among them`);
  assert.deepEqual(await held.data(), heldBefore);
  for (const [n, row] of slow.entries()) {
    for (const key of ['theta', 'first', 'second'] as const) {
      const [a, b] = [await fast[n][key].data(), await row[key].data()];
      b.forEach((value, i) => {
        assert.ok(Math.abs(a[i] - value) <= 1e-5, `${key} ${n} at ${i}: ${a[i]}, expected ${value}`);
      });
    }
  }
  tf.dispose([rows, fast, slow, held] as unknown as tf.TensorContainer);
});

test('what a tensor was turned into goes with its values', { skip }, async () => {
  await tf.setBackend('webgpu');
  const kernels = webgpuKernels();
  const x = wave([1, 4, 4, 4, 2], 0.1) as FeatureMap;
  const w = tf.zeros([3, 3, 3, 2, 4]) as ConvWeights;
  const dy = wave([1, 4, 4, 4, 4], 0.2) as FeatureMap;
  const nothing = kernels.conv3dGradInput(dy, w);
  assert.ok((await nothing.data()).every((value) => value === 0));
  const moments = [0, 1].map(() => tf.ones(w.shape));
  const gradient = kernels.conv3dGradWeights(x, dy, [3, 3, 3]);
  const rule = { gradientScale: 1, beta1: 0.9, beta2: 0.999, kept: 1, learningRate: 0.01, epsilon: 1e-8 };
  const row = { theta: w, first: moments[0], second: moments[1], gradient };
  const [next] = updates().adam([row], { ...rule, correction1: 1, correction2: 1 });
  const fresh = next.theta.add(0) as ConvWeights;
  const [after, expected] = [next.theta as ConvWeights, fresh].map((weights) => kernels.conv3dGradInput(dy, weights));
  assert.deepEqual(await after.data(), await expected.data());
  assert.ok((await after.data()).some((value) => value !== 0));
  tf.dispose([
    x,
    w,
    dy,
    nothing,
    ...moments,
    gradient,
    next as unknown as tf.TensorContainer,
    fresh,
    after,
    expected,
  ] as tf.TensorContainer);
  assert.equal(webgpuBackend().gpu.pool.slots, 0);
});

for (const factors of [[0.9, 1, -1e-4], [0.9, -0.2], [2]]) {
  test(`weighted sums of ${factors.length} terms on webgpu equal those by ops`, { skip }, () => sumsOf(factors));
}

async function sumsOf(factors: number[]): Promise<void> {
  await tf.setBackend('webgpu');
  const sums = [[5, 7], [1], [33], [128], [3, 3]].map((shape) => factors.map((_, n) => wave(shape, 0.3 + n)));
  for (const [n, sum] of updates().weightedSums(factors, sums).entries()) {
    const values = await Promise.all(sums[n].map((term) => term.data()));
    (await sum.data()).forEach((value, i) => {
      const expected = factors.reduce((total, factor, t) => total + factor * values[t][i], 0);
      assert.ok(Math.abs(value - expected) < 1e-5, `sum ${n} at ${i}: ${value}, expected ${expected}`);
    });
    sum.dispose();
  }
  assert.throws(() => updates().weightedSums(Array(8).fill(1), [Array(8).fill(sums[0][0])]), /1 to 7 terms/);
  tf.dispose(sums);
}
