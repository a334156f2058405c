/** Whole training steps on the webgpu engine: equal to the simd engine's, for every method, with nothing left behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Kernels } from '../../src/core/network/kernels.ts';
import { METHODS, type MethodName, PAPER_READING, type TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { StepSession } from '../../src/engine/measure/step-session.ts';
import { registerSimd, simdKernels } from '../../src/engine/simd/index.ts';
import { webgpuBackend, webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { localExecutor, startWebgpuForTests } from './webgpu.ts';

const skip = await startWebgpuForTests();
registerSimd();

/** Losses differ by the order of their sums; steps carry the difference on. */
const TOLERANCE = 1e-4;

/** Of one step of width 4, with the defaults, and of CPCL with 2 + 2 patches: lower them when fewer are enough. */
const MOST_DISPATCHES: [name: string, options: Partial<TrainingOptions>, most: number][] = [
  ['the defaults', {}, 385],
  ['CPCL', { method: 'cpcl', labelledPerStep: 2, unlabelledPerStep: 2 }, 1050],
];

/** Losses of the first steps of a method on made-up 16^3 patches, and tensors and bytes in use after each. */
async function steps(
  engine: string,
  kernels: () => Kernels,
  method: MethodName,
  count: number,
  more: Partial<TrainingOptions> = {},
) {
  await tf.setBackend(engine);
  // SGD's updates are as near as the gradients; AdamW's first ones have the gradients' signs alone, and a gradient near 0 has either.
  const options = resolveOptions({
    ...PAPER_READING,
    learningRate: 0.05,
    unlabelledBranch: 'student',
    prototypeFeatures: 'decoder-1/4',
    lambdaRamp: 0.3,
    method,
    width: 4,
    steps: 10,
    labelledPerStep: 1,
    unlabelledPerStep: 1,
    ...more,
  });
  const session = new StepSession(kernels(), options, [16, 16, 16]);
  const losses: number[] = [];
  const held: number[][] = [];
  for (let n = 0; n < count; n++) {
    losses.push((await session.step()).loss);
    held.push([tf.memory().numTensors, tf.memory().numBytes]);
  }
  session.dispose();
  return { losses, held };
}

for (const method of METHODS) {
  const count = method === 'cpcl' || method === 'supervised' ? 5 : 1;
  test(`${count} steps of ${method} on webgpu equal those of the simd engine`, { skip }, async () => {
    const expected = await steps('simd', simdKernels, method, count);
    const before = tf.memory().numTensors;
    const actual = await steps('webgpu', webgpuKernels, method, count);
    assert.equal(tf.memory().numTensors, before);
    assert.equal(webgpuBackend().gpu.pool.slots, 0);
    for (const [n, loss] of expected.losses.entries()) {
      const difference = Math.abs(actual.losses[n] / loss - 1);
      assert.ok(difference <= TOLERANCE, `step ${n}: ${actual.losses[n]}, not ${loss}`);
    }
    for (const held of actual.held) assert.deepEqual(held, actual.held[0]);
  });
}

test('steps of the planned network with deep supervision on webgpu equal those of the simd engine', {
  skip,
}, async () => {
  const planned = { network: 'planned', deepSupervision: 'on' } as const;
  const expected = await steps('simd', simdKernels, 'cpcl', 3, planned);
  const actual = await steps('webgpu', webgpuKernels, 'cpcl', 3, planned);
  assert.equal(webgpuBackend().gpu.pool.slots, 0);
  for (const [n, loss] of expected.losses.entries()) {
    const difference = Math.abs(actual.losses[n] / loss - 1);
    assert.ok(difference <= TOLERANCE, `step ${n}: ${actual.losses[n]}, not ${loss}`);
  }
});

test('steps whose buffers stay bound give the losses of steps that bind each dispatch anew, bit by bit', {
  skip,
}, async () => {
  const executor = localExecutor();
  const defaults = resolveOptions({ width: 4, dropout: 0.3, steps: 10 });
  const before = executor.bindingsMade;
  const kept = await steps('webgpu', webgpuKernels, 'bcp', 4, defaults);
  const bound = executor.bindingsMade - before;
  executor.keepsBindings = false;
  const anew = await steps('webgpu', webgpuKernels, 'bcp', 4, defaults);
  executor.keepsBindings = true;
  assert.deepEqual(anew.losses, kept.losses);
  assert.equal(new Set(kept.losses).size, 4);
  assert.ok(bound < 0.75 * (executor.bindingsMade - before - bound), `${bound} bound once`);
});

for (const [name, chosen, most] of MOST_DISPATCHES)
  test(`a step of ${name} takes no more dispatches than it did`, { skip }, async () => {
    await tf.setBackend('webgpu');
    const options = resolveOptions({ width: 4, steps: 20_000, ...chosen });
    const session = new StepSession(webgpuKernels(), options, [16, 16, 16]);
    const { gpu } = webgpuBackend();
    await session.step();
    const before = gpu.dispatches;
    await session.step();
    const dispatches = gpu.dispatches - before;
    session.dispose();
    assert.ok(dispatches > 0 && dispatches <= most, `${dispatches} dispatches, at most ${most}`);
  });
