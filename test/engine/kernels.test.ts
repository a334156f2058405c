/** Each fast kernel against its slow, plain twin, over odd shapes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, HALVES, type Kernels } from '../../src/core/network/kernels.ts';
import { portableKernels as slow } from '../../src/core/network/portable-kernels.ts';
import { startEngine } from '../../src/engine/choose/index.ts';
import { kernelsOf } from '../../src/engine/choose/kernels-of.ts';
import { findTensorflow } from '../../src/engine/tensorflow/installation.ts';
import { tensorflowKernels } from '../../src/engine/tensorflow/kernels.ts';
import { noise } from '../reference/golden.ts';

const skip = findTensorflow().length === 0 && 'TensorFlow is not installed (npm run setup:tensorflow)';
const fast: Kernels = skip ? slow : kernelsOf(await startEngine('tensorflow'));
/** The forms for vectors of 8 and of 16 values are both right on every processor. */
const forms = skip ? { plain: slow, wide: slow } : { plain: tensorflowKernels(false), wide: tensorflowKernels(true) };

let seed = 0;
const map = (...shape: number[]) =>
  tf.tensor5d(
    noise(
      shape.reduce((a, b) => a * b, 1),
      ++seed,
    ),
    shape as [number, number, number, number, number],
  );

function close(a: tf.Tensor, b: tf.Tensor, what: string): void {
  assert.deepEqual(a.shape, b.shape, what);
  const scale = Math.max(1e-3, tf.max(tf.abs(b)).dataSync()[0]);
  const worst = tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] / scale;
  assert.ok(worst < 1e-5, `${what} differs by ${worst}`);
}

for (const [d, h, w, c, k] of [
  [4, 6, 8, 3, 5],
  [2, 2, 2, 1, 1],
  [2, 4, 2, 16, 8],
  [6, 2, 10, 1, 4],
  [16, 16, 16, 8, 8],
  [16, 16, 18, 24, 8],
  [18, 16, 16, 16, 6],
  [16, 16, 16, 1, 8],
  [16, 18, 16, 5, 16],
  [17, 17, 17, 3, 8],
]) {
  test(`convolution and its gradients equal the plain form: ${d}x${h}x${w}, ${c} to ${k}`, { skip }, () => {
    const [x, weights, dy] = [map(1, d, h, w, c), map(3, 3, 3, c, k) as unknown as ConvWeights, map(1, d, h, w, k)];
    const expected = [slow.conv3d(x, weights), slow.conv3dGradInput(dy, weights), slow.conv3dGradWeights(x, dy, CUBE)];
    for (const [name, form] of Object.entries(forms)) {
      close(form.conv3d(x, weights), expected[0], `${name}: forward`);
      close(form.conv3dGradInput(dy, weights), expected[1], `${name}: input gradient`);
      close(form.conv3dGradWeights(x, dy, CUBE), expected[2], `${name}: weight gradient`);
    }
  });
  if ([d, h, w].some((n) => n % 2)) continue;

  test(`instance norm, pooling, upsampling and their gradients equal the plain forms: ${d}x${h}x${w}, ${k} channels`, {
    skip,
  }, () => {
    const [x, dy, small] = [map(1, d, h, w, k), map(1, d, h, w, k), map(1, d / 2, h / 2, w / 2, k)];
    const [a, b] = [fast.instanceNormRelu(x), slow.instanceNormRelu(x)];
    close(a.y, b.y, 'norm');
    close(fast.instanceNormReluGrad(dy, x, a), slow.instanceNormReluGrad(dy, x, b), 'norm gradient');
    const rectified = tf.relu(x) as FeatureMap;
    const pooled = slow.maxPool(rectified, HALVES);
    close(fast.maxPool(rectified, HALVES), pooled, 'pool');
    // Where a whole block is 0 the two choose other voxels; the ReLU before every pool stops those gradients.
    const behindRelu = (g: FeatureMap) => tf.mul(g, tf.cast(tf.greater(x, 0), 'float32'));
    close(
      behindRelu(fast.maxPoolGrad(small, rectified, pooled, HALVES)),
      behindRelu(slow.maxPoolGrad(small, rectified, pooled, HALVES)),
      'pool gradient',
    );
    close(fast.upsample(small), slow.upsample(small), 'upsampling');
    close(fast.upsampleGrad(dy), slow.upsampleGrad(dy), 'upsampling gradient');
  });
}

test('the plain upsampling has the weights of trilinear x2: .75 and .25, edges 1', () => {
  const y = slow.upsample(tf.tensor5d([1, 2, 4], [1, 1, 1, 3, 1]));
  assert.deepEqual(y.shape, [1, 2, 2, 6, 1]);
  assert.deepEqual([...y.dataSync()].slice(0, 6), [1, 1.25, 1.75, 2.5, 3.5, 4]);
});

test('upsampling and its gradient are adjoint: <U x, y> = <x, U^T y>', { skip }, () => {
  const [x, y] = [map(1, 3, 4, 5, 2), map(1, 6, 8, 10, 2)];
  const dot = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0];
  assert.ok(Math.abs(dot(fast.upsample(x), y) - dot(x, fast.upsampleGrad(y))) < 1e-3);
});
