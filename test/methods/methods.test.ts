import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { diceLoss } from '../../src/core/loss/dice.ts';
import { meanEntropy } from '../../src/core/loss/entropy.ts';
import { maskedMeanSquaredError } from '../../src/core/loss/masked-mean-squared.ts';
import { meanSquaredError } from '../../src/core/loss/mean-squared.ts';
import { cpcl } from '../../src/core/methods/cpcl.ts';
import { dan, meanCrossEntropy } from '../../src/core/methods/dan.ts';
import { foreground, masksOfDistances } from '../../src/core/methods/dtml.ts';
import { mixPairs } from '../../src/core/methods/ict.ts';
import { methodByName } from '../../src/core/methods/index.ts';
import { agreement } from '../../src/core/methods/mean-teacher.ts';
import type { Context, Loss, Method } from '../../src/core/methods/method.ts';
import { certainVoxels } from '../../src/core/methods/ua-mt.ts';
import { softmaxChannels } from '../../src/core/network/channels.ts';
import { discriminate } from '../../src/core/network/discriminator.ts';
import type { TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { Random } from '../../src/core/random.ts';
import { disposeBatch, TwoStreamSampler } from '../../src/core/train/batch.ts';
import { adamUpdate } from '../../src/core/train/optimiser.ts';
import { betaVariate } from '../../src/core/train/randomness.ts';
import { disposeState, initialState } from '../../src/core/train/state.ts';
import { methodStep } from '../../src/core/train/step.ts';
import { testKernels } from '../reference/engine.ts';
import { noise } from '../reference/golden.ts';
import { contextOf, labelled, unlabelled } from '../train/helpers.ts';

const { name: engine, kernels } = await testKernels();

const near = (actual: number, expected: number, tolerance = 1e-5) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

/** Two-class logits of one row of voxels whose foreground probabilities are given, [2, 1, 1, n]. */
const logitsOf = (foregrounds: number[]): tf.Tensor4D =>
  tf.tensor4d(
    [...foregrounds.map(() => 0), ...foregrounds.map((p) => Math.log(p / (1 - p)))],
    [2, 1, 1, foregrounds.length],
  );

test('UA-MT keeps the voxels whose mean softmax has an entropy below the threshold', () => {
  // Two passes: means .5 (passes disagree), .96, .75. Entropies in units of ln 2: 1, .242, .811.
  const passes = [logitsOf([0.1, 0.95, 0.8]), logitsOf([0.9, 0.97, 0.7])];
  assert.deepEqual([...certainVoxels(passes, 0, 100).dataSync()], [0, 1, 0], 'threshold .7517 ln 2 at the start');
  assert.deepEqual([...certainVoxels(passes, 50, 100).dataSync()], [0, 1, 1], 'threshold .8216 ln 2 half way');
});

test('the masked error is the mean over kept voxels and classes, 0 where none is kept', () => {
  const [a, b] = [tf.tensor4d([1, 0, 0, 1], [2, 1, 1, 2]), tf.tensor4d([0.5, 0, 0.5, 0.9], [2, 1, 1, 2])];
  const mask = (values: number[]) => [tf.tensor3d(values, [1, 1, 2])];
  near(maskedMeanSquaredError([a], [b], mask([1, 0])).dataSync()[0], (0.25 + 0.25) / (2 * 1));
  near(maskedMeanSquaredError([a], [b], mask([1, 1])).dataSync()[0], (0.25 + 0.25 + 0.01) / (2 * 2));
  assert.equal(maskedMeanSquaredError([a], [b], mask([0, 0])).dataSync()[0], 0);
});

test('the mean entropy is 1 for certain ignorance and 0 for certainty, in two and three classes', () => {
  near(meanEntropy([tf.fill([2, 1, 1, 2], 1 / 2) as tf.Tensor4D]).dataSync()[0], 1);
  near(meanEntropy([tf.fill([3, 1, 1, 2], 1 / 3) as tf.Tensor4D]).dataSync()[0], 1);
  near(meanEntropy([tf.tensor4d([1, 0], [2, 1, 1, 1])]).dataSync()[0], 0);
});

test('ICT mixes each map of the first half with its partner of the second', () => {
  const maps = [1, 2, 30, 40].map((v) => tf.tensor1d([v]));
  const mixed = mixPairs(maps, 0.25).map((m) => m.dataSync()[0]);
  assert.deepEqual(mixed, [0.75 * 1 + 0.25 * 30, 0.75 * 2 + 0.25 * 40]);
  assert.deepEqual(
    mixPairs(maps.slice(0, 1), 0.25).map((m) => m.dataSync()[0]),
    [1],
    'a single map is its own partner',
  );
});

test('draws from Beta(.2, .2) have its mean 1/2 and its variance 1/5.6', () => {
  const random = new Random(3);
  const draws = Array.from({ length: 4000 }, () => betaVariate(0.2, random));
  const mean = draws.reduce((sum, v) => sum + v, 0) / draws.length;
  near(mean, 0.5, 0.03);
  near(draws.reduce((sum, v) => sum + (v - mean) ** 2, 0) / draws.length, 0.25 / 1.4, 0.01);
});

test("DTML's mask is 1 inside (negative distance), 0 outside and 1/2 on the surface", () => {
  const output = tf.tensor4d([9, 9, 9, -0.1, 0, 0.1], [2, 1, 1, 3]);
  const [inside, surface, outside] = masksOfDistances(output).dataSync();
  near(inside, 1);
  near(surface, 0.5);
  near(outside, 0);
  near(
    masksOfDistances(tf.tensor4d([0, 0.001], [2, 1, 1, 1])).dataSync()[0],
    1 / (1 + Math.exp(1500 * Math.tanh(0.001))),
  );
  assert.deepEqual(foreground(output).shape, [1, 1, 1, 3]);
});

test("DAN's judgements: the student wants 'labelled' for its unlabelled maps", () => {
  const sure = tf.tensor2d([[0, 2]]);
  near(meanCrossEntropy([sure], [1]).dataSync()[0], Math.log(1 + Math.exp(-2)));
  near(
    meanCrossEntropy([sure, sure], [1, 0]).dataSync()[0],
    (Math.log(1 + Math.exp(-2)) + Math.log(1 + Math.exp(2))) / 2,
  );
});

test("Adam's first step is the learning rate against the gradient's sign, whatever its size", () => {
  const [weights, first, second] = [{ w: tf.tensor1d([1, 1]) }, { w: tf.zeros([2]) }, { w: tf.zeros([2]) }];
  adamUpdate(weights, first, second, new Map([['w', tf.tensor1d([1e-3, -50])]]), { learningRate: 0.1, updates: 0 });
  const [down, up] = weights.w.dataSync();
  near(down, 0.9, 1e-4);
  near(up, 1.1, 1e-4);
});

const contextFor = (given: Partial<TrainingOptions>): Context =>
  contextOf(resolveOptions({ network: 'unet', width: 2, unlabelledBranch: 'teacher', ...given, steps: 2000 }), {
    step: 900,
  });
const PATCH = [32, 16, 16] as [number, number, number];

async function gradientsOf(method: Method, given: Partial<TrainingOptions>) {
  const context = contextFor(given);
  const state = initialState(method, context.options, 2);
  const drawn = { ...context.options, patch: PATCH, classes: 2 };
  const batch = await new TwoStreamSampler(labelled, unlabelled, drawn).next();
  const { networks } = state;
  const result = await methodStep({ method, networks, batch, context, kernels, dropout: null });
  disposeBatch(batch);
  return { ...result, losses: await result.losses, state };
}

const norm = (gradient: tf.Tensor | undefined): number => (gradient ? tf.norm(gradient).dataSync()[0] : 0);

const TERMS: [Partial<TrainingOptions>, term: string, network: string][] = [
  [{ method: 'ua-mt' }, 'consistency', 'student'],
  [{ method: 'entropy' }, 'consistency', 'student'],
  [{ method: 'dan' }, 'consistency', 'student'],
  [{ method: 'ict' }, 'consistency', 'student'],
  [{ method: 'dtml' }, 'distance', 'distance'],
  [{ method: 'dtml' }, 'consistency', 'student'],
  [{ method: 'dtml' }, 'consistency', 'distance'],
  [{ method: 'cpcl', processes: 'forward' }, 'forward', 'student'],
  [{ method: 'cpcl', processes: 'backward' }, 'backward', 'student'],
  [{ method: 'cpcl', processes: 'labelled' }, 'backward', 'student'],
  [{ method: 'cpcl', meanTeacherTerm: 'on' }, 'consistency', 'student'],
  [{ method: 'paste' }, 'supervised', 'student'],
  [{ method: 'bcp' }, 'supervised', 'student'],
  [{ method: 'bcp' }, 'consistency', 'student'],
  [{ method: 'cpcl-mix' }, 'supervised', 'student'],
  [{ method: 'cpcl-mix' }, 'consistency', 'student'],
  [{ method: 'cpcl-mix' }, 'forward', 'student'],
  [{ method: 'cpcl-mix' }, 'backward', 'student'],
  [{ method: 'agreement', confidence: 0.5 }, 'consistency', 'student'],
];
for (const [given, term, network] of TERMS) {
  test(`${term} of ${Object.values(given).join(', ')} alone moves the ${network} at its first weights (${engine})`, async () => {
    const method = methodByName(given.method!);
    const alone: Method = {
      ...method,
      loss: (...args): Loss => {
        const loss = method.loss(...args);
        return { ...loss, total: loss.terms[term] };
      },
    };
    const { gradients, state } = await gradientsOf(alone, given);
    const size = norm(gradients[network].get('down0.conv1.weight'));
    disposeState(state);
    assert.ok(size > 1e-9, `the gradient's norm is ${size}`);
  });
}

test('an ablation leaves the other process out', async () => {
  for (const [processes, absent] of [
    ['forward', 'backward'],
    ['backward', 'forward'],
  ] as const) {
    const { losses, skipped, state } = await gradientsOf(methodByName('cpcl'), { method: 'cpcl', processes });
    assert.ok(processes in losses && !(absent in losses));
    assert.deepEqual(skipped, []);
    disposeState(state);
  }
});

test("the backward process's control never looks at the unlabelled patches, the process itself does", async () => {
  const batch = await new TwoStreamSampler(labelled, unlabelled, {
    ...contextFor({}).options,
    patch: PATCH,
    classes: 2,
  }).next();
  const [z, y, x] = [...PATCH].reverse();
  const maps = (seed: number) => ({
    logits: [tf.tensor4d(noise(2 * z * y * x, seed), [2, z, y, x])],
    features: [tf.tensor5d(noise((4 * z * y * x) / 8, seed + 1), [1, z / 2, y / 2, x / 2, 4])],
  });
  const { oneHot, voxels } = batch.labelled;
  const first = { ...batch.labelled, oneHot: oneHot.slice(0, 1), voxels: voxels.slice(0, 1) };
  for (const processes of ['backward', 'labelled'] as const) {
    const context = contextFor({ method: 'cpcl', processes });
    const [one, other] = await Promise.all(
      [20, 30].map(async (seed) => {
        const outputs = { labelled: maps(10), unlabelled: maps(seed) };
        const constants = await (cpcl as Method).constants!(outputs, batch, context);
        return (cpcl as Method).loss(outputs, { ...batch, labelled: first }, context, constants).total.dataSync()[0];
      }),
    );
    assert.equal(one === other, processes === 'labelled', `${one}, ${other}`);
  }
  disposeBatch(batch);
});

test("DAN's two steps: the student's gradient does not reach D, D's own does, and D learns to tell the patches apart", async () => {
  const { gradients, state } = await gradientsOf(dan, { method: 'dan' });
  assert.ok(norm(gradients.discriminator.get('map.weight')) > 0);
  assert.ok([...gradients.student.keys()].every((name) => !(name in state.networks.discriminator)));
  const context = contextFor({ method: 'dan', dropout: 0 });
  const maps = (seed: number, shift: number) =>
    [0, 1].map((k) =>
      tf.tensor4d(
        noise(2 * 16 ** 3, seed + k, 1, 0).map((v, i) => v + (i < 16 ** 3 ? shift : 0)),
        [2, 16, 16, 16],
      ),
    );
  const outputs = { labelled: { logits: maps(1, 2), features: [] }, unlabelled: { logits: maps(3, -2), features: [] } };
  const images = [5, 6].map((seed) => tf.tensor5d(noise(16 ** 3, seed), [1, 16, 16, 16, 1]));
  const batch = { labelled: { images, oneHot: [], voxels: [] }, unlabelled: { images } };
  const weights = dan.adversary!.init(2, new Random(2));
  const [first, second] = [0, 1].map(() =>
    Object.fromEntries(Object.entries(weights).map(([n, w]) => [n, tf.zerosLike(w)])),
  );
  const values: number[] = [];
  for (let updates = 0; updates < 5; updates++) {
    const { value, grads } = tf
      .engine()
      .gradients(() => dan.adversary!.loss(weights, outputs, batch, context), Object.values(weights), undefined, true);
    values.push(value.dataSync()[0] as number);
    const named = new Map(Object.keys(weights).map((n, i) => [n, grads[i]]));
    adamUpdate(weights, first, second, named, { learningRate: 1e-3, updates });
  }
  assert.ok(values[4] < 0.9 * values[0], `D's loss went from ${values[0]} to ${values[4]}`);
});

/** d f(x + t d) / dt at 0 by central differences. */
function slope(f: (x: tf.Tensor4D) => tf.Scalar, x: tf.Tensor4D, d: tf.Tensor, h: number): number {
  const at = (t: number) => tf.tidy(() => f(tf.add(x, tf.mul(d, t))).dataSync()[0]);
  return (at(h) - at(-h)) / (2 * h);
}

const other = tf.tensor4d(noise(2 * 64, 12, 2), [2, 4, 4, 4]);
const certain = tf.tensor3d(
  Float32Array.from(noise(64, 13), (v) => (v > 0 ? 1 : 0)),
  [4, 4, 4],
);
const certainLogits = tf.tensor4d(noise(2 * 64, 15, 2), [2, 4, 4, 4]);
const smallDistances = tf.tensor4d(noise(2 * 64, 16, 0.002), [2, 4, 4, 4]);
const FUNCTIONS: Record<string, { f: (x: tf.Tensor4D) => tf.Scalar; scale: number; h: number }> = {
  entropy: { f: (x) => meanEntropy([softmaxChannels(x)]), scale: 2, h: 0.02 },
  'ua-mt': {
    f: (x) => maskedMeanSquaredError([softmaxChannels(x)], [softmaxChannels(other)], [certain]),
    scale: 2,
    h: 0.02,
  },
  'mean teacher': {
    f: (x) => agreement({ logits: [x], features: [] }, { logits: [other], features: [] }),
    scale: 2,
    h: 0.02,
  },
  ict: {
    f: (x) =>
      meanSquaredError([softmaxChannels(x)], mixPairs([softmaxChannels(other), softmaxChannels(certainLogits)], 0.3)),
    scale: 2,
    h: 0.02,
  },
  'dtml at the segmentation': {
    f: (x) => meanSquaredError([masksOfDistances(smallDistances)], [foreground(softmaxChannels(x))]),
    scale: 2,
    h: 0.02,
  },
  "dtml's Dice of the distance network": {
    f: (x) => diceLoss([masksOfDistances(x)], [foreground(tf.cast(tf.greater(other, 0), 'float32') as tf.Tensor4D)]),
    scale: 0.002,
    h: 2e-5,
  },
  'the Dice of present classes': {
    f: (x) =>
      diceLoss(
        [softmaxChannels(x)],
        [
          tf.pad(tf.ones([1, 4, 4, 4]), [
            [0, 1],
            [0, 0],
            [0, 0],
            [0, 0],
          ]) as tf.Tensor4D,
        ],
        'present',
      ),
    scale: 2,
    h: 0.02,
  },
  'dtml distance': {
    f: (x) => tf.mean(tf.squaredDifference(masksOfDistances(x), foreground(softmaxChannels(other)))) as tf.Scalar,
    scale: 0.002,
    h: 2e-5,
  },
};
for (const [term, { f, scale, h }] of Object.entries(FUNCTIONS)) {
  test(`the gradient of ${term} equals finite differences (${engine})`, () => {
    const x = tf.tensor4d(noise(2 * 64, 11, scale), [2, 4, 4, 4]);
    const d = tf.tensor4d(noise(2 * 64, 14), [2, 4, 4, 4]);
    const analytic = tf.sum(tf.mul(tf.grad((y) => f(y as tf.Tensor4D))(x), d)).dataSync()[0];
    const numeric = slope(f, x, d, h);
    assert.ok(Math.abs(analytic) > 1e-4, `the slope ${analytic} must not vanish`);
    near(numeric, analytic, 0.02 * Math.abs(analytic) + 2e-5);
  });
}

for (const [judged, answer] of [
  ["the student's", 1],
  ["the discriminator's own", 0],
] as const) {
  test(`the gradient of ${judged} adversarial term equals finite differences (${engine})`, () => {
    const weights = dan.adversary!.init(2, new Random(4));
    const image = tf.tensor5d(noise(16 ** 3, 17), [1, 16, 16, 16, 1]);
    const map = tf.tensor4d(noise(2 * 16 ** 3, 18, 2), [2, 16, 16, 16]);
    const filter = weights['map.weight'];
    // Of the map that is judged for the student's term; of the first layer's weights for D's own.
    const f = (x: tf.Tensor): tf.Scalar =>
      answer === 1
        ? meanCrossEntropy([discriminate(weights, softmaxChannels(x as tf.Tensor4D), image, null)], [1])
        : meanCrossEntropy([discriminate({ ...weights, 'map.weight': x }, softmaxChannels(map), image, null)], [0]);
    const x = answer === 1 ? map : filter;
    const d = tf.tensor(noise(x.size, 19), x.shape);
    const analytic = tf.sum(tf.mul(tf.grad(f)(x), d)).dataSync()[0];
    const numeric = slope(f as (x: tf.Tensor4D) => tf.Scalar, x as tf.Tensor4D, d, answer === 1 ? 0.02 : 5e-4);
    assert.ok(Math.abs(analytic) > 1e-6, `the slope ${analytic} must not vanish`);
    near(numeric, analytic, 0.05 * Math.abs(analytic) + 2e-5);
  });
}
