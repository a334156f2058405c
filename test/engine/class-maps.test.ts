/** Softmax over classes with its gradient, and the largest class, by ops of the engine's own as by ops of TensorFlow.js. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { ONE_HOT_ARG_MAX, oneHotArgMax, SOFTMAX_CHANNELS, softmaxChannels } from '../../src/core/network/channels.ts';
import { startWebgpuForTests, valuesOn } from './webgpu.ts';

const skip = await startWebgpuForTests();

/** [C, D, H, W]; values tie often. */
const map = (shape: [number, number, number, number], seed: number) =>
  tf.tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      Math.round(8 * Math.sin(i * 12.9898 + seed)),
    ),
    shape,
  );

for (const shape of [
  [2, 4, 6, 8],
  [5, 3, 5, 7],
  [1, 2, 2, 2],
] as [number, number, number, number][])
  test(`softmax of [${shape}], its gradient and the largest class on webgpu equal those in parts`, {
    skip,
  }, async () => {
    const compute = () => {
      const [z, dp] = [map(shape, 1), map(shape, 2)];
      const { value, grad } = tf.valueAndGrad((x) => tf.sum(tf.mul(softmaxChannels(x as tf.Tensor4D), dp)))(z);
      return [softmaxChannels(z), value, grad, oneHotArgMax(z)];
    };
    const [expected, actual] = [await valuesOn('cpu', compute), await valuesOn('webgpu', compute)];
    for (const name of [SOFTMAX_CHANNELS, ONE_HOT_ARG_MAX]) assert.ok(tf.getKernel(name, 'webgpu'), name);
    for (const [n, { values, shape }] of expected.entries()) {
      assert.deepEqual(actual[n].shape, shape);
      const most = values.reduce((worst, v, i) => Math.max(worst, Math.abs(v - actual[n].values[i])), 0);
      assert.ok(most <= (n === 3 ? 0 : 2e-5), `result ${n} differs by ${most}`);
    }
  });
