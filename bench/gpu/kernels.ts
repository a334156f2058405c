/** Every heavy kernel of the webgpu engine: is it right at real sizes (beside the simd engine, which is held to the slow twin), and how fast. */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, HALVES, type Kernels } from '../../src/core/network/kernels.ts';
import { simdKernels } from '../../src/engine/simd/index.ts';
import { ALL_HALVES, fillsBlocks, NO_HALVES } from '../../src/engine/webgpu/halves.ts';
import { webgpuBackend, webgpuKernels } from '../../src/engine/webgpu/index.ts';
import type { LocalExecutor } from '../../src/engine/webgpu/local-executor.ts';
import { BUSY, occupy, type Peaks } from './peaks.ts';

export interface GpuKernelRow {
  kernel: string;
  shape: string;
  seconds: number;
  /** By the GPU's own clock, without what hands commands over; null where it has none. */
  gpuSeconds: number | null;
  /** Multiply-adds of the plain form (two operations each), or bytes read and written, a second, and as a share of the peak. */
  gflops?: number;
  gigabytes?: number;
  share?: number;
  /** Largest difference from the simd engine, relative to the largest value. */
  error: number;
  right: boolean;
}

type Sides = [d: number, h: number, w: number];
interface Case {
  kernel: string;
  shape: string;
  operations?: number;
  bytes?: number;
  inputs: number[][];
  run(kernels: Kernels, inputs: tf.Tensor[]): tf.Tensor;
  /** By which units; float32 without it. */
  peak?: 'matrix';
}

/** Until the chip is at its speed; runs of a measurement. */
const [WARM_SECONDS, RUNS] = [0.1, 8];

/** Largest difference that sums in another order may make, and products of half precision. */
const [SUMS_DIFFER, HALVES_DIFFER] = [1e-4, 1e-2];

const size = (shape: number[]) => shape.reduce((a, b) => a * b, 1);

/** Values between -1 and 1 that do not repeat within any row. */
function values(shape: number[], seed: number): Float32Array {
  const list = new Float32Array(size(shape));
  for (let i = 0, state = seed + 1; i < list.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    list[i] = state / 2 ** 31;
  }
  return list;
}

function casesOf(width: number, patch: Sides, units: boolean): Case[] {
  const level = (n: number) => patch.map((side) => side >> n) as Sides;
  const text = ([d, h, w]: Sides, channels: string) => `${w}x${h}x${d}, ${channels}`;
  const convolution = (sides: Sides, c: number, k: number): Case[] => {
    const [x, dy, w] = [
      [1, ...sides, c],
      [1, ...sides, k],
      [3, 3, 3, c, k],
    ];
    const common = { shape: text(sides, `${c} to ${k}`), operations: 2 * 27 * size(sides) * c * k };
    const forms: Case[] = [
      {
        ...common,
        kernel: 'conv',
        inputs: [x, w],
        run: (kernels, [a, b]) => kernels.conv3d(a as FeatureMap, b as ConvWeights),
      },
      {
        ...common,
        kernel: 'conv, input gradient',
        inputs: [dy, w],
        run: (kernels, [a, b]) => kernels.conv3dGradInput(a as FeatureMap, b as ConvWeights),
      },
      {
        ...common,
        kernel: 'conv, weight gradient',
        inputs: [x, dy],
        run: (kernels, [a, b]) => kernels.conv3dGradWeights(a as FeatureMap, b as FeatureMap, CUBE),
      },
    ];
    const byUnits = forms.map((form): Case => ({ ...form, kernel: `${form.kernel}, matrix units`, peak: 'matrix' }));
    return units && fillsBlocks(c, k) ? [...byUnits, ...forms] : forms;
  };
  const whole = [1, ...patch, width];
  const half = [1, ...level(1), width];
  const map = 4 * size(whole);
  const move = (kernel: string, bytes: number, inputs: number[][], run: Case['run']): Case => ({
    ...{ kernel, shape: text(patch, String(width)), bytes, inputs, run },
  });
  const drop = <T>(result: T, ...others: tf.Tensor[]): T => {
    tf.dispose(others);
    return result;
  };
  return [
    ...convolution(level(0), width, width),
    ...convolution(level(0), 3 * width, width),
    ...convolution(level(1), 2 * width, 2 * width),
    ...convolution(level(2), 4 * width, 4 * width),
    ...convolution(level(3), 8 * width, 8 * width),
    ...convolution(level(4), 16 * width, 16 * width),
    ...convolution(level(0), 1, width),
    move('norm + ReLU', 3 * map, [whole], (kernels, [x]) => {
      const { y, saved } = kernels.instanceNormRelu(x as FeatureMap);
      return drop(y, ...saved);
    }),
    move('norm + ReLU, gradient', 6 * map, [whole, whole], (kernels, [x, dy]) => {
      const forward = kernels.instanceNormRelu(x as FeatureMap);
      return drop(
        kernels.instanceNormReluGrad(dy as FeatureMap, x as FeatureMap, forward),
        forward.y,
        ...forward.saved,
      );
    }),
    move('max-pool', 1.125 * map, [whole], (kernels, [x]) => kernels.maxPool(x as FeatureMap, HALVES)),
    move('max-pool, gradient', 2.25 * map, [whole, half], (kernels, [x, dy]) => {
      const y = kernels.maxPool(x as FeatureMap, HALVES);
      return drop(kernels.maxPoolGrad(dy as FeatureMap, x as FeatureMap, y, HALVES), y);
    }),
    move('upsampling', 1.125 * map, [half], (kernels, [x]) => kernels.upsample(x as FeatureMap)),
    move('upsampling, gradient', 1.125 * map, [whole], (kernels, [dy]) => kernels.upsampleGrad(dy as FeatureMap)),
    move('sum of two maps', 3 * map, [whole, whole], (_, [a, b]) => tf.add(a, b)),
  ];
}

