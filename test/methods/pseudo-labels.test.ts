import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { diceLoss } from '../../src/core/loss/dice.ts';
import { supervisedLoss } from '../../src/core/loss/supervised.ts';
import { agreement, gammaCurve } from '../../src/core/methods/agreement.ts';
import { cpclMix } from '../../src/core/methods/cpcl-mix.ts';
import { mixedTargets } from '../../src/core/methods/mixing.ts';
import { agreedLabels, largestPieces, pseudoWeight } from '../../src/core/methods/pseudo-labels.ts';
import { softmaxChannels } from '../../src/core/network/channels.ts';
import { DICE_CLASSES, type DiceClasses } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { testKernels } from '../reference/engine.ts';
import { noise } from '../reference/golden.ts';
import { contextOf } from '../train/helpers.ts';

await testKernels();

const near = (actual: number, expected: number, tolerance = 1e-5) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);
const oneHotOf = (mask: number[], classes: number, sides: [number, number, number] = [1, 1, mask.length]) =>
  tf.tensor4d(Array.from({ length: classes }, (_, c) => mask.map((v) => Number(v === c))).flat(), [classes, ...sides]);
const classesOf = (oneHot: tf.Tensor4D) => [...tf.argMax(oneHot, 0).dataSync()];

test('of each class its largest piece stays, of touching labels each its own; the rest becomes background', async () => {
  const said = [1, 2, 2, 2, 0, 1, 1, 0, 2];
  const pieces = await largestPieces(tf.mul(oneHotOf(said, 4), 3) as tf.Tensor4D);
  assert.deepEqual(pieces.shape, [4, 1, 1, 9], 'a class that nobody named stays a class');
  assert.deepEqual(classesOf(pieces), [0, 2, 2, 2, 0, 1, 1, 0, 0]);
  assert.deepEqual([...tf.sum(pieces, 0).dataSync()], Array(9).fill(1), 'every voxel has one class');
});

test('two pieces stay of a label that labelled scans show as two, and all of one that has no number', async () => {
  const said = [1, 1, 0, 1, 0, 1, 0, 2, 0, 2, 0, 2];
  const kept = async (...labels: (number | null)[]) =>
    classesOf(await largestPieces(oneHotOf(said, 3), { together: null, labels }));
  assert.deepEqual(await kept(2, null), [1, 1, 0, 1, 0, 0, 0, 2, 0, 2, 0, 2]);
  assert.deepEqual(await kept(null, 1), [1, 1, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0]);
});

test('pieces hang together over corners in three dimensions', async () => {
  const said = Array.from({ length: 8 }, (_, v) => Number(v === 0 || v === 7));
  assert.deepEqual(classesOf(await largestPieces(oneHotOf(said, 2, [2, 2, 2]))), said);
});

