/** Every op of the simd backend against TensorFlow.js' own on the slow engine. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { registerSimd, simdBackend } from '../../src/engine/simd/index.ts';
import { ANSWERS, CASES, furthest, REFUSED, wave } from './op-cases.ts';

before(async () => {
  registerSimd();
  await tf.setBackend('cpu');
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
});

after(() => tf.removeBackend('simd'));

interface Result {
  values: number[];
  shape: number[];
  dtype: string;
}

function compute(engine: string, run: () => tf.Tensor | tf.Tensor[]): Result[] {
  tf.setBackend(engine);
  const results: Result[] = [];
  tf.tidy(() => {
    for (const t of [run()].flat()) results.push({ values: [...t.dataSync()], shape: t.shape, dtype: t.dtype });
  });
  return results;
}

for (const [name, run] of Object.entries(CASES)) {
  test(`${name} equal the slow engine's, and leave nothing behind`, () => {
    const slow = compute('cpu', run);
    tf.setBackend('simd');
    const { heap } = simdBackend().machine;
    const before = [tf.memory().numTensors, heap.blocks];
    const fast = compute('simd', run);
    assert.deepEqual([tf.memory().numTensors, heap.blocks], before);
    for (const [i, { values, shape, dtype }] of slow.entries()) {
      assert.deepEqual([fast[i].shape, fast[i].dtype], [shape, dtype], `result ${i}`);
      assert.equal(furthest(values, fast[i].values, 1e-5), undefined, `result ${i}`);
    }
  });
}

for (const [name, [run, dtype, values]] of Object.entries(ANSWERS)) {
  test(`${name}: ${values}`, async () => {
    await tf.setBackend('simd');
    const out = tf.tidy(run);
    assert.deepEqual([out.dtype, [...(await out.data())]], [dtype, values]);
    out.dispose();
  });
}

for (const [name, run] of Object.entries(REFUSED)) {
  test(`${name} is refused, and leaves nothing behind`, () => {
    tf.setBackend('simd');
    const { heap } = simdBackend().machine;
    const before = [tf.memory().numTensors, heap.blocks];
    assert.throws(() => tf.tidy(() => void run()), { code: 'engine/unsupported' });
    assert.deepEqual([tf.memory().numTensors, heap.blocks], before);
  });
}

test('an op that the engine does not have is an error that names it', () => {
  tf.setBackend('simd');
  assert.throws(() => tf.tidy(() => tf.erf(wave([3]))), /Erf/);
});

test('memory is used again: a second round of the same tensors takes no more', () => {
  tf.setBackend('simd');
  const { heap } = simdBackend().machine;
  const round = () => tf.tidy(() => void tf.add(wave([50, 60, 70]), wave([50, 60, 70], 0.3)));
  round();
  const { byteLength } = heap.memory.buffer;
  for (let i = 0; i < 20; i++) round();
  assert.equal(heap.memory.buffer.byteLength, byteLength);
});
