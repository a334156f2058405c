/** Each heavy kernel of an engine at the sizes of the U-Net's levels: GFLOP/s of the plain form, or GB/s of what must be read and written. */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, HALVES, type Kernels } from '../../src/core/network/kernels.ts';
import { median } from '../stepper.ts';

export interface KernelRow {
  kernel: string;
  shape: string;
  milliseconds: number;
  /** Operations that the plain form of a convolution takes, per second; Winograd's form may exceed the peak. */
  gflops?: number;
  gigabytes?: number;
}

type Sides = [d: number, h: number, w: number];

/** Runs a kernel until `seconds` are over, at least three times after one warm-up; the median in ms. */
async function time(seconds: number, run: () => tf.Tensor): Promise<number> {
  const once = async () => {
    const start = performance.now();
    const result = run();
    // One value is read, so that the work is done on engines that answer before it is.
    const value = tf.tidy(() => result.flatten().slice(0, 1));
    await value.data();
    tf.dispose([result, value]);
    return performance.now() - start;
  };
  await once();
  const times: number[] = [];
  for (let total = 0; times.length < 3 || total < seconds * 1000; total += times[times.length - 1])
    times.push(await once());
  return median(times);
}

const random = (shape: number[]) => tf.randomUniform(shape, -1, 1, 'float32', 1);

export async function measureKernels(
  kernels: Kernels,
  width: number,
  patch: Sides,
  seconds: number,
): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  const level = (n: number) => patch.map((side) => side >> n) as Sides;
  const convolution = async ([d, h, w]: Sides, c: number, k: number) => {
    const [x, dy] = [random([1, d, h, w, c]) as FeatureMap, random([1, d, h, w, k]) as FeatureMap];
    const weights = random([3, 3, 3, c, k]) as ConvWeights;
    const operations = 2 * 27 * d * h * w * c * k;
    const add = async (kernel: string, run: () => tf.Tensor) => {
      const milliseconds = await time(seconds, run);
      rows.push({
        kernel,
        shape: `${w}x${h}x${d}, ${c} to ${k}`,
        milliseconds,
        gflops: operations / milliseconds / 1e6,
      });
    };
    await add('conv', () => kernels.conv3d(x, weights));
    if (c > 1) await add('conv, input gradient', () => kernels.conv3dGradInput(dy, weights));
    await add('conv, weight gradient', () => kernels.conv3dGradWeights(x, dy, CUBE));
    tf.dispose([x, dy, weights]);
  };
  await convolution(level(0), 1, width);
  for (let n = 0; n < 4; n++) {
    const channels = width << n;
    await convolution(level(n), channels, channels);
    await convolution(level(n), 3 * channels, channels);
  }
  await convolution(level(4), 16 * width, 16 * width);

  const [d, h, w] = patch;
  const shape = [1, d, h, w, width];
  const [x, dy, small] = [random(shape), random(shape), random([1, d / 2, h / 2, w / 2, width])] as FeatureMap[];
  const norm = kernels.instanceNormRelu(x);
  const pooled = kernels.maxPool(x, HALVES);
  const map = x.size * 4;
  const moves = async (kernel: string, bytes: number, run: () => tf.Tensor) => {
    const milliseconds = await time(seconds, run);
    rows.push({ kernel, shape: `${w}x${h}x${d}, ${width}`, milliseconds, gigabytes: bytes / milliseconds / 1e6 });
  };
  await moves('norm + ReLU', 3 * map, () => {
    const { y, saved } = kernels.instanceNormRelu(x);
    tf.dispose(saved);
    return y;
  });
  await moves('norm + ReLU, gradient', 6 * map, () => kernels.instanceNormReluGrad(dy, x, norm));
  await moves('max-pool', 1.125 * map, () => kernels.maxPool(x, HALVES));
  await moves('max-pool, gradient', 2.25 * map, () => kernels.maxPoolGrad(small, x, pooled, HALVES));
  await moves('upsampling', 1.125 * map, () => kernels.upsample(small));
  await moves('upsampling, gradient', 1.125 * map, () => kernels.upsampleGrad(dy));
  await moves('sum of two maps', 3 * map, () => tf.add(x, dy));
  tf.dispose([x, dy, small, norm.y, norm.saved, pooled]);
  return rows;
}
