/** Updates of all weights on the webgpu engine against the ops. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { AdamRow, UpdateKernels } from '../../src/core/network/kernels.ts';
import { adamByOps } from '../../src/core/train/optimiser.ts';
import { webgpuBackend, webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { wave } from './op-cases.ts';
import { startWebgpuForTests } from './webgpu.ts';

const skip = await startWebgpuForTests();

const updates = () => webgpuKernels() as Required<UpdateKernels>;

test('Adam of several weights on webgpu equals the ops, one dispatch a weight', { skip }, async () => {
  await tf.setBackend('webgpu');
  const rows = [[1], [5], [3, 3, 3, 4, 7]].map((shape, n): AdamRow => {
    const second = tf.tidy(() => tf.square(wave(shape, 0.7 + n)));
    return { theta: wave(shape, 0.3 + n), first: wave(shape, 0.5), second, gradient: wave(shape, 0.9) };
  });
  const rule = { gradientScale: 0.5, beta1: 0.9, beta2: 0.999, kept: 0.99, learningRate: 0.01, epsilon: 1e-8 };
  const corrected = { ...rule, correction1: 1 - 0.9 ** 3, correction2: 1 - 0.999 ** 3 };
  const before = webgpuBackend().gpu.dispatches;
  const fast = updates().adam(rows, corrected);
  assert.equal(webgpuBackend().gpu.dispatches - before, rows.length);
  const slow = adamByOps(rows, corrected);
  for (const [n, row] of slow.entries()) {
    for (const key of ['theta', 'first', 'second'] as const) {
      const [a, b] = [await fast[n][key].data(), await row[key].data()];
      b.forEach((value, i) => {
        assert.ok(Math.abs(a[i] - value) <= 1e-5, `${key} ${n} at ${i}: ${a[i]}, expected ${value}`);
      });
    }
  }
  tf.dispose([rows, fast, slow] as unknown as tf.TensorContainer);
});

for (const factors of [[0.9, 1, -1e-4], [0.9, -0.2], [2]]) {
  test(`weighted sums of ${factors.length} terms on webgpu equal those by ops`, { skip }, () => sumsOf(factors));
}

async function sumsOf(factors: number[]): Promise<void> {
  await tf.setBackend('webgpu');
  const sums = [[5, 7], [1], [33]].map((shape) => factors.map((_, n) => wave(shape, 0.3 + n)));
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
