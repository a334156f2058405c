/**
 * What the processor does for a step of the webgpu engine: its time a dispatch, from the batch to what Dawn hands to a driver, on Dawn's
 * adapter that computes nothing. Steps whose patches go through the network together, one by one, and together with each dispatch bound
 * anew, by turns in one run.
 * npm run bench -- handover [--method bcp] [--batch 1] [--width 4] [--patch 16,16,16] [--steps 100] [--kernels] [--json]
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import type { MethodName } from '../src/core/options.ts';
import { resolveOptions } from '../src/core/parse-option.ts';
import { StepSession } from '../src/engine/measure/step-session.ts';
import type { Gpu } from '../src/engine/webgpu/device.ts';
import { registerWebgpu, useRemoteGpu, webgpuBackend, webgpuKernels } from '../src/engine/webgpu/index.ts';
import { chiplessExecutor } from './chipless.ts';

interface Way {
  dispatches: number;
  /** Of this thread, a step. */
  milliseconds: number;
  microsecondsPerDispatch: number;
  /** Dispatches whose buffers were bound anew. */
  bound: number;
  /** The most megabytes of buffers in use. */
  megabytes: number;
}

/** Steps of a turn, and those before them that are not counted: buffers find their places again. */
const [TURN, WARM_UP] = [10, 8];

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      method: { type: 'string', default: 'bcp' },
      batch: { type: 'string', default: '1' },
      width: { type: 'string', default: '4' },
      patch: { type: 'string', default: '16,16,16' },
      steps: { type: 'string', default: '100' },
      kernels: { type: 'boolean', default: false },
    },
  });
  const executor = await chiplessExecutor();
  useRemoteGpu(async () => executor);
  await registerWebgpu();
  await tf.setBackend('webgpu');
  const { gpu } = webgpuBackend();
  const batch = Number(values.batch);
  const options = resolveOptions({
    method: values.method as MethodName,
    width: Number(values.width),
    labelledPerStep: batch,
    unlabelledPerStep: batch,
    steps: 20_000,
  });
  const patch = values.patch.split(',').map(Number) as [number, number, number];
  const session = (together?: number) => new StepSession(webgpuKernels(), options, patch, 2, undefined, together);
  const together = session();
  if (values.kernels) {
    await listKernels(gpu, together);
    process.exit(0);
  }

  const ways = [
    { name: 'together', session: together, keeps: true },
    { name: 'one by one', session: session(1), keeps: true },
    { name: 'bound anew', session: together, keeps: false },
  ].map((way) => ({ ...way, dispatches: 0, bound: 0, microseconds: 0, megabytes: 0 }));
  const turns = Math.ceil(Number(values.steps) / TURN);
  for (let turn = 0; turn < turns; turn++)
    for (const way of ways) {
      executor.keepsBindings = way.keeps;
      for (let n = 0; n < WARM_UP; n++) await way.session.step();
      gpu.pool.mostUsed = 0;
      const [dispatches, bound, before] = [gpu.dispatches, executor.bindingsMade, process.threadCpuUsage()];
      for (let n = 0; n < TURN; n++) await way.session.step();
      const { user, system } = process.threadCpuUsage(before);
      way.dispatches += gpu.dispatches - dispatches;
      way.bound += executor.bindingsMade - bound;
      way.microseconds += user + system;
      way.megabytes = Math.max(way.megabytes, gpu.pool.mostUsed / 1e6);
    }
  const count = turns * TURN;
  const results = ways.map(({ name, dispatches, bound, microseconds, megabytes }): [string, Way] => [
    name,
    {
      dispatches: dispatches / count,
      milliseconds: microseconds / count / 1000,
      microsecondsPerDispatch: microseconds / dispatches,
      bound: bound / count,
      megabytes,
    },
  ]);
  if (values.json) console.log(JSON.stringify(Object.fromEntries(results)));
  else
    for (const [name, way] of results)
      console.log(
        `${name}: ${way.dispatches} dispatches, ${way.milliseconds.toFixed(1)} ms of the processor a step, ${way.microsecondsPerDispatch.toFixed(1)} us a dispatch, ${way.bound} bound, ${way.megabytes.toFixed(0)} MB of buffers`,
      );
  process.exit(0);
}

/** How often a step dispatches each kernel. */
async function listKernels(gpu: Gpu, session: StepSession): Promise<void> {
  await session.step();
  const counts = new Map<string, number>();
  const run = gpu.run.bind(gpu);
  gpu.run = (program, ...rest) => {
    counts.set(program.key, (counts.get(program.key) ?? 0) + 1);
    run(program, ...rest);
  };
  await session.step();
  for (const [key, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`${count} ${key}`);
  console.log(`${[...counts.values()].reduce((sum, count) => sum + count, 0)} in all`);
}
