import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { cpcl } from '../../src/core/methods/cpcl.ts';
import { methodByName } from '../../src/core/methods/index.ts';
import type { Context, Loss, Method, Output } from '../../src/core/methods/method.ts';
import { parameterCount } from '../../src/core/network/network.ts';
import { initNetwork } from '../../src/core/network/networks.ts';
import { SWITCH, type TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { Random } from '../../src/core/random.ts';
import { disposeBatch, TwoStreamSampler } from '../../src/core/train/batch.ts';
import { initialState } from '../../src/core/train/state.ts';
import { methodStep } from '../../src/core/train/step.ts';
import { testKernels } from '../reference/engine.ts';
import { noise } from '../reference/golden.ts';
import { contextOf, labelled, unlabelled } from './helpers.ts';

const { name: engine, kernels } = await testKernels();

const contextFor = (given: Partial<TrainingOptions>): Context =>
  contextOf(resolveOptions({ network: 'unet', width: 2, unlabelledBranch: 'teacher', ...given, steps: 2000 }), {
    step: 500,
  });

/** The method with one of its terms as the whole loss. */
const only = (method: Method, term: string): Method => ({
  ...method,
  loss: (...args): Loss => {
    const loss = method.loss(...args);
    return { ...loss, total: loss.terms[term] };
  },
});

const TERMS: [Partial<TrainingOptions>, string[]][] = [
  [{ method: 'supervised' }, ['supervised']],
  [{ method: 'mean-teacher' }, ['supervised', 'consistency']],
  [{ method: 'cpcl' }, ['supervised', 'forward', 'backward']],
  [{ method: 'cpcl', unlabelledBranch: 'student' }, ['supervised', 'forward', 'backward']],
  [{ method: 'cpcl', unlabelledBranch: 'both' }, ['supervised', 'forward', 'backward']],
  [{ method: 'cpcl', certaintyWeighting: 'on' }, ['forward', 'backward']],
  [{ method: 'cpcl', network: 'vnet' }, ['supervised', 'forward', 'backward']],
  [{ method: 'cpcl', prototypeFeatures: 'bottleneck' }, ['supervised', 'forward', 'backward']],
];

/** Norm of the gradient that one term alone gives to one weight of the student. */
async function gradientNorm(given: Partial<TrainingOptions>, term: string, weight: string): Promise<number> {
  const context = contextFor(given);
  const method = methodByName(context.options.method);
  // Two coarse voxels along x: with one, every voxel has the same bottleneck feature.
  const patch = [32, 16, 16] as [number, number, number];
  const sampler = new TwoStreamSampler(labelled, unlabelled, { ...context.options, patch, classes: 2 });
  const state = initialState(method, context.options, 2);
  const batch = await sampler.next();
  const { gradients } = await methodStep({
    method: only(method, term),
    networks: state.networks,
    batch,
    context,
    kernels,
    dropout: null,
  });
  const gradient = gradients.student.get(weight);
  disposeBatch(batch);
  return gradient ? tf.norm(gradient).dataSync()[0] : 0;
}

for (const [given, terms] of TERMS) {
  for (const term of terms) {
    const label = Object.values(given).join(', ');
    test(`${term} of ${label} alone moves the student: non-zero gradient at the first encoder weights (${engine})`, async () => {
      const norm = await gradientNorm(given, term, 'down0.conv1.weight');
      assert.ok(norm > 1e-8, `the gradient's norm is ${norm}`);
    });
  }
}

test(`the forward term reaches the student's last layer unless P_u is the teacher's (${engine})`, async () => {
  const at = (unlabelledBranch: TrainingOptions['unlabelledBranch']) =>
    gradientNorm({ method: 'cpcl', unlabelledBranch }, 'forward', 'out.weight');
  assert.equal(await at('teacher'), 0);
  assert.ok((await at('both')) > 1e-8);
  assert.ok((await at('student')) > 1e-8);
});

const WIDTH_16 = { width: 16, inputChannels: 1, classes: 2 };

test('the U-Net of width 16 has 5,884,050 parameters', () => {
  assert.equal(parameterCount(initNetwork('unet', WIDTH_16, new Random(1))), 5_884_050);
});

test('the V-Net of width 16 has 9,448,866 parameters', () => {
  assert.equal(parameterCount(initNetwork('vnet', WIDTH_16, new Random(1))), 9_448_866);
});

/** d loss / d t of f(x + t d) at t = 0, by central differences in one direction. */
function slope(f: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor, d: tf.Tensor, h: number): number {
  const at = (t: number) => tf.tidy(() => f(tf.add(x, tf.mul(d, t))).dataSync()[0]);
  return (at(h) - at(-h)) / (2 * h);
}

const K = 2;
const sides = [8, 8, 8] as const;
const tensors = (shape: number[], seed: number, scale: number, shift = 0) =>
  Array.from({ length: K }, (_, k) =>
    tf.tensor(
      noise(
        shape.reduce((a, b) => a * b, 1),
        seed + k,
        scale,
        shift,
      ),
      shape,
    ),
  );
const mask = (seed: number) =>
  tensors([1, ...sides], seed, 1).map(
    (m) =>
      tf.concat([tf.cast(tf.greater(m, 0.2), 'float32'), tf.cast(tf.lessEqual(m, 0.2), 'float32')], 0) as tf.Tensor4D,
  );

for (const term of ['supervised', 'forward', 'backward'] as const) {
  for (const leaf of ['logits_l', 'features_l', 'features_u', 'logits_u'] as const) {
    const depends = {
      supervised: ['logits_l'],
      forward: ['features_l', 'features_u', 'logits_u'],
      backward: ['features_l', 'features_u'],
    }[term];
    if (!depends.includes(leaf)) continue;
    for (const certaintyWeighting of term === 'supervised' ? (['off'] as const) : SWITCH)
      test(`the gradient of ${term} at ${leaf} equals finite differences, certainty weighting ${certaintyWeighting} (${engine})`, async () => {
        const values = {
          logits_l: tensors([2, ...sides], 1, 2),
          logits_u: tensors([2, ...sides], 11, 2),
          features_l: tensors([1, 2, 2, 2, 5], 21, 1, 1.2),
          features_u: tensors([1, 2, 2, 2, 5], 31, 1, 1.2),
        };
        const oneHot = mask(41);
        const voxels = oneHot.map((m) => Array.from(tf.sum(m, [1, 2, 3]).dataSync()));
        const batch = { labelled: { images: [], oneHot, voxels }, unlabelled: { images: [] } };
        const context = contextFor({ unlabelledBranch: 'student', certaintyWeighting });
        const outputs = (changed: typeof values): Record<string, Output> => ({
          labelled: { logits: changed.logits_l, features: changed.features_l } as Output,
          unlabelled: { logits: changed.logits_u, features: changed.features_u } as Output,
        });
        const constants = await cpcl.constants?.(outputs(values), batch, context);
        assert.ok(constants);
        const f = (x: tf.Tensor) =>
          cpcl.loss(outputs({ ...values, [leaf]: [x, values[leaf][1]] }), batch, context, constants).terms[term];
        const x = values[leaf][0];
        const d = tf.tensor(noise(x.size, 51), x.shape);
        const gradient = tf.grad((y) => f(y))(x);
        const analytic = tf.sum(tf.mul(gradient, d)).dataSync()[0];
        const numeric = slope(f, x, d, 0.02);
        assert.ok(Math.abs(analytic) > 1e-5, `the slope ${analytic} must not vanish`);
        assert.ok(Math.abs(analytic - numeric) <= 0.02 * Math.abs(analytic) + 2e-5, `${analytic} against ${numeric}`);
      });
  }
}
