/** Dropout masks and noise of the webgpu engine: the processor's, of many images too, and nothing of them is uploaded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { keyFrom } from '../../src/core/hashed.ts';
import type { FeatureMap, Kernels } from '../../src/core/network/kernels.ts';
import { Random } from '../../src/core/random.ts';
import { addNoise, dropoutMask } from '../../src/core/train/randomness.ts';
import { webgpuBackend, webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { startWebgpuForTests, valuesOn } from './webgpu.ts';

const skip = await startWebgpuForTests();

const KEYS = (count: number) => {
  const random = new Random(7, 3);
  return Array.from({ length: count }, () => keyFrom(random));
};

/** [D, H, W, C], images: single values, fours and others, more images than one dispatch has keys for. */
const MASKS: [number[], number][] = [
  [[1, 1, 1, 1], 1],
  [[3, 5, 7, 8], 3],
  [[1, 3, 5, 7], 3],
  [[1, 2, 2, 1], 61],
  [[1, 3, 1, 1], 29],
];

for (const [shape, images] of MASKS)
  test(`masks of ${images} images of ${shape} are the processor's, bit for bit`, { skip }, async () => {
    for (const probability of [0, 0.3, 0.95]) {
      const made = (draw: Required<Kernels>['dropoutMask']) => [draw([1, ...shape], probability, KEYS(images))];
      const [expected] = await valuesOn('cpu', () => made(dropoutMask));
      const [actual] = await valuesOn('webgpu', () => made(webgpuKernels().dropoutMask!));
      assert.deepEqual(actual, expected);
    }
  });

test("noise is the processor's within 1e-6, and what is no number stays", { skip }, async () => {
  for (const length of [1, 7, 40_000]) {
    const noisy = (add: Required<Kernels>['addNoise']) => [add(tf.zeros([1, 1, 1, length, 1]), KEYS(1)[0])];
    const [expected] = await valuesOn('cpu', () => noisy(addNoise));
    const [actual] = await valuesOn('webgpu', () => noisy(webgpuKernels().addNoise!));
    assert.deepEqual(actual.shape, expected.shape);
    const most = expected.values.reduce((sum, v, n) => Math.max(sum, Math.abs(v - actual.values[n])), 0);
    assert.ok(most <= 1e-6, `differs by ${most}`);
  }
  const [{ values }] = await valuesOn('webgpu', () => [
    webgpuKernels().addNoise!(tf.fill([1, 1, 1, 5, 1], Number.NaN) as FeatureMap, KEYS(1)[0]),
  ]);
  assert.ok(values.every(Number.isNaN));
});

test('neither mask nor noise is uploaded', { skip }, async () => {
  await tf.setBackend('webgpu');
  const backend = webgpuBackend();
  const { gpu } = backend;
  const image = tf.zeros([1, 4, 4, 4, 1]) as FeatureMap;
  backend.slot(image);
  const upload = gpu.upload.bind(gpu);
  let uploads = 0;
  gpu.upload = (...given) => {
    uploads++;
    upload(...given);
  };
  try {
    const [mask, noisy] = [
      webgpuKernels().dropoutMask!([1, 4, 4, 4, 8], 0.3, KEYS(4)),
      webgpuKernels().addNoise!(image, KEYS(1)[0]),
    ];
    await Promise.all([mask.data(), noisy.data()]);
    tf.dispose([mask, noisy, image]);
  } finally {
    gpu.upload = upload;
  }
  assert.equal(uploads, 0);
});
