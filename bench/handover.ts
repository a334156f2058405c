/**
 * What the processor does for a step of the webgpu engine: its time a dispatch, from the batch to what Dawn hands to a driver, on Dawn's
 * adapter that computes nothing. Steps by turns with buffers bound once and with each dispatch bound anew, in one run.
 * npm run bench -- handover [--method bcp] [--width 4] [--patch 16,16,16] [--steps 100] [--json]
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import type { MethodName } from '../src/core/options.ts';
import { resolveOptions } from '../src/core/parse-option.ts';
import { StepSession } from '../src/engine/measure/step-session.ts';
import { registerWebgpu, useRemoteGpu, webgpuBackend, webgpuKernels } from '../src/engine/webgpu/index.ts';
import { chiplessExecutor } from './chipless.ts';

interface Way {
  dispatches: number;
  /** Of this thread, a step. */
  milliseconds: number;
  microsecondsPerDispatch: number;
  /** Dispatches whose buffers were bound anew. */
  bound: number;
}

const WARM_UP = 25;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      method: { type: 'string', default: 'bcp' },
      width: { type: 'string', default: '4' },
      patch: { type: 'string', default: '16,16,16' },
      steps: { type: 'string', default: '100' },
    },
  });
  const executor = await chiplessExecutor();
  useRemoteGpu(async () => executor);
  await registerWebgpu();
  await tf.setBackend('webgpu');
  const { gpu } = webgpuBackend();
  const options = resolveOptions({ method: values.method as MethodName, width: Number(values.width), steps: 20_000 });
  const patch = values.patch.split(',').map(Number) as [number, number, number];
  const session = new StepSession(webgpuKernels(), options, patch);
  for (let n = 0; n < WARM_UP; n++) await session.step();

  const count = Number(values.steps);
  const sums = { kept: [0, 0, 0], anew: [0, 0, 0] };
  for (let n = 0; n < 2 * count; n++) {
    executor.keepsBindings = n % 2 === 0;
    const sum = sums[executor.keepsBindings ? 'kept' : 'anew'];
    const [dispatches, bound, before] = [gpu.dispatches, executor.bindingsMade, process.threadCpuUsage()];
    await session.step();
    const { user, system } = process.threadCpuUsage(before);
    sum[0] += gpu.dispatches - dispatches;
    sum[1] += executor.bindingsMade - bound;
    sum[2] += user + system;
  }
  const wayOf = ([dispatches, bound, microseconds]: number[]): Way => ({
    dispatches: dispatches / count,
    milliseconds: microseconds / count / 1000,
    microsecondsPerDispatch: microseconds / dispatches,
    bound: bound / count,
  });
  const ways = { kept: wayOf(sums.kept), anew: wayOf(sums.anew) };
  if (values.json) console.log(JSON.stringify(ways));
  else
    for (const [name, way] of Object.entries(ways))
      console.log(
        `${name === 'kept' ? 'bound once' : 'bound anew'}: ${way.dispatches} dispatches, ${way.milliseconds.toFixed(1)} ms of the processor a step, ${way.microsecondsPerDispatch.toFixed(1)} us a dispatch, ${way.bound} bound`,
      );
  process.exit(0);
}
