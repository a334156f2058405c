/** Whole CPCL steps on the GPU: seconds, dispatches, the processor's time, and the GPU's own by kernel. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../src/core/errors.ts';
import { PAPER_READING } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { StepSession } from '../../src/engine/measure/step-session.ts';
import { ALL_HALVES, NO_HALVES } from '../../src/engine/webgpu/halves.ts';
import { webgpuBackend, webgpuKernels } from '../../src/engine/webgpu/index.ts';
import type { LocalExecutor } from '../../src/engine/webgpu/local-executor.ts';
import { median } from '../stepper.ts';

export type Reading = 'default' | 'paper';

export interface StepQuestion {
  width: number;
  /** x, y, z */
  patch: [number, number, number];
  reading: Reading;
  /** Convolutions by matrix units where there are some. */
  halves: boolean;
  /** Labelled patches of a step, and as many unlabelled ones. */
  batch: number;
}

export interface StepRow extends Omit<StepQuestion, 'patch'> {
  /** As 64x64x32. */
  patch: string;
  seconds: number;
  steps: number;
  dispatches: number;
  /** Of the thread that hands commands over. */
  cpuSeconds: number;
  /** Making the patches of such a step, with the augmentation of the default; not in `seconds`, as in PyTorch's. */
  patchSeconds: number;
  /** Sum over the dispatches by the GPU's own clock; null where it has none. */
  gpuSeconds: number | null;
  /** Of a step in which no dispatch ran; null where the GPU has no clock. */
  idleSeconds: number | null;
  /** Bytes of buffers in use, at most and since the start. */
  bytes: number;
  /** The kernels that took longest. */
  kernels: { kernel: string; calls: number; seconds: number }[];
  /** Seconds; null where PyTorch is not there or cannot. */
  pytorch: { fp32: number | null; tf32: number | null; bf16: number | null };
  error?: string;
  /** The device went, and nothing can follow. */
  lost?: DecileError;
}

export const readingOptions = (reading: Reading) => (reading === 'paper' ? PAPER_READING : {});

export async function measureStep(
  executor: LocalExecutor,
  { width, patch, reading, batch, halves }: StepQuestion,
  seconds: number,
): Promise<StepRow> {
  await tf.setBackend('webgpu');
  const { gpu } = webgpuBackend();
  const options = resolveOptions({
    ...readingOptions(reading),
    method: 'cpcl',
    // What PyTorch's step has.
    network: 'unet',
    width,
    labelledPerStep: batch,
    unlabelledPerStep: batch,
    steps: 20000,
  });
  const session = new StepSession(webgpuKernels({ halves: halves ? ALL_HALVES : NO_HALVES }), options, patch);
  const row: StepRow = {
    ...{
      width,
      patch: patch.join('x'),
      reading,
      batch,
      halves,
      seconds: Number.NaN,
      steps: 0,
      dispatches: 0,
      cpuSeconds: 0,
      patchSeconds: 0,
    },
    ...{ gpuSeconds: null, idleSeconds: null, bytes: 0, kernels: [], pytorch: { fp32: null, tf32: null, bf16: null } },
  };
  try {
    row.patchSeconds = await session.keepPatches();
    for (let n = 0; n < 3; n++) await session.step(); // shaders are compiled, buffers made
    const times: number[] = [];
    const cpu: number[] = [];
    for (const start = performance.now(); times.length < 10; ) {
      const [before, dispatches] = [process.threadCpuUsage(), gpu.dispatches];
      times.push((await session.step()).seconds);
      const { user, system } = process.threadCpuUsage(before);
      cpu.push((user + system) / 1e6);
      row.dispatches = gpu.dispatches - dispatches;
      if ((performance.now() - start) / 1000 > seconds) break;
    }
    Object.assign(row, { seconds: median(times), steps: times.length, cpuSeconds: median(cpu), bytes: gpu.pool.peak });
    if (executor.startClock()) {
      await session.step();
      const clock = [...(await executor.stopClock())].map(([kernel, { calls, nanoseconds }]) => ({
        ...{ kernel, calls, seconds: nanoseconds / 1e9 },
      }));
      row.gpuSeconds = clock.reduce((sum, kernel) => sum + kernel.seconds, 0);
      row.idleSeconds = Math.max(0, row.seconds - row.gpuSeconds);
      row.kernels = clock.sort((a, b) => b.seconds - a.seconds).slice(0, 40);
    }
  } catch (error) {
    row.error = (error as Error).message;
    if (error instanceof DecileError && error.code === 'engine/device-lost') return { ...row, lost: error };
  }
  session.dispose();
  return row;
}
