/** A weight that is no number ends a training on every engine at the next step, and is not computed away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { resolveOptions } from '../../src/core/parse-option.ts';
import type { TrainState } from '../../src/core/train/state.ts';
import { StepSession } from '../../src/engine/measure/step-session.ts';
import { registerSimd, simdKernels } from '../../src/engine/simd/index.ts';
import { webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { startWebgpuForTests } from './webgpu.ts';

const skip = await startWebgpuForTests();
registerSimd();

/** One value of a weight of the student replaced. */
async function spoil(session: StepSession, name: string, value: number): Promise<void> {
  const { student } = (session as unknown as { state: TrainState }).state.networks;
  const values = Float32Array.from(await student[name].data());
  values[7] = value;
  student[name].dispose();
  student[name] = tf.tensor(values, student[name].shape);
}

for (const [engine, kernels, left] of [
  ['simd', simdKernels, false],
  ['webgpu', webgpuKernels, skip],
] as const)
  for (const name of ['down0.conv1.weight', 'bottom.conv2.weight', 'up0.conv2.weight', 'out.weight'])
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      test(`a ${value} in ${name} is a training that diverged on ${engine}`, { skip: left }, async () => {
        await tf.setBackend(engine);
        const options = resolveOptions({
          method: 'supervised',
          width: 4,
          steps: 10,
          labelledPerStep: 1,
          unlabelledPerStep: 1,
        });
        const session = new StepSession(kernels(), options, [16, 16, 16]);
        await spoil(session, name, value);
        await assert.rejects(session.step(), { code: 'train/diverged' });
        session.dispose();
      });
