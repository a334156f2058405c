/** Updates of all weights at once on the simd engine against the ops. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { AdamRow } from '../../src/core/network/kernels.ts';
import { adamByOps, clippingFactor } from '../../src/core/train/optimiser.ts';
import { registerSimd, simdBackend, simdKernels } from '../../src/engine/simd/index.ts';

/** Single values, ends between vectors, and one past a task's stretch of 16,384. */
const SIZES = [1, 3, 16, 101, 16_384, 40_003];

before(async () => {
  registerSimd();
  await tf.setBackend('simd');
});

after(() => tf.removeBackend('simd'));

const wave = (size: number, seed: number) =>
  tf.tensor1d(Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898 + seed)));

function assertClose(fast: tf.Tensor, slow: tf.Tensor, tolerance: number, what: string): void {
  assert.deepEqual(fast.shape, slow.shape);
  const [a, b] = [fast.dataSync(), slow.dataSync()];
  b.forEach((value, i) => {
    assert.ok(Math.abs(a[i] - value) <= tolerance * Math.max(1, Math.abs(value)), `${what} at ${i}: ${a[i]}, ${value}`);
  });
}

test('Adam of weights of many sizes equals the ops, weight by weight, and leaves the old values alone', () => {
  const rows = SIZES.map((size, n): AdamRow => {
    const second = tf.tidy(() => tf.square(wave(size, n + 2)));
    return { theta: wave(size, n), first: wave(size, n + 1), second, gradient: wave(size, n + 3) };
  });
  const before = rows.map((row) => row.theta.dataSync());
  const rule = { gradientScale: 0.5, beta1: 0.9, beta2: 0.999, kept: 0.99, learningRate: 0.01, epsilon: 1e-8 };
  const corrected = { ...rule, correction1: 1 - 0.9 ** 3, correction2: 1 - 0.999 ** 3 };
  const [fast, slow] = [simdKernels().adam(rows, corrected), adamByOps(rows, corrected)];
  for (const [n, row] of slow.entries()) {
    assertClose(fast[n].theta, row.theta, 1e-6, `theta ${n}`);
    assertClose(fast[n].first, row.first, 1e-6, `first moment ${n}`);
    assertClose(fast[n].second, row.second, 1e-6, `second moment ${n}`);
    assert.deepEqual(rows[n].theta.dataSync(), before[n]);
  }
  tf.dispose([rows, fast, slow] as unknown as tf.TensorContainer);
});

test('weighted sums of many lists equal those by ops; one term with factor 1 is a copy', () => {
  const sums = SIZES.map((size) => [51, 52, 53].map((seed) => wave(size, seed)));
  const fast = simdKernels().weightedSums([0.9, 1, -1e-4], sums);
  for (const [n, [a, b, c]] of sums.entries()) {
    const slow = tf.tidy(() => tf.addN([tf.mul(a, 0.9), b, tf.mul(c, -1e-4)]));
    assertClose(fast[n], slow, 1e-6, `sum ${n}`);
    const [copy] = simdKernels().weightedSums([1], [[a]]);
    assert.deepEqual(copy.dataSync(), a.dataSync());
    tf.dispose([slow, copy, a, b, c]);
  }
  tf.dispose(fast);
});

test('the norm of all gradients together is the one in float64', async () => {
  const gradients = new Map(SIZES.map((size, n) => [`w${n}`, wave(size, n)]));
  const squares = [...gradients.values()].flatMap((g) => Array.from(g.dataSync(), (v) => v * v));
  const norm = Math.sqrt(squares.reduce((a, b) => a + b));
  const factor = await clippingFactor(gradients, 2, simdKernels());
  assert.ok(Math.abs(factor - 2 / norm) < 1e-12, `${factor}, expected ${2 / norm}`);
  assert.equal(await clippingFactor(gradients, norm * 1.001, simdKernels()), 1);
  tf.dispose([...gradients.values()]);
});

test('updates leave nothing behind but their results', async () => {
  const { heap } = simdBackend().machine;
  const a = wave(40_003, 1);
  const [tensors, blocks] = [tf.memory().numTensors, heap.blocks];
  const [sum] = simdKernels().weightedSums([1, 2], [[a, a]]);
  await simdKernels().squaredSum([a, sum]);
  assert.deepEqual([tf.memory().numTensors, heap.blocks], [tensors + 1, blocks + 1]);
  tf.dispose([a, sum]);
});
