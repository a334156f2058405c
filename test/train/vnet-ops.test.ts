import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { Tape, type Weights } from '../../src/core/network/tape.ts';
import { affineNormRelu, conv, double, halve, sum } from '../../src/core/network/vnet-ops.ts';
import { testKernels } from '../reference/engine.ts';
import { noise } from '../reference/golden.ts';

const { name: engine, kernels } = await testKernels();

const LAYERS = {
  convolution: { shape: [3, 3, 3, 2, 3], read: (tape: Tape, x: FeatureMap) => conv(tape, x, 'op') },
  'strided convolution': { shape: [2, 2, 2, 2, 3], read: (tape: Tape, x: FeatureMap) => halve(tape, x, 'op') },
  'transposed convolution': { shape: [2, 2, 2, 2, 3], read: (tape: Tape, x: FeatureMap) => double(tape, x, 'op') },
  'norm with scale and shift': { shape: [2], read: (tape: Tape, x: FeatureMap) => affineNormRelu(tape, x, 'op') },
  'sum of a map with itself': { shape: [0], read: (tape: Tape, x: FeatureMap) => sum(tape, x, x) },
};

for (const [layer, { shape, read }] of Object.entries(LAYERS)) {
  test(`the gradients of the ${layer} equal finite differences, at its weights and at its input (${engine})`, () => {
    // The input of the layer is the output of a 1x1x1 convolution, whose weights stand for it.
    const x = tf.tensor(noise(4 * 4 * 6 * 2, 5), [1, 4, 4, 6, 2]) as FeatureMap;
    const weights: Weights = {
      'in.weight': tf.tensor(noise(4, 6), [1, 1, 1, 2, 2]),
      'in.bias': tf.tensor([0.1, -0.2]),
      ...(shape.length > 1 && {
        'op.weight': tf.tensor(
          noise(
            shape.reduce((a, b) => a * b),
            7,
          ),
          shape,
        ),
      }),
      ...(shape[0] === 2 &&
        shape.length === 1 && { 'op.scale': tf.tensor([1.2, 0.7]), 'op.shift': tf.tensor([0.3, -0.1]) }),
    };
    let random: FeatureMap | undefined;
    const output = (w: Weights, tape = new Tape(kernels, w, false)) => {
      const y = read(tape, tape.conv1(tape.keep(x), 'in'));
      random ??= tf.tensor(noise(y.size, 8), y.shape) as FeatureMap;
      return y;
    };
    const gradients = new Map<string, tf.Tensor>();
    const tape = new Tape(kernels, weights, true, gradients);
    const y = output(weights, tape);
    tape.backward([{ map: y, gradient: tf.clone(random as FeatureMap) as FeatureMap }]);
    const loss = (w: Weights) => tf.tidy(() => tf.sum(tf.mul(output(w), random as FeatureMap)).dataSync()[0]);
    for (const name of Object.keys(weights)) {
      const gradient = gradients.get(name) as tf.Tensor;
      const size = tf.norm(gradient).dataSync()[0];
      const direction = tf.tensor(noise(weights[name].size, 9), weights[name].shape);
      // All layers but the norm are linear; its kinks are few.
      const h = 0.01;
      const at = (t: number) => loss({ ...weights, [name]: tf.add(weights[name], tf.mul(direction, t)) });
      const slope = (at(h) - at(-h)) / (2 * h);
      const expected = tf.sum(tf.mul(gradient, direction)).dataSync()[0];
      assert.ok(Math.abs(slope - expected) <= 5e-3 * (1 + size), `${name}: ${slope}, the tape ${expected} of ${size}`);
    }
  });
}
