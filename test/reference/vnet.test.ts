import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { Tape, type Weights } from '../../src/core/network/tape.ts';
import { vnetForward, vnetShapes } from '../../src/core/network/vnet3d.ts';
import { PROTOTYPE_FEATURES } from '../../src/core/options.ts';
import { testKernels } from './engine.ts';
import { hashedWeight, loadGolden, noise, type Triple } from './golden.ts';

const { name: engine, kernels } = await testKernels();
const golden = loadGolden<{
  width: number;
  classes: number;
  batch: number;
  sides: Triple;
  seed: number;
  parametersAtWidth16: number;
}>('vnet');
const { width, classes, batch, sides, seed } = golden.facts;

/** Map b of a batch made by `noise`. */
function image(shape: readonly number[], seed: number, b: number): FeatureMap {
  const [, ...rest] = shape as [number, number, number, number, number];
  const size = rest.reduce((x, y) => x * y, 1);
  const values = noise(shape[0] * size, seed).slice(b * size, (b + 1) * size);
  return tf.tensor(values, [1, ...rest]) as FeatureMap;
}

const joined = (maps: tf.Tensor[]): Float32Array =>
  tf.tidy(() => tf.concat(maps.map((m) => m.flatten())).dataSync() as Float32Array);

const weightsOf = (): Weights =>
  Object.fromEntries(
    vnetShapes({ width, inputChannels: 1, classes }).map(([name, shape], n) => {
      const values = name.endsWith('.scale') ? noise(shape[0], n, 0.1, 1) : hashedWeight(shape, n);
      return [name, tf.tensor(values, shape)];
    }),
  );

for (const features of PROTOTYPE_FEATURES) {
  test(`the V-Net's output and gradients equal PyTorch's: ${features} features (${engine})`, () => {
    const weights = weightsOf();
    const gradients = new Map<string, tf.Tensor>();
    const outputs = Array.from({ length: batch }, (_, b) => {
      const tape = new Tape(kernels, weights, true, gradients);
      return { tape, ...vnetForward(tape, image([batch, ...sides, 1], seed, b), { features, dropout: null }) };
    });
    golden.equal('logits', joined(outputs.map((o) => o.logits)), 5e-5);
    golden.equal(`${features}/features`, joined(outputs.map((o) => o.features)), 5e-5);
    outputs.forEach(({ tape, logits, features: map }, b) => {
      tape.backward(
        [logits, map].map((m, n) => ({ map: m, gradient: image([batch, ...m.shape.slice(1)], 1001 + n, b) })),
      );
    });
    const stored = golden.names(`${features}/grad/`);
    for (const key of stored)
      golden.equal(key, (gradients.get(key.slice(`${features}/grad/`.length)) as tf.Tensor).dataSync(), 5e-4);
    if (features === 'bottleneck') assert.equal(stored.length, gradients.size);
  });
}

test("PyTorch's V-Net of width 16 has as many parameters as ours", () => {
  const shapes = vnetShapes({ width: 16, inputChannels: 1, classes: 2 });
  const count = shapes.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);
  assert.equal(count, golden.facts.parametersAtWidth16);
});

test(`reading without a gradient gives the same output and leaves no tensor behind (${engine})`, () => {
  const weights = weightsOf();
  const x = image([batch, ...sides, 1], seed, 0);
  const recorded = vnetForward(new Tape(kernels, weights, true), x, { features: 'decoder-1/4', dropout: null });
  const expected = recorded.logits.dataSync();
  const before = tf.memory().numTensors;
  const { logits, features } = vnetForward(new Tape(kernels, weights, false), x, {
    features: 'decoder-1/4',
    dropout: null,
  });
  assert.equal(tf.memory().numTensors, before + 2);
  assert.deepEqual(logits.dataSync(), expected);
  assert.deepEqual(features.shape, [1, ...sides.map((n) => n / 4), 4 * width]);
});

test(`a backward pass of the V-Net frees every map it recorded (${engine})`, () => {
  const weights = weightsOf();
  const x = image([batch, ...sides, 1], seed, 0);
  const before = tf.memory().numTensors;
  const gradients = new Map<string, tf.Tensor>();
  const tape = new Tape(kernels, weights, true, gradients);
  const { logits } = vnetForward(tape, x, { features: 'bottleneck', dropout: null });
  tape.backward([{ map: logits, gradient: tf.onesLike(logits) as FeatureMap }]);
  assert.equal(tf.memory().numTensors, before + gradients.size);
});
