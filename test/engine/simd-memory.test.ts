/** Memory of whole training steps on the simd engine: what a step takes it gives back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { MethodName } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { StepSession } from '../../src/engine/measure/step-session.ts';
import { registerSimd, simdBackend, simdKernels } from '../../src/engine/simd/index.ts';

const options = (method: MethodName) =>
  resolveOptions({ steps: 2000, network: 'unet', method, width: 4, labelledPerStep: 1, unlabelledPerStep: 1 });

const WARM_UP = 8;

registerSimd();
await tf.setBackend('simd');

for (const method of ['cpcl', 'supervised'] as const) {
  test(`steps of ${method} leave as many tensors, blocks and bytes as they found, and the memory stops growing`, async () => {
    const { heap } = simdBackend().machine;
    const session = new StepSession(simdKernels(), options(method), [32, 16, 16]);
    const count = () => ({ tensors: tf.memory().numTensors, blocks: heap.blocks, bytes: heap.used });
    // The free list settles within some steps: AdamW's temporary arrays fall into its holes in another order at first.
    for (let n = 0; n < WARM_UP; n++) await session.step();
    const [before, grown, peak] = [count(), heap.memory.buffer.byteLength, heap.peak];
    assert.ok(before.tensors > 0 && before.bytes > 0);
    for (let n = 0; n < 4; n++) {
      await session.step();
      assert.deepEqual(count(), before, `after step ${n + WARM_UP + 1}`);
    }
    assert.equal(heap.memory.buffer.byteLength, grown);
    assert.equal(heap.peak, peak);
    session.dispose();
  });
}

test('all of it is given back when a session ends', async () => {
  const { heap } = simdBackend().machine;
  const before = [tf.memory().numTensors, heap.blocks, heap.used];
  const session = new StepSession(simdKernels(), options('cpcl'), [16, 16, 16]);
  await session.step();
  session.dispose();
  assert.deepEqual([tf.memory().numTensors, heap.blocks, heap.used], before);
});
