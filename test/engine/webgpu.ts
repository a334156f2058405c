/** What tests of the webgpu engine share: an adapter (Chromium's software one where there is no GPU), or why there is none. */
import { after } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { addSoftwareAdapter } from '../../bench/software-adapter.ts';
import { findAdapter, registerWebgpu, stopWebgpu, useRemoteGpu } from '../../src/engine/webgpu/index.ts';
import { type LocalExecutor, startLocalExecutor } from '../../src/engine/webgpu/local-executor.ts';

let started: LocalExecutor | undefined;

/** What carries out this process' commands, once the engine was started. */
export const localExecutor = (): LocalExecutor => started as LocalExecutor;

/** False where the engine starts, else the reason: the value of a test's `skip`. */
export async function startWebgpuForTests(): Promise<string | false> {
  addSoftwareAdapter();
  await tf.setBackend('cpu');
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  after(() => stopWebgpu());
  try {
    await findAdapter();
  } catch (error) {
    return (error as Error).message;
  }
  useRemoteGpu(async () => {
    started = await startLocalExecutor();
    return started;
  });
  await registerWebgpu();
  return false;
}

/** Values of `compute` on an engine; nothing is left behind. */
export async function valuesOn(
  engine: string,
  compute: () => tf.Tensor[],
): Promise<{ values: Float32Array; shape: number[]; dtype: string }[]> {
  await tf.setBackend(engine);
  const tensors = tf.tidy(compute);
  const results = [];
  for (const tensor of tensors) {
    results.push({ values: (await tensor.data()) as Float32Array, shape: tensor.shape, dtype: tensor.dtype });
    tensor.dispose();
  }
  return results;
}
