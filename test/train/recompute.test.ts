/** Maps computed again instead of kept: the same gradients, bit by bit, in less memory. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { networkByName } from '../../src/core/network/networks.ts';
import { planNetwork } from '../../src/core/network/plan.ts';
import { Tape, type Weights } from '../../src/core/network/tape.ts';
import type { NetworkName } from '../../src/core/options.ts';
import { registerSimd, simdKernels } from '../../src/engine/simd/index.ts';

before(async () => {
  registerSimd();
  await tf.setBackend('simd');
});
after(() => tf.removeBackend('simd'));

const wave = (shape: readonly number[], seed: number): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 12.9898 + seed)),
    [...shape],
  );

/** Gradients of one pass, and the most bytes that its maps took. */
function pass(network: NetworkName, recompute: boolean, deepSupervision: boolean) {
  const kernels = simdKernels();
  const { forward, shapes } = networkByName(network, planNetwork([1, 1, 1], [32, 32, 16], 4));
  const weights: Weights = Object.fromEntries(
    shapes({ width: 4, inputChannels: 1, classes: 3, deepSupervision }).map(([name, shape], n) => [
      name,
      wave(shape, n),
    ]),
  );
  const x = wave([1, 16, 32, 32, 1], 0.5) as FeatureMap;
  const gradients = new Map<string, tf.Tensor>();
  const tensors = tf.memory().numTensors;
  const bytes = tf.memory().numBytes;
  const tape = new Tape(kernels, weights, true, gradients, { recompute });
  const dropout = (shape: readonly number[]) =>
    tf.ones([...shape] as [number, number, number, number, number]) as FeatureMap;
  const { logits, features, deep = [] } = forward(tape, x, { features: 'decoder-1/4', dropout, deepSupervision });
  const held = tf.memory().numBytes - bytes;
  tape.backward([logits, features, ...deep].map((map, n) => ({ map, gradient: wave(map.shape, 3 + n) as FeatureMap })));
  assert.equal(tf.memory().numTensors, tensors + gradients.size, 'nothing but the gradients is left');
  const values = new Map([...gradients].map(([name, gradient]) => [name, gradient.dataSync().slice()]));
  tf.dispose([x, ...Object.values(weights), ...gradients.values()]);
  return { values, held };
}

for (const [network, deepSupervision] of [
  ['planned', false],
  ['planned', true],
  ['unet', false],
] as const)
  test(`${network}${deepSupervision ? ' with deep supervision' : ''}: equal gradients, three quarters of the memory or less`, () => {
    const kept = pass(network, false, deepSupervision);
    const spared = pass(network, true, deepSupervision);
    assert.deepEqual(spared.values, kept.values);
    assert.ok(spared.held <= 0.75 * kept.held, `${spared.held} of ${kept.held} bytes`);
  });

test('the V-Net, whose norms keep other maps, has equal gradients too', () => {
  assert.deepEqual(pass('vnet', true, false).values, pass('vnet', false, false).values);
});
