/** Every op of the webgpu backend against TensorFlow.js' own on the slow engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { webgpuBackend } from '../../src/engine/webgpu/index.ts';
import { ANSWERS, CASES, furthest, REFUSED, wave } from './op-cases.ts';
import { startWebgpuForTests, valuesOn } from './webgpu.ts';

const skip = await startWebgpuForTests();

/** Beyond the shared cases: sizes where this engine takes another way. */
const OWN_CASES: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  'long reductions of every layout': () => {
    const a = wave([3, 5000, 4], 0.37, 0.1);
    return [a.sum(), a.sum(1), a.mean([0, 1]), a.max([1, 2]), a.min(1), a.sum([0, 2]), wave([300, 200]).sum(0)];
  },
  'seven sides moved at once': () => [
    wave([2, 2, 3, 2, 2, 2, 3]).transpose([0, 2, 4, 1, 3, 5, 6]),
    wave([2, 2, 3, 2, 3]).pad([
      [0, 0],
      [1, 1],
      [1, 0],
      [0, 2],
      [0, 0],
    ]),
  ],
  'a choice in five sides, and the gradient of a leaky ReLU': () => [
    tf.where(wave([1, 2, 3, 2, 2]).greater(0), wave([1, 2, 3, 2, 2], 1.3), wave([1, 2, 3, 2, 2], 0.3)),
    tf.grad((x) => tf.leakyRelu(x, 0.2))(wave([11])),
  ],
  'extremes of functions that overflow': () => [
    tf.sigmoid(tf.tensor1d([-1500, -90, 0, 90, 1500])),
    tf.tanh(tf.tensor1d([-1e4, -20, 1e-4, 20, 1e4])),
    tf.pow(tf.tensor1d([-2, -2, 0, 3]), tf.tensor1d([3, 2, 2, 0.5])),
    tf.expm1(tf.tensor1d([1e-5, -1e-3, 0.5])),
    tf.log1p(tf.tensor1d([1e-5, -1e-3, 0.5])),
  ],
  'flat, tall and single matrix products': () => [
    tf.matMul(wave([2, 70], 0.3), wave([70, 300], 0.7)),
    tf.matMul(wave([300, 5], 0.3), wave([5, 70], 0.7)),
    tf.matMul(wave([1, 1]), wave([1, 1])),
    tf.matMul(wave([65, 17]), wave([33, 17], 0.2), false, true),
    tf.matMul(wave([3000, 2], 0.37, 0.1), wave([3000, 20], 0.11, 0.1), true),
  ],
};

for (const [name, run] of Object.entries({ ...CASES, ...OWN_CASES })) {
  test(`${name} equal the slow engine's on webgpu, and leave nothing behind`, { skip }, async () => {
    const compute = () => [run()].flat();
    const slow = await valuesOn('cpu', compute);
    await tf.setBackend('webgpu');
    const { pool } = webgpuBackend().gpu;
    const before = [tf.memory().numTensors, pool.slots, pool.used];
    const fast = await valuesOn('webgpu', compute);
    assert.deepEqual([tf.memory().numTensors, pool.slots, pool.used], before);
    for (const [i, { values, shape, dtype }] of slow.entries()) {
      assert.deepEqual([fast[i].shape, fast[i].dtype], [shape, dtype], `result ${i}`);
      assert.equal(furthest(values, fast[i].values, 2e-5), undefined, `result ${i}`);
    }
  });
}

for (const [name, [run, dtype, values]] of Object.entries(ANSWERS)) {
  test(`${name} on webgpu: ${values}`, { skip }, async () => {
    await tf.setBackend('webgpu');
    const out = tf.tidy(run);
    assert.deepEqual([out.dtype, [...(await out.data())]], [dtype, values]);
    out.dispose();
  });
}

for (const [name, run] of Object.entries(REFUSED)) {
  test(`${name} is refused on webgpu, and leaves nothing behind`, { skip }, async () => {
    await tf.setBackend('webgpu');
    const { pool } = webgpuBackend().gpu;
    const before = [tf.memory().numTensors, pool.slots, pool.used];
    assert.throws(() => tf.tidy(() => void run()), { code: 'engine/unsupported' });
    assert.deepEqual([tf.memory().numTensors, pool.slots, pool.used], before);
  });
}