test('a label is agreed on where both name it and the network is sure enough', () => {
  // Three classes; the network's probabilities of its class: .9, .9, .5, .9.
  const sure = (p: number) => Math.log((2 * p) / (1 - p));
  const logits = tf.mul(oneHotOf([1, 2, 1, 0], 3), tf.tensor([sure(0.9), sure(0.9), sure(0.5), sure(0.9)]));
  const agreed = agreedLabels(logits as tf.Tensor4D, oneHotOf([1, 1, 1, 0], 3), 0.8);
  assert.deepEqual([...tf.sum(agreed, 0).dataSync()], [1, 0, 0, 1]);
  assert.deepEqual([...agreed.dataSync()], [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
});

test('without prototypes of two classes the term of agreement is left out, and said to be', async () => {
  const maps = [tf.tensor4d(noise(8, 1), [2, 1, 1, 4])];
  const output = { logits: maps, features: [tf.tensor5d(noise(8, 2), [1, 1, 1, 4, 2])] };
  const batch = {
    labelled: { images: [], oneHot: [oneHotOf([0, 0, 0, 0], 2)], voxels: [[4, 0]] },
    unlabelled: { images: [] },
  };
  const context = contextOf(resolveOptions({ steps: 2000 }));
  const outputs = { labelled: output, weak: output, strong: output };
  const constants = await agreement.constants?.(outputs, batch, context);
  const { terms, skipped } = agreement.loss(outputs, batch, context, constants as never);
  assert.deepEqual([Object.keys(terms), skipped], [['supervised'], ['consistency']]);
});

test('the gamma curve keeps the ends, bends between them, and leaves a flat image alone', () => {
  const image = tf.tensor5d([-1, 0, 1, 3], [1, 1, 1, 4, 1]);
  const expected = [0, 1, 2, 4].map((v) => -1 + 4 * (v / 4) ** 1.5);
  const curved = gammaCurve(image, 1.5).dataSync();
  for (const [n, value] of expected.entries()) near(curved[n], value);
  assert.deepEqual([...gammaCurve(tf.fill([1, 1, 1, 2, 1], 2), 0.7).dataSync()], [2, 2]);
});

test('pseudo-labels weigh 0.5 exp(-5 (1 - t / T)^2), T the ramp of lambda, whatever lambda', () => {
  const at = (step: number) =>
    pseudoWeight(
      contextOf(resolveOptions({ steps: 100, lambdaRamp: 0.3, lambdaMax: 0, unlabelledFrom: 0 }), { step, steps: 100 }),
    );
  near(at(0), 0.5 * Math.exp(-5));
  near(at(15), 0.5 * Math.exp(-5 / 4));
  assert.deepEqual([at(30), at(99)], [0.5, 0.5]);
});

test('the loss of a part is L_s of that part alone, and 0 of none', () => {
  const logits = tf.tensor4d(noise(3 * 8, 3, 2), [3, 2, 2, 2]);
  const oneHot = oneHotOf([0, 1, 2, 1, 0, 2, 2, 1], 3, [2, 2, 2]);
  const part = tf.tensor4d([1, 1, 1, 1, 0, 0, 0, 0], [1, 2, 2, 2]);
  const first = (map: tf.Tensor4D) => tf.slice(map, [0, 0, 0, 0], [-1, 1, -1, -1]);
  const own = supervisedLoss([logits], [tf.mul(oneHot, part)], 'all').dataSync()[0];
  near(own, supervisedLoss([first(logits)], [first(oneHot)], 'all').dataSync()[0]);
  for (const of of DICE_CLASSES) assert.equal(supervisedLoss([logits], [tf.zerosLike(oneHot)], of).dataSync()[0], 0);
});

test('the Dice of a class that no patch holds counts among all classes, and not among those that are present', () => {
  const logits = [3, 4].map((seed) => tf.tensor4d(noise(3 * 8, seed, 2), [3, 2, 2, 2]));
  const of = (classes: number[][]) => classes.map((mask) => oneHotOf(mask, 3, [2, 2, 2]));
  const without = of([
    [0, 1, 0, 1, 0, 0, 1, 1],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ]);
  const probabilities = logits.map(softmaxChannels);
  const dice = (classes: DiceClasses) => diceLoss(probabilities, without, classes).dataSync()[0];
  // The third class has a Dice of 0, a loss of 1.
  near(3 * dice('all'), 2 * dice('present') + 1, 1e-4);
  const slope = tf.grad((z) => diceLoss([softmaxChannels(z as tf.Tensor4D), probabilities[1]], without, 'present'));
  assert.ok(tf.abs(slope(logits[0])).max().dataSync()[0] > 0.01);
  // A class of either patch is present.
  const everywhere = of([
    [0, 1, 0, 1, 0, 0, 1, 1],
    [0, 0, 2, 0, 0, 0, 0, 0],
  ]);
  near(
    diceLoss(probabilities, everywhere, 'present').dataSync()[0],
    diceLoss(probabilities, everywhere).dataSync()[0],
    1e-6,
  );
});

const SIDES: [number, number, number] = [4, 4, 4];
const box = { start: [1, 0, 2], sides: [2, 2, 2] } as const;
const randomMask = (classes: number, seed: number) =>
  oneHotOf([...noise(64, seed)].map((v) => Math.floor(((v + 1) / 2) * classes)) as number[], classes, SIDES);
const sum = (maps: tf.Tensor4D[]) => Promise.all(maps.map(async (map) => [...(await tf.sum(map, [1, 2, 3]).data())]));

/** CPCL's loss on two mixed patches of random features, masks of `classes`; `pseudo` classes absent from the pseudo-mask. */
async function mixedLoss(classes: number, pseudoClasses: number, labelled = classes) {
  const pad = (map: tf.Tensor4D) => tf.concat([map, tf.zeros([classes - map.shape[0], ...SIDES])], 0) as tf.Tensor4D;
  const targets = mixedTargets([pad(randomMask(labelled, 21))], [pad(randomMask(pseudoClasses, 22))], box);
  const constants = {
    ...targets,
    truthVoxels: await sum(targets.truth),
    pseudoVoxels: await sum(targets.pseudo),
    pseudoPart: targets.pseudo.map((Y) => tf.sum(Y, 0) as tf.Tensor3D),
  };
  const logits = [31, 32].map((seed) => tf.tensor4d(noise(classes * 64, seed, 2), [classes, ...SIDES]));
  const features = [41, 42].map((seed) => tf.tensor5d(noise(8 * 5, seed, 1, 1.2), [1, 2, 2, 2, 5]));
  const context = contextOf(resolveOptions({ steps: 2000 }));
  const batch = { labelled: { images: [], oneHot: [], voxels: [] }, unlabelled: { images: [] } };
  const lossOf = (changed: { logits?: tf.Tensor4D; features?: tf.Tensor5D }) => {
    const mixed = {
      logits: [changed.logits ?? logits[0], logits[1]],
      features: [changed.features ?? features[0], features[1]],
    };
    return cpclMix.loss({ mixed }, batch, context, constants);
  };
  return { lossOf, logits, features };
}

for (const [term, leaf] of [
  ['supervised', 'logits'],
  ['consistency', 'logits'],
  ['forward', 'logits'],
  ['forward', 'features'],
  ['backward', 'features'],
] as const) {
  test(`the gradient of cpcl-mix's ${term} at the ${leaf} equals finite differences, three classes`, async () => {
    const { lossOf, logits, features } = await mixedLoss(3, 3);
    const x: tf.Tensor = leaf === 'logits' ? logits[0] : features[0];
    const f = (y: tf.Tensor) => lossOf({ [leaf]: y }).terms[term];
    const d = tf.tensor(noise(x.size, 51), x.shape);
    const analytic = tf.sum(tf.mul(tf.grad(f)(x), d)).dataSync()[0];
    const at = (t: number) => tf.tidy(() => f(tf.add(x, tf.mul(d, t))).dataSync()[0]);
    assert.ok(Math.abs(analytic) > 2e-4, `the slope ${analytic} must not vanish`);
    near((at(0.02) - at(-0.02)) / 0.04, analytic, 0.02 * Math.abs(analytic) + 2e-5);
  });
}

test('cpcl-mix works where classes are absent, and leaves out a process that has one prototype alone', async () => {
  const said = async (pseudo: number, labelled: number) => {
    const { total, terms, skipped } = (await mixedLoss(3, pseudo, labelled)).lossOf({});
    assert.ok(Number.isFinite(total.dataSync()[0]));
    return [Object.keys(terms).slice(2), skipped];
  };
  assert.deepEqual(await said(2, 3), [['forward', 'backward'], []]);
  assert.deepEqual(await said(3, 2), [['forward', 'backward'], []]);
  assert.deepEqual(await said(1, 3), [['forward'], ['backward']]);
  assert.deepEqual(await said(3, 1), [['backward'], ['forward']]);
});
