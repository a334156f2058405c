import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { adamUpdate, clippingFactor, emaUpdate, sgdUpdate } from '../../src/core/train/optimiser.ts';

const close = (actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-6) => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, n) => {
    assert.ok(Math.abs(actual[n] - value) <= tolerance, `${actual[n]}, expected ${value}`);
  });
};

test('SGD: v <- m v + g + wd theta, then theta <- theta - lr v; a weight without gradient stays', () => {
  const weights = { a: tf.tensor1d([2, -4]), b: tf.tensor1d([7]) };
  const velocity = { a: tf.tensor1d([0.5, 0]), b: tf.tensor1d([3]) };
  const gradients = new Map([['a', tf.tensor1d([1, 10])]]);
  sgdUpdate(weights, velocity, gradients, { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 });
  const v = [0.9 * 0.5 + 1 + 0.01 * 2, 10 + 0.01 * -4];
  close(velocity.a.dataSync(), v);
  close(weights.a.dataSync(), [2 - 0.1 * v[0], -4 - 0.1 * v[1]]);
  close([...weights.b.dataSync(), ...velocity.b.dataSync()], [7, 3]);
});

test('Nesterov looks ahead: theta <- theta - lr (g + wd theta + m v), v already stepped; a clipped gradient counts by its factor', () => {
  const [weights, velocity] = [{ a: tf.tensor1d([2, -4]) }, { a: tf.tensor1d([0.5, 0]) }];
  const rule = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true, gradientScale: 0.5 };
  sgdUpdate(weights, velocity, new Map([['a', tf.tensor1d([1, 10])]]), rule);
  const g = [0.5 * 1 + 0.01 * 2, 0.5 * 10 + 0.01 * -4];
  const v = [0.9 * 0.5 + g[0], g[1]];
  close(velocity.a.dataSync(), v);
  close(weights.a.dataSync(), [2 - 0.1 * (g[0] + 0.9 * v[0]), -4 - 0.1 * (g[1] + 0.9 * v[1])]);
});

test('AdamW shrinks the weight by lr wd apart from the moments', () => {
  const [weights, first, second] = [{ w: tf.tensor1d([3]) }, { w: tf.tensor1d([0]) }, { w: tf.tensor1d([0]) }];
  const rule = { learningRate: 0.01, updates: 0, beta2: 0.999, weightDecay: 0.1 };
  adamUpdate(weights, first, second, new Map([['w', tf.tensor1d([-2])]]), rule);
  // The first step of Adam is lr against the sign of the gradient.
  close(weights.w.dataSync(), [3 * (1 - 0.01 * 0.1) + 0.01]);
  close([...first.w.dataSync(), ...second.w.dataSync()], [-0.2, 0.004]);
});

test('gradients are scaled to the largest norm over all weights together, shorter ones and a limit of 0 leave them', async () => {
  const gradients = new Map([
    ['a', tf.tensor1d([3, 0])],
    ['b', tf.tensor1d([4])],
  ]);
  assert.equal(await clippingFactor(gradients, 2.5), 0.5);
  assert.equal(await clippingFactor(gradients, 5), 1);
  assert.equal(await clippingFactor(gradients, 0), 1);
});

test("Adam's second step follows both moments with their corrections", () => {
  const [weights, first, second] = [{ w: tf.tensor1d([1]) }, { w: tf.tensor1d([0.2]) }, { w: tf.tensor1d([0.3]) }];
  adamUpdate(weights, first, second, new Map([['w', tf.tensor1d([2])]]), { learningRate: 0.01, updates: 1 });
  const [m, v] = [0.9 * 0.2 + 0.1 * 2, 0.99 * 0.3 + 0.01 * 4];
  close(first.w.dataSync(), [m]);
  close(second.w.dataSync(), [v]);
  close(weights.w.dataSync(), [1 - (0.01 * (m / (1 - 0.9 ** 2))) / Math.sqrt(v / (1 - 0.99 ** 2))]);
});

test('the teacher follows the student by the decay, in the weights that training changes alone', () => {
  const [teacher, student] = [
    { a: tf.tensor1d([10]), b: tf.tensor1d([1]) },
    { a: tf.tensor1d([20]), b: tf.tensor1d([5]) },
  ];
  emaUpdate(teacher, student, 0.9, ['a']);
  close([...teacher.a.dataSync(), ...teacher.b.dataSync()], [0.9 * 10 + 0.1 * 20, 1]);
});

test('updates free what they replace', () => {
  const before = tf.memory().numTensors;
  const [weights, velocity] = [{ a: tf.tensor1d([2]) }, { a: tf.tensor1d([0]) }];
  const gradient = tf.tensor1d([1]);
  sgdUpdate(weights, velocity, new Map([['a', gradient]]), { learningRate: 0.1, momentum: 0.9, weightDecay: 0 });
  emaUpdate(velocity, weights, 0.5, ['a']);
  tf.dispose([weights, velocity, gradient]);
  assert.equal(tf.memory().numTensors, before);
});
