/** Every kernel of the simd engine against its slow twin, over awkward shapes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { ConvWeights, FeatureMap } from '../../src/core/network/kernels.ts';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { registerSimd, simdBackend, simdKernels } from '../../src/engine/simd/index.ts';

/** [D, H, W, C, K]: odd sides, one channel, single voxels, channel counts around the vector sizes, small deep maps. */
const CONVOLUTIONS = [
  [1, 1, 1, 1, 1],
  [1, 1, 1, 8, 8],
  [3, 5, 7, 1, 8],
  [2, 3, 5, 3, 5],
  [4, 4, 4, 2, 2],
  [3, 4, 6, 8, 16],
  [2, 9, 13, 4, 12],
  [2, 4, 4, 24, 8],
  [2, 2, 2, 40, 33],
  [5, 6, 7, 7, 9],
  [1, 8, 40, 16, 8],
  [2, 4, 4, 64, 128],
];
/** [D, H, W, C] */
const MAPS = [
  [1, 1, 1, 1],
  [1, 1, 2, 3],
  [3, 5, 7, 8],
  [2, 4, 6, 5],
  [5, 3, 2, 16],
  [1, 7, 1, 4],
  [9, 16, 17, 12],
];

type Values = Float32Array;

function random(length: number, seed: number): Values {
  let state = seed * 2654435761;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Values of `compute` on the simd engine and on the slow one. */
function both(compute: (kernels: typeof portableKernels) => tf.Tensor[]): { fast: Values[]; slow: Values[] } {
  const run = (name: string, kernels: () => typeof portableKernels) => {
    tf.setBackend(name);
    const values: Values[] = [];
    tf.tidy(() => {
      for (const tensor of compute(kernels())) values.push(tensor.dataSync() as Values);
    });
    return values;
  };
  return { fast: run('simd', simdKernels), slow: run('cpu', () => portableKernels) };
}

function assertClose({ fast, slow }: { fast: Values[]; slow: Values[] }, tolerance = 2e-5): void {
  assert.equal(fast.length, slow.length);
  for (const [which, values] of slow.entries()) {
    assert.equal(fast[which].length, values.length);
    const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    const difference = values.reduce((most, v, i) => {
      const d = Math.abs(v - fast[which][i]);
      return Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(most, d);
    }, 0);
    assert.ok(difference <= tolerance * scale, `result ${which} differs by ${difference}, largest value ${scale}`);
  }
}

type Sides5 = [number, number, number, number, number];

const map = (shape: number[], seed: number) => tf.tensor5d(random(size(shape), seed), [1, ...shape] as Sides5);

before(async () => {
  registerSimd();
  await tf.setBackend('cpu');
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
});

after(() => tf.removeBackend('simd'));

for (const [d, h, w, c, k] of CONVOLUTIONS) {
  test(`convolution ${d}x${h}x${w}, ${c} to ${k} channels, equals its twin, forward and both gradients`, () => {
    assertClose(
      both((kernels) => {
        const [x, dy] = [map([d, h, w, c], 1), map([d, h, w, k], 2)];
        const weights = tf.tensor(random(27 * c * k, 3), [3, 3, 3, c, k]) as ConvWeights;
        return [kernels.conv3d(x, weights), kernels.conv3dGradInput(dy, weights), kernels.conv3dGradWeights(x, dy, 3)];
      }),
    );
  });
}

for (const shape of MAPS) {
  const even = shape.map((n, i) => (i < 3 ? 2 * n : n));
  test(`instance norm with ReLU of ${shape} equals its twin, forward and back`, () => {
    assertClose(
      both((kernels) => {
        const x = tf.add(tf.mul(map(shape, 4), 3), 2) as FeatureMap;
        const forward = kernels.instanceNormRelu(x);
        return [forward.y, kernels.instanceNormReluGrad(map(shape, 5), x, forward)];
      }),
      size(shape.slice(0, 3)) < 8 ? 1e-3 : 2e-5,
    );
  });

  test(`max-pool of ${even} equals its twin, forward and back, ties included`, () => {
    assertClose(
      both((kernels) => {
        // Rounded values tie often; zeros as after a ReLU.
        const x = tf.relu(tf.floor(tf.mul(map(even, 6), 3))) as FeatureMap;
        const y = kernels.maxPool(x);
        return [y, kernels.maxPoolGrad(map(shape, 7), x, y)];
      }),
      0,
    );
  });

  test(`trilinear upsampling of ${shape} equals its twin, forward and back`, () => {
    assertClose(
      both((kernels) => [kernels.upsample(map(shape, 8)), kernels.upsampleGrad(map(even, 9))]),
      1e-6,
    );
  });
}

test('a convolution gradient equals finite differences', () => {
  tf.setBackend('simd');
  const kernels = simdKernels();
  const shape = [3, 4, 5, 3];
  const weights = tf.tensor(random(27 * 3 * 4, 11), [3, 3, 3, 3, 4]) as ConvWeights;
  const dy = map([3, 4, 5, 4], 12);
  const values = random(size(shape), 13);
  const loss = (x: Values) =>
    tf.tidy(() => tf.sum(tf.mul(kernels.conv3d(tf.tensor5d(x, [1, ...shape] as Sides5), weights), dy)).dataSync()[0]);
  const gradient = kernels.conv3dGradInput(dy, weights).dataSync();
  for (const i of [0, 17, 88, size(shape) - 1]) {
    const [up, down] = [0.5, -0.5].map((step) => loss(values.map((v, j) => (j === i ? v + step : v))));
    assert.ok(Math.abs(up - down - gradient[i]) < 1e-3, `at ${i}: ${up - down} and ${gradient[i]}`);
  }
});

test('kernels leave no tensor and no block of memory behind', () => {
  tf.setBackend('simd');
  const { heap } = simdBackend().machine;
  const [tensors, blocks, bytes] = [tf.memory().numTensors, heap.blocks, heap.used];
  tf.tidy(() => {
    const kernels = simdKernels();
    const x = map([4, 6, 8, 5], 21);
    const weights = tf.tensor(random(27 * 25, 22), [3, 3, 3, 5, 5]) as ConvWeights;
    const pre = kernels.conv3d(x, weights);
    const forward = kernels.instanceNormRelu(pre);
    const y = kernels.maxPool(forward.y);
    kernels.upsampleGrad(kernels.upsample(y));
    kernels.conv3dGradWeights(x, kernels.instanceNormReluGrad(forward.y, pre, forward), 3);
  });
  assert.deepEqual([tf.memory().numTensors, heap.blocks, heap.used], [tensors, blocks, bytes]);
});
