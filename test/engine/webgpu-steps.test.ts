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

/** Of one step of width 4, with the defaults, and of CPCL with 2 + 2 patches, two of them for dropout masks: lower them when fewer are enough. */
const MOST_DISPATCHES: [name: string, options: Partial<TrainingOptions>, most: number][] = [
  ['the defaults', {}, 209],
  ['CPCL', { method: 'cpcl', labelledPerStep: 2, unlabelledPerStep: 2 }, 392],
];

/** Losses of the first steps of a method on made-up 16^3 patches, and tensors and bytes in use after each. */
async function steps(
  engine: string,
  kernels: () => Kernels,
  method: MethodName,
  count: number,
  more: Partial<TrainingOptions> = {},
  together?: number,
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
  const session = new StepSession(kernels(), options, [16, 16, 16], 2, undefined, together);
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

/** Each with dropout, so that draws are told apart: several networks, teachers, deep supervision, the paper's networks. */
const TOGETHER: [name: string, options: Partial<TrainingOptions>][] = [
  ['the defaults', { ...resolveOptions({ steps: 10 }), width: 4, dropout: 0.3, deepSupervision: 'on' }],
  [
    'CPCL of the U-Net',
    { method: 'cpcl', network: 'unet', unlabelledBranch: 'both', labelledPerStep: 2, dropout: 0.3 },
  ],
  ['DTML of the V-Net', { method: 'dtml', network: 'vnet', labelledPerStep: 2, unlabelledPerStep: 2, dropout: 0.3 }],
];

for (const [name, chosen] of TOGETHER)
  test(`patches of ${name} that go through a network together give the losses of patches one by one`, {
    skip,
  }, async () => {
    const method = chosen.method ?? 'bcp';
    const together = await steps('webgpu', webgpuKernels, method, 3, chosen);
    const alone = await steps('webgpu', webgpuKernels, method, 3, chosen, 1);
    assert.equal(webgpuBackend().gpu.pool.slots, 0);
    assert.equal(new Set(alone.losses).size, 3, 'steps differ');
    for (const [n, loss] of alone.losses.entries()) {
      const difference = Math.abs(together.losses[n] / loss - 1);
      assert.ok(difference <= (n === 0 ? 1e-6 : 1e-5), `step ${n}: ${together.losses[n]}, not ${loss}`);
    }
    for (const held of together.held) assert.deepEqual(held, together.held[0]);
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
