/** A batch that fails takes down what was computed from it, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { webgpuBackend } from '../../src/engine/webgpu/index.ts';
import { eachElement, type Program } from '../../src/engine/webgpu/program.ts';
import { startWebgpuForTests } from './webgpu.ts';

const skip = await startWebgpuForTests();

const NONSENSE: Program = {
  key: 'nonsense',
  reads: 1,
  writes: 1,
  source: `fn f() { nonsense }${eachElement('1u', '')}`,
};

/** A tensor that a shader which does not compile should have computed. */
function broken(): tf.Tensor {
  const backend = webgpuBackend();
  const out = backend.make([20]);
  backend.run(NONSENSE, [tf.zeros([20])], [out], [20], 1);
  return tf.engine().makeTensorFromTensorInfo(out);
}

const doubled = (x: tf.Tensor) => tf.tidy(() => tf.mul(x, 2));

test('a value that a failed batch should have computed is an error, however often it is read, and whatever comes of it', {
  skip,
}, async () => {
  await tf.setBackend('webgpu');
  const bad = broken();
  await assert.rejects(bad.data(), { code: 'engine/broken', message: /nonsense/ });
  await assert.rejects(bad.data(), { code: 'engine/broken' });
  await assert.rejects(doubled(doubled(bad)).data(), { code: 'engine/broken' });
});

test('values that have nothing to do with it are right: made before, in the batch after, and later', {
  skip,
}, async () => {
  await tf.setBackend('webgpu');
  const before = doubled(tf.fill([20], 3));
  webgpuBackend().gpu.flush();
  const bad = broken();
  webgpuBackend().gpu.flush();
  const after = doubled(tf.fill([20], 4));
  assert.equal((await after.data())[19], 8);
  assert.equal((await before.data())[0], 6);
  await assert.rejects(bad.data(), { code: 'engine/broken' });
  assert.equal((await doubled(before).data())[3], 12);
});

test('a kernel that is asked for no whole number of groups is an error that names it, and the next one computes', {
  skip,
}, async () => {
  await tf.setBackend('webgpu');
  const backend = webgpuBackend();
  const run = () => backend.run(NONSENSE, [tf.zeros([20])], [backend.make([20])], [20], Number.NaN);
  assert.throws(run, { code: 'engine/broken', message: /nonsense.*NaN/ });
  assert.equal((await doubled(tf.fill([20], 1)).data())[7], 2);
});