/** Kernels one after the other until `mayGoOn` says no; `tell` hears of each. */
export async function measureGpuKernels(
  executor: LocalExecutor,
  width: number,
  patch: Sides,
  peaks: Peaks,
  units: boolean,
  tell: (row: GpuKernelRow) => void,
  mayGoOn: () => boolean,
): Promise<void> {
  for (const each of casesOf(width, patch, units)) {
    if (!mayGoOn()) return;
    const given = each.inputs.map(values);
    await tf.setBackend('simd');
    const expected = await once(each, simdKernels(), given);
    await tf.setBackend('webgpu');
    const kernels = webgpuKernels({ halves: each.peak === 'matrix' ? ALL_HALVES : NO_HALVES });
    const actual = await once(each, kernels, given);
    const tensors = given.map((list, n) => tf.tensor(list, each.inputs[n]));
    const { gpu } = webgpuBackend();
    const [warmSeconds, count] = executor.facts.software ? [0, 1] : [WARM_SECONDS, RUNS];
    const runs = async () => {
      const start = performance.now();
      for (let n = 0; n < count; n++) each.run(kernels, tensors).dispose();
      await gpu.settle();
      return (performance.now() - start) / 1000;
    };
    await runs();
    // In its own time: what the processor does between runs is not the kernel's.
    if (warmSeconds > 0) occupy(warmSeconds, peaks);
    await gpu.settle();
    const seconds = (await runs()) / count;
    const clocked = executor.startClock();
    if (warmSeconds > 0) occupy(warmSeconds, peaks);
    if (clocked) await runs();
    gpu.flush();
    const clock = await executor.stopClock();
    clock.delete(BUSY);
    const gpuSeconds = clocked
      ? [...clock.values()].reduce((sum, { nanoseconds }) => sum + nanoseconds, 0) / 1e9 / count
      : null;
    tf.dispose(tensors);
    const of = gpuSeconds || seconds;
    const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const error = expected.reduce((most, v, i) => {
      const difference = Math.abs(v - actual[i]) / scale;
      return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
    }, 0);
    const peak = peaks[each.peak ?? 'f32'];
    const right = error < (each.peak ? HALVES_DIFFER : SUMS_DIFFER);
    tell({
      ...{ kernel: each.kernel, shape: each.shape, seconds, gpuSeconds, error, right },
      ...(each.operations && { gflops: each.operations / of / 1e9, share: peak && each.operations / of / peak }),
      ...(each.bytes && {
        gigabytes: each.bytes / of / 1e9,
        share: peaks.bytesPerSecond && each.bytes / of / peaks.bytesPerSecond,
      }),
    });
  }
}

async function once({ inputs, run }: Case, kernels: Kernels, given: Float32Array[]): Promise<Float32Array> {
  const tensors = given.map((list, n) => tf.tensor(list, inputs[n]));
  const result = run(kernels, tensors);
  const read = (await result.data()) as Float32Array;
  tf.dispose([result, ...tensors]);
  return Float32Array.from(read);
}
