/** What differs from axis to axis (kernels of 1 or 3, pools of 1 or 2), and the norm with scale and shift, against the slow twin. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { ConvWeights, FeatureMap, Kernels, PerAxis } from '../../src/core/network/kernels.ts';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { startEngine } from '../../src/engine/choose/index.ts';
import { registerSimd, simdKernels } from '../../src/engine/simd/index.ts';
import { findTensorflow } from '../../src/engine/tensorflow/installation.ts';
import { tensorflowKernels } from '../../src/engine/tensorflow/kernels.ts';
import { webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { noise } from '../reference/golden.ts';
import { startWebgpuForTests } from './webgpu.ts';

const withoutTensorflow = findTensorflow().length === 0 && 'TensorFlow is not installed (npm run setup:tensorflow)';

const withoutGpu = await startWebgpuForTests();

/** Name of each set, its backend, and why it is skipped. */
const SETS: [name: string, backend: string, kernels: () => Kernels, skip: false | string][] = [
  ['simd', 'simd', simdKernels, false],
  ['tensorflow', 'tensorflow', () => tensorflowKernels(false), withoutTensorflow],
  ['tensorflow with wide vectors', 'tensorflow', () => tensorflowKernels(true), withoutTensorflow],
  ['webgpu', 'webgpu', webgpuKernels, withoutGpu],
];

before(async () => {
  if (!withoutTensorflow) await startEngine('tensorflow');
  registerSimd();
  await tf.setBackend('cpu');
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
});

after(() => tf.removeBackend('simd'));

const filled = (shape: readonly number[], seed: number, scale = 1, shift = 0): tf.Tensor =>
  tf.tensor(
    noise(
      shape.reduce((a, b) => a * b, 1),
      seed,
      scale,
      shift,
    ),
    [...shape],
  );
const map = (shape: readonly number[], seed: number) => filled([1, ...shape], seed) as FeatureMap;

/** Every result of `compute` equals the slow twin's to `tolerance` of its largest value; nothing is left behind. */
async function assertClose(
  [, backend, kernels]: (typeof SETS)[number],
  tolerance: number,
  compute: (kernels: Kernels) => tf.Tensor[],
): Promise<void> {
  const run = async (name: string, set: () => Kernels) => {
    await tf.setBackend(name);
    const tensors = tf.tidy(() => compute(set()));
    const values = await Promise.all(
      tensors.map(async (t) => ({ shape: t.shape, values: (await t.data()) as Float32Array })),
    );
    tf.dispose(tensors);
    return values;
  };
  const slow = await run('cpu', () => portableKernels);
  const fast = await run(backend, kernels);
  for (const [n, { shape, values }] of slow.entries()) {
    assert.deepEqual(fast[n].shape, shape);
    const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    const worst = values.reduce((most, v, i) => {
      const difference = Math.abs(v - fast[n].values[i]);
      return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
    }, 0);
    assert.ok(worst <= tolerance * scale, `result ${n} differs by ${worst}, largest value ${scale}`);
  }
}

/** [D, H, W, C, K]: the last two are large enough for the fast forms. */
const SHAPES = [
  [3, 5, 7, 2, 3],
  [1, 4, 6, 1, 8],
  [10, 32, 28, 4, 8],
  [12, 40, 36, 8, 8],
] as const;
const KERNELS: PerAxis[] = [
  [1, 3, 3],
  [3, 3, 1],
  [3, 1, 3],
  [1, 1, 3],
];
const POOLS: PerAxis[] = [
  [1, 2, 2],
  [2, 2, 1],
  [2, 1, 2],
  [1, 1, 2],
  [2, 2, 2],
];

for (const set of SETS) {
  const [name, , , skip] = set;
  for (const [d, h, w, c, k] of SHAPES.filter(([d]) => d < 10 || name !== 'webgpu'))
    for (const kernel of KERNELS)
      test(
        `${name}: the convolution ${d}x${h}x${w} by ${kernel.join('x')}, ${c} to ${k} channels, equals its twin, forward and both gradients`,
        {
          skip,
        },
        () =>
          assertClose(set, 2e-5, (kernels) => {
            const [x, dy] = [map([d, h, w, c], 1), map([d, h, w, k], 2)];
            const weights = filled([...kernel, c, k], 3) as ConvWeights;
            return [
              kernels.conv3d(x, weights),
              kernels.conv3dGradInput(dy, weights),
              kernels.conv3dGradWeights(x, dy, kernel),
            ];
          }),
      );

  for (const [fd, fh, fw] of POOLS)
    for (const [d, h, w, c] of [
      [3, 4, 5, 3],
      [2, 3, 4, 8],
    ])
      test(
        `${name}: the max-pool of blocks ${fd}x${fh}x${fw} to ${d}x${h}x${w}, ${c} channels, equals its twin, forward and back`,
        {
          skip,
        },
        () =>
          assertClose(set, 0, (kernels) => {
            const x = map([d * fd, h * fh, w * fw, c], 4);
            const y = kernels.maxPool(x, [fd, fh, fw]);
            return [y, kernels.maxPoolGrad(map([d, h, w, c], 5), x, y, [fd, fh, fw])];
          }),
      );

  for (const [d, h, w, c] of [
    [3, 4, 5, 3],
    [4, 16, 20, 8],
  ])
    test(
      `${name}: the norm with scale, shift and leaky ReLU of ${d}x${h}x${w}, ${c} channels, equals its twin, forward and back`,
      {
        skip,
      },
      () =>
        assertClose(set, 2e-5, (kernels) => {
          const x = tf.add(tf.mul(map([d, h, w, c], 6), 3), 2) as FeatureMap;
          const [scale, shift] = [filled([c], 7, 0.5, 1), filled([c], 8, 0.5)];
          const forward = kernels.instanceNormLeaky(x, scale, shift);
          const back = kernels.instanceNormLeakyGrad(map([d, h, w, c], 9), x, scale, forward);
          return [forward.y, back.dx, back.dScale, back.dShift];
        }),
    );
}
