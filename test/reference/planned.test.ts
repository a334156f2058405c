import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../../src/core/loss/deep-supervision.ts';
import { channelsFirst } from '../../src/core/network/channels.ts';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { type NetworkPlan, planNetwork } from '../../src/core/network/plan.ts';
import { plannedForward, plannedShapes } from '../../src/core/network/planned3d.ts';
import { Tape, type Weights } from '../../src/core/network/tape.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import { maskTensors } from '../../src/core/train/batch.ts';
import { sgdUpdate, zerosLike } from '../../src/core/train/optimiser.ts';
import { testKernels } from './engine.ts';
import { drawMask, hashedWeight, loadGolden, type MaskShape, noise, type Triple } from './golden.ts';

const { name: engine, kernels } = await testKernels();

interface Case {
  name: string;
  /** D, H, W */
  sides: Triple;
  plan: NetworkPlan;
  spacing: Triple;
  inputChannels: number;
  seed: number;
  masks: MaskShape[];
  /** Before each step. */
  losses: number[];
}
const golden = loadGolden<{
  classes: number;
  learningRate: number;
  momentum: number;
  weightDecay: number;
  cases: Case[];
}>('planned');
const { classes, cases, ...rule } = golden.facts;

const weightsOf = ({ plan, inputChannels }: Case): Weights =>
  Object.fromEntries(
    plannedShapes(plan, { inputChannels, classes, deepSupervision: true }).map(([name, shape], n) => [
      name,
      tf.tensor(name.endsWith('.scale') ? noise(shape[0], n, 0.1, 1) : hashedWeight(shape, n), shape),
    ]),
  );
const filled = (shape: readonly number[], seed: number): FeatureMap => {
  const [b, d, h, w, c] = shape;
  return tf.tensor5d(noise(b * d * h * w * c, seed), [b, d, h, w, c]);
};
const WITHOUT_DROPOUT = { features: 'decoder-1/2', dropout: null } as const;
const DEEP = { ...WITHOUT_DROPOUT, deepSupervision: true } as const;

for (const [n, facts] of cases.entries()) {
  const { name, sides, plan, spacing, inputChannels, seed, masks, losses } = facts;
  const image = () => filled([1, ...sides, inputChannels], seed);

  test(`the plan of ${name} is the one whose values PyTorch gave`, () => {
    const [d, h, w] = sides;
    assert.deepEqual(planNetwork(spacing, [w, h, d], plan.channels[0]), plan);
  });

  test(`a planned network's outputs and gradients equal PyTorch's: ${name} (${engine})`, () => {
    const gradients = new Map<string, tf.Tensor>();
    const tape = new Tape(kernels, weightsOf(facts), true, gradients);
    const { logits, deep = [], features } = plannedForward(plan, tape, image(), DEEP);
    assert.equal(deep.length, 1);
    golden.equal(`${n}/logits`, logits.dataSync(), 5e-5);
    golden.equal(`${n}/deep1`, deep[0].dataSync(), 5e-5);
    golden.equal(`${n}/features`, features.dataSync(), 5e-5);
    tape.backward([logits, deep[0], features].map((map, i) => ({ map, gradient: filled(map.shape, 1001 + i) })));
    const stored = golden.names(`${n}/grad/`);
    for (const key of stored)
      golden.equal(key, (gradients.get(key.slice(`${n}/grad/`.length)) as tf.Tensor).dataSync(), 5e-4);
    assert.equal(stored.length, gradients.size);
  });

  test(`two steps of a planned network under deep supervision equal PyTorch's: ${name} (${engine})`, () => {
    const weights = weightsOf(facts);
    const velocity = zerosLike(weights);
    const [d, h, w] = sides;
    const { oneHot } = maskTensors([drawMask([w, h, d], masks)], [w, h, d], classes);
    for (const expected of losses) {
      const gradients = new Map<string, tf.Tensor>();
      const tape = new Tape(kernels, weights, true, gradients);
      const { logits, deep = [] } = plannedForward(plan, tape, image(), DEEP);
      const maps = [logits, ...deep];
      const leaves = maps.map((map) => channelsFirst(map));
      const { value, grads } = tf
        .engine()
        .gradients(
          () =>
            deepSupervisedLoss(
              { logits: [leaves[0]], deep: leaves.slice(1).map((map) => [map]) },
              oneHot,
              DEFAULT_OPTIONS,
            ),
          leaves,
        );
      const loss = value.dataSync()[0];
      assert.ok(Math.abs(loss / expected - 1) < 1e-5, `${loss}, PyTorch ${expected}`);
      tape.backward(
        maps.map((map, i) => ({ map, gradient: tf.transpose(grads[i], [1, 2, 3, 0]).expandDims(0) as FeatureMap })),
      );
      sgdUpdate(weights, velocity, gradients, rule, kernels);
    }
    for (const key of golden.names(`${n}/stepped/`))
      golden.equal(key, weights[key.slice(`${n}/stepped/`.length)].dataSync(), 2e-5);
  });

  test(`reading ${name} without a gradient gives the same output and leaves no tensor behind, with a gradient every map is freed (${engine})`, () => {
    const weights = weightsOf(facts);
    const x = image();
    const before = tf.memory().numTensors;
    const gradients = new Map<string, tf.Tensor>();
    const tape = new Tape(kernels, weights, true, gradients);
    const recorded = plannedForward(plan, tape, x, WITHOUT_DROPOUT);
    const expected = recorded.logits.dataSync();
    tape.backward([{ map: recorded.logits, gradient: tf.onesLike(recorded.logits) as FeatureMap }]);
    assert.equal(tf.memory().numTensors, before + gradients.size);
    const read = plannedForward(plan, new Tape(kernels, weights, false), x, DEEP);
    assert.equal(tf.memory().numTensors, before + gradients.size + 2 + (read.deep?.length ?? 0));
    assert.deepEqual(read.logits.dataSync(), expected);
  });
}
