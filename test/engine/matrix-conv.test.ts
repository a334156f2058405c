/**
 * Convolutions by small matrix products, each product by threads one number after the other, as any adapter can: boxes, borders, blocks of
 * channels, scales and slabs beside the slow convolution.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, type Kernels } from '../../src/core/network/kernels.ts';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { webgpuBackend } from '../../src/engine/webgpu/index.ts';
import { convolveByMatrices, scaleOf, weightsByMatrices } from '../../src/engine/webgpu/matrix-conv.ts';
import { byThreads } from '../../src/engine/webgpu/wgsl/products.ts';
import { startWebgpuForTests, valuesOn } from './webgpu.ts';

const skip = await startWebgpuForTests();

/** [N, D, H, W, C, K]: boxes that end in the middle, channels that fill no block, several blocks a group, several images. */
const SHAPES = [
  [2, 5, 6, 17, 8, 16],
  [1, 3, 5, 33, 20, 48],
  [1, 4, 4, 16, 33, 32],
  [1, 2, 9, 6, 8, 32],
] as const;

const random = (shape: readonly number[], seed: number, factor = 1) => {
  let state = seed * 2654435761;
  const length = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return factor * (state / 2 ** 31 - 1);
    }),
    [...shape],
  );
};

async function difference(slow: (kernels: Kernels) => tf.Tensor, fast: () => tf.TensorInfo): Promise<number> {
  const [expected] = await valuesOn('cpu', () => [slow(portableKernels)]);
  const [actual] = await valuesOn('webgpu', () => [tf.engine().makeTensorFromTensorInfo(fast())]);
  assert.deepEqual(actual.shape, expected.shape);
  const most = expected.values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return expected.values.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual.values[i]) / most), 0);
}

for (const [n, d, h, w, c, k] of SHAPES) {
  const text = `${[n, d, h, w].join('x')}, ${c} to ${k}`;
  const x = () => random([n, d, h, w, c], 1) as FeatureMap;
  // Slopes as small as those of a mean over millions of voxels.
  const dy = () => random([n, d, h, w, k], 2, 1e-7) as FeatureMap;
  const weights = () => random([3, 3, 3, c, k], 3) as ConvWeights;

  const images = (map: tf.Tensor) => tf.split(map, n) as FeatureMap[];

  test(`convolution ${text}`, { skip }, async () => {
    const own = () => convolveByMatrices(webgpuBackend(), byThreads(), x(), weights(), [n, d, h, w, k], false, 1);
    assert.ok(
      (await difference(({ conv3d }) => tf.concat(images(x()).map((image) => conv3d(image, weights()))), own)) < 1e-5,
    );
  });

  test(`its input gradient ${text}`, { skip }, async () => {
    const own = () => convolveByMatrices(webgpuBackend(), byThreads(), dy(), weights(), [n, d, h, w, c], true, 1);
    assert.ok(
      (await difference(
        ({ conv3dGradInput }) => tf.concat(images(dy()).map((image) => conv3dGradInput(image, weights()))),
        own,
      )) < 1e-5,
    );
  });

  test(`its weight gradient ${text}`, { skip }, async () => {
    const own = () => weightsByMatrices(webgpuBackend(), byThreads(), x(), dy());
    assert.ok(
      (await difference(
        ({ conv3dGradWeights }) =>
          tf.addN(images(x()).map((image, i) => conv3dGradWeights(image, images(dy())[i], CUBE))),
        own,
      )) < 1e-5,
    );
  });
}

for (const [name, values, scale] of [
  ['small slopes', [1e-9, -3e-9], 2 ** 37],
  ['zeros', [0, 0], 1],
  ['what is no number', [1, Number.NaN], 1],
  ['infinity', [1, Number.NEGATIVE_INFINITY], 1],
] as const)
  test(`the scale of ${name} is a power of two, and one through it`, { skip }, async () => {
    const [{ values: found }] = await valuesOn('webgpu', () => {
      const map = tf.tensor([...values]);
      return [tf.mul(tf.engine().makeTensorFromTensorInfo(scaleOf(webgpuBackend(), map)), 1)];
    });
    assert.deepEqual([...found], [scale, 1 / scale]);
  });
