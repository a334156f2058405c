/** Steps that repeat get the buffers of the step before, bound as they were: on Dawn's adapter without a chip, whose front is the real one. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { chiplessExecutor } from '../../bench/chipless.ts';
import type { TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { StepSession } from '../../src/engine/measure/step-session.ts';
import {
  registerWebgpu,
  stopWebgpu,
  useRemoteGpu,
  webgpuBackend,
  webgpuKernels,
} from '../../src/engine/webgpu/index.ts';
import type { LocalExecutor } from '../../src/engine/webgpu/local-executor.ts';

const executor = await chiplessExecutor().catch((error: Error) => error.message);
const skip = typeof executor === 'string' && executor;
if (typeof executor !== 'string') {
  useRemoteGpu(async () => executor);
  await registerWebgpu();
  await tf.setBackend('webgpu');
}
after(() => stopWebgpu());

const session = (given: Partial<TrainingOptions> = {}) =>
  new StepSession(webgpuKernels(), resolveOptions({ width: 4, steps: 20_000, ...given }), [16, 16, 16]);

/** What `steps` bind anew, and their dispatches. */
async function made(steps: () => Promise<unknown>): Promise<{ bound: number; dispatches: number }> {
  const { gpu } = webgpuBackend();
  const { bindingsMade } = executor as LocalExecutor;
  const { dispatches } = gpu;
  await steps();
  return { bound: (executor as LocalExecutor).bindingsMade - bindingsMade, dispatches: gpu.dispatches - dispatches };
}
const times = async (count: number, ...sessions: StepSession[]) => {
  for (let n = 0; n < count; n++) for (const one of sessions) await one.step();
};
/** Averages of weights lie in one of two places by turns, patches in one of a few. */
const WARM_UP = 20;

test('steps of the defaults, once they repeat, bind nothing anew', { skip }, async () => {
  const defaults = session();
  const first = await made(() => times(1, defaults));
  assert.ok(first.bound > 0.5 * first.dispatches, JSON.stringify(first));
  await times(WARM_UP, defaults);
  const later = await made(() => times(3, defaults));
  assert.ok(later.dispatches > 600 && later.bound <= 0.01 * later.dispatches, JSON.stringify(later));
  defaults.dispose();
});

test('steps whose buffers are large and free between them bind nothing anew, and make none', { skip }, async () => {
  const large = new StepSession(webgpuKernels(), resolveOptions({ width: 8, steps: 20_000 }), [48, 48, 32]);
  await times(WARM_UP, large);
  const { pool } = webgpuBackend().gpu;
  const { total, used } = pool;
  const later = await made(() => times(3, large));
  assert.ok(total > used + 64 * 2 ** 20, `${total} bytes, ${used} in use`);
  assert.equal(pool.total, total);
  assert.ok(later.bound <= 0.01 * later.dispatches, JSON.stringify(later));
  large.dispose();
});

test('two runs by turns, of other shapes and methods, bind next to nothing anew', { skip }, async () => {
  const both = [session(), session({ width: 8, method: 'supervised' })];
  await times(WARM_UP, ...both);
  const later = await made(() => times(3, ...both));
  assert.ok(later.bound <= 0.02 * later.dispatches, JSON.stringify(later));
  for (const one of both) one.dispose();
});

test('bindings go with a buffer that is given back, and the steps after it are valid', { skip }, async () => {
  const defaults = session();
  await times(2, defaults);
  const { gpu } = webgpuBackend();
  const large = [60, 61, 62, 63].map((megabytes) => gpu.pool.take(megabytes * 2 ** 20));
  for (const slot of large) {
    slot.batch = gpu.batch + 1; // the steps' own are older
    gpu.pool.release(slot);
  }
  gpu.pool.release(gpu.pool.take(200 * 2 ** 20)); // room for it is made by giving others back
  const { bound, dispatches } = await made(() => times(1, defaults));
  assert.ok(bound > 0.5 * dispatches, `${bound} of ${dispatches}`);
  defaults.dispose();
});
