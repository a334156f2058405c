/** Every kernel of the webgpu engine against its slow twin, over awkward shapes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, HALVES, type Kernels } from '../../src/core/network/kernels.ts';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { webgpuBackend, webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { startWebgpuForTests, valuesOn } from './webgpu.ts';

const skip = await startWebgpuForTests();

/**
 * [D, H, W, C, K]: odd sides, one channel, single voxels, boxes that end in the middle, every tile width, and channel
 * counts around the vector size. A software adapter compiles each form for a second or two, so forms come once.
 */
const CONVOLUTIONS = [
  [1, 1, 1, 1, 1],
  [3, 5, 7, 1, 8],
  [2, 3, 5, 3, 5],
  [3, 4, 6, 8, 16],
  [2, 9, 13, 4, 12],
  [9, 5, 9, 8, 8],
  [1, 8, 40, 16, 8],
  [2, 2, 2, 40, 33],
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
  [2, 2, 2, 160],
];

function random(length: number, seed: number): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
type Sides = [number, number, number, number, number];

const map = (shape: number[], seed: number) => tf.tensor5d(random(size(shape), seed), [1, ...shape] as Sides);

/** Largest difference between the two engines, relative to the largest value of a result or 1. */
async function difference(compute: (kernels: Kernels) => tf.Tensor[]): Promise<number> {
  const slow = await valuesOn('cpu', () => compute(portableKernels));
  const fast = await valuesOn('webgpu', () => compute(webgpuKernels()));
  return Math.max(
    ...slow.map(({ values, shape }, n) => {
      assert.deepEqual(fast[n].shape, shape);
      const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
      return values.reduce((most, v, i) => {
        const d = Math.abs(v - fast[n].values[i]) / scale;
        return Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(most, d);
      }, 0);
    }),
  );
}

async function assertClose(tolerance: number, compute: (kernels: Kernels) => tf.Tensor[]): Promise<void> {
  const found = await difference(compute);
  assert.ok(found <= tolerance, `differs by ${found} of the largest value`);
}

for (const [d, h, w, c, k] of CONVOLUTIONS) {
  const name = `convolution ${d}x${h}x${w}, ${c} to ${k} channels, equals its twin on webgpu, forward and both gradients`;
  test(name, { skip }, () =>
    assertClose(2e-5, (kernels) => {
      const [x, dy] = [map([d, h, w, c], 1), map([d, h, w, k], 2)];
      const weights = tf.tensor(random(27 * c * k, 3), [3, 3, 3, c, k]) as ConvWeights;
      return [kernels.conv3d(x, weights), kernels.conv3dGradInput(dy, weights), kernels.conv3dGradWeights(x, dy, CUBE)];
    }),
  );
}

for (const shape of MAPS) {
  const even = shape.map((n, i) => (i < 3 ? 2 * n : n));
  test(`instance norm with ReLU of ${shape} equals its twin on webgpu, forward and back`, { skip }, () =>
    assertClose(size(shape.slice(0, 3)) < 8 ? 1e-3 : 2e-5, (kernels) => {
      const x = tf.add(tf.mul(map(shape, 4), 3), 2) as FeatureMap;
      const forward = kernels.instanceNormRelu(x);
      return [forward.y, kernels.instanceNormReluGrad(map(shape, 5), x, forward)];
    }),
  );

  test(`max-pool of ${even} equals its twin on webgpu, forward and back, ties included`, { skip }, () =>
    assertClose(0, (kernels) => {
      // Rounded values tie often; zeros as after a ReLU.
      const x = tf.relu(tf.floor(tf.mul(map(even, 6), 3))) as FeatureMap;
      const y = kernels.maxPool(x, HALVES);
      return [y, kernels.maxPoolGrad(map(shape, 7), x, y, HALVES)];
    }),
  );

  test(`trilinear upsampling of ${shape} equals its twin on webgpu, forward and back`, { skip }, () =>
    assertClose(1e-6, (kernels) => [kernels.upsample(map(shape, 8)), kernels.upsampleGrad(map(even, 9))]),
  );
}

/** [N, D, H, W, C, K]: several images, few chunks of a map and many, channels in fours and not. */
const BATCHES = [
  [3, 2, 4, 6, 3, 5],
  [2, 4, 6, 4, 8, 12],
  [3, 6, 24, 26, 4, 4],
];

for (const [n, d, h, w, c, k] of BATCHES) {
  const name = `${n} images ${d}x${h}x${w} together go through every kernel on webgpu as each alone through its twin, ${c} to ${k} channels`;
  test(name, { skip }, () =>
    assertClose(2e-5, (kernels) => {
      const weights = tf.tensor(random(27 * c * k, 31), [3, 3, 3, c, k]) as ConvWeights;
      const [scale, shift] = [tf.add(tf.tensor1d(random(k, 32)), 2), tf.tensor1d(random(k, 33))];
      const batch = (shape: number[], seed: number) =>
        tf.tensor5d(random(n * size(shape), seed), [n, ...shape] as Sides);
      const x = tf.mul(
        batch([d, h, w, c], 34),
        tf.tensor5d(
          [...Array(n).keys()].map((i) => i + 1),
          [n, 1, 1, 1, 1],
        ),
      );
      const [dy, dPool, dUp] = [
        batch([d, h, w, k], 35),
        batch([d / 2, h, w / 2, k], 36),
        batch([2 * d, 2 * h, 2 * w, c], 37),
      ];
      return inOneOrSeveral(kernels, [x, dy, dPool, dUp], ([x, dy, dPool, dUp]) => {
        const pre = kernels.conv3d(x, weights);
        const relu = kernels.instanceNormRelu(pre);
        const leaky = kernels.instanceNormLeaky(pre, scale, shift);
        const back = kernels.instanceNormLeakyGrad(dy, pre, scale, leaky);
        const pooled = kernels.maxPool(pre, [2, 1, 2]);
        return {
          maps: [
            ...[relu.y, kernels.instanceNormReluGrad(dy, pre, relu), leaky.y, back.dx],
            ...[kernels.conv3dGradInput(dy, weights), pooled, kernels.maxPoolGrad(dPool, pre, pooled, [2, 1, 2])],
            ...[kernels.upsample(x), kernels.upsampleGrad(dUp)],
          ],
          sums: [kernels.conv3dGradWeights(x, dy, CUBE), back.dScale, back.dShift],
        };
      });
    }),
  );
}

/** What `compute` makes of batches: at once where the kernels take them, else image by image, joined and summed. */
function inOneOrSeveral(
  kernels: Kernels,
  batches: readonly tf.Tensor[],
  compute: (maps: FeatureMap[]) => { maps: tf.Tensor[]; sums: tf.Tensor[] },
): tf.Tensor[] {
  const together = kernels.mostTogether !== undefined;
  const images = together ? [batches] : batches.map((batch) => tf.split(batch, batch.shape[0]));
  const runs = together
    ? [compute(batches as FeatureMap[])]
    : images[0].map((_, n) => compute(images.map((of) => of[n]) as FeatureMap[]));
  return [
    ...runs[0].maps.map((_, m) => tf.concat(runs.map(({ maps }) => maps[m]))),
    ...runs[0].sums.map((_, m) => tf.addN(runs.map(({ sums }) => sums[m]))),
  ];
}

test('a map far from zero keeps its variance on webgpu: nothing cancels', { skip }, () =>
  assertClose(2e-3, (kernels) => [kernels.instanceNormRelu(tf.add(map([4, 8, 8, 3], 10), 1000) as FeatureMap).y]),
);

test('a convolution gradient on webgpu equals finite differences', { skip }, async () => {
  await tf.setBackend('webgpu');
  const kernels = webgpuKernels();
  const shape = [3, 4, 5, 8];
  const weights = tf.tensor(random(27 * 8 * 8, 11), [3, 3, 3, 8, 8]) as ConvWeights;
  const dy = map([3, 4, 5, 8], 12);
  const values = random(size(shape), 13);
  const loss = async (x: Float32Array) => {
    const sum = tf.tidy(() => tf.sum(tf.mul(kernels.conv3d(tf.tensor5d(x, [1, ...shape] as Sides), weights), dy)));
    return (await sum.data())[0];
  };
  const gradient = await kernels.conv3dGradInput(dy, weights).data();
  for (const i of [0, 17, 88, size(shape) - 1]) {
    const at = (step: number) => loss(values.map((v, j) => (j === i ? v + step : v)));
    const slope = (await at(0.5)) - (await at(-0.5));
    assert.ok(Math.abs(slope - gradient[i]) < 1e-3, `at ${i}: ${slope} and ${gradient[i]}`);
  }
});

/** One round of every kernel. */
function round(): void {
  tf.tidy(() => {
    const kernels = webgpuKernels();
    const x = map([4, 6, 8, 8], 21);
    const weights = tf.tensor(random(27 * 64, 22), [3, 3, 3, 8, 8]) as ConvWeights;
    const pre = kernels.conv3d(x, weights);
    const forward = kernels.instanceNormRelu(pre);
    const y = kernels.maxPool(forward.y, HALVES);
    kernels.upsampleGrad(kernels.upsample(y));
    kernels.conv3dGradInput(kernels.instanceNormReluGrad(forward.y, pre, forward), weights);
    kernels.conv3dGradWeights(x, kernels.maxPoolGrad(y, forward.y, y, HALVES), CUBE);
  });
}

test('kernels on webgpu leave no tensor and no byte behind, and use their buffers again', { skip }, async () => {
  await tf.setBackend('webgpu');
  const { pool } = webgpuBackend().gpu;
  const before = [tf.memory().numTensors, pool.slots, pool.used];
  round();
  const { total } = pool;
  for (let n = 0; n < 20; n++) round();
  assert.deepEqual([tf.memory().numTensors, pool.slots, pool.used], before);
  assert.equal(pool.total, total);
  await webgpuBackend().gpu.settle();
});

test('a tensor beyond what the GPU binds is refused before anything runs, naming the limit', { skip }, async () => {
  await tf.setBackend('webgpu');
  const { facts } = webgpuBackend().gpu;
  const most = Math.min(facts.limits.maxStorageBufferBindingSize, facts.limits.maxBufferSize);
  assert.throws(() => tf.zeros([most / 4 + 1]), { code: 'engine/out-of-memory', message: new RegExp(`${most} bytes`) });
});

test('values on webgpu are never read by waiting, and an op it lacks is an error that names it', { skip }, async () => {
  await tf.setBackend('webgpu');
  const x = tf.tidy(() => tf.add(tf.ones([20]), tf.ones([20])));
  assert.throws(() => x.dataSync(), { code: 'engine/unsupported' });
  assert.throws(() => tf.tidy(() => tf.erf(x)), /Erf/);
  x.dispose();
});
