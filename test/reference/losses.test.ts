import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../../src/core/loss/cross-entropy.ts';
import { diceLoss } from '../../src/core/loss/dice.ts';
import { meanSquaredError } from '../../src/core/loss/mean-squared.ts';
import { supervisedLoss } from '../../src/core/loss/supervised.ts';
import { cpcl } from '../../src/core/methods/cpcl.ts';
import type { Batch, Output } from '../../src/core/methods/method.ts';
import { prototypes } from '../../src/core/methods/prototypes.ts';
import { oneHotArgMax, softmaxChannels } from '../../src/core/network/channels.ts';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { maskTensors } from '../../src/core/train/batch.ts';
import { contextOf } from '../train/helpers.ts';
import { testKernels } from './engine.ts';
import { drawMask, loadGolden, type MaskShape, noise, type Triple } from './golden.ts';

interface Case {
  name: string;
  factor: number;
  coarse: Triple;
  classes: number;
  labelled: number;
  unlabelled: number;
  seed: number;
  masks: MaskShape[][];
  lowered: [number, number][];
  presentLabelled: boolean[];
  presentUnlabelled: boolean[];
  values: Record<string, number | null>;
}

const golden = loadGolden<{ channels: number; alpha: number; cases: Case[] }>('losses');
const { name: engine } = await testKernels();

const product = (sides: readonly number[]) => sides.reduce((a, b) => a * b, 1);

/** Images of a batch [K, ...sides, C], each as [1, ...sides, C]. */
const split = (values: Float32Array, k: number, sides: Triple, channels: number): FeatureMap[] => {
  const size = product(sides) * channels;
  return Array.from({ length: k }, (_, b) =>
    tf.tensor5d(values.slice(b * size, (b + 1) * size), [1, ...sides, channels]),
  );
};
const first = (maps: FeatureMap[]): tf.Tensor4D[] =>
  maps.map((m) => tf.transpose(m, [0, 4, 1, 2, 3]).reshape([m.shape[4], ...m.shape.slice(1, 4)]) as tf.Tensor4D);
/** Gradients of channels-first or channels-last maps as one array in golden order [K, D, H, W, C]. */
const lastOrder = (grads: tf.Tensor[]): Float32Array =>
  tf.concat(grads.map((g) => (g.rank === 4 ? tf.transpose(g, [1, 2, 3, 0]) : g).flatten())).dataSync() as Float32Array;

function inputsOf({ factor, coarse, classes, labelled, unlabelled, seed, masks, lowered }: Case) {
  const { channels } = golden.facts;
  const sides = coarse.map((n) => n * factor) as Triple;
  const features = (k: number, s: number) =>
    split(
      noise(k * product(coarse) * channels, s, 1, 0.25).map((v) => Math.max(0, v)),
      k,
      coarse,
      channels,
    );
  const logitsU = noise(unlabelled * product(sides) * classes, seed + 3, 2);
  for (const [c, k] of lowered) {
    for (let v = 0; v < product(sides); v++) logitsU[(k * product(sides) + v) * classes + c] = -8;
  }
  const [d, h, w] = sides;
  return {
    labelledFeatures: features(labelled, seed),
    unlabelledFeatures: features(unlabelled, seed + 1),
    labelledLogits: first(split(noise(labelled * product(sides) * classes, seed + 2, 2), labelled, sides, classes)),
    unlabelledLogits: first(split(logitsU, unlabelled, sides, classes)),
    target: first(split(noise(unlabelled * product(sides) * classes, seed + 4, 2), unlabelled, sides, classes)),
    ...maskTensors(
      masks.map((shapes) => drawMask([w, h, d], shapes)),
      [w, h, d],
      classes,
    ),
  };
}

function check(n: number, term: string, leaves: Record<string, tf.Tensor[]>, loss: () => tf.Scalar) {
  const expected = golden.facts.cases[n].values[term] as number;
  const { value, grads } = tf.engine().gradients(loss, Object.values(leaves).flat(), undefined, true);
  assert.ok(
    Math.abs(value.dataSync()[0] - expected) <= 1e-5 * Math.abs(expected),
    `${term}: ${value.dataSync()[0]}, PyTorch ${expected}`,
  );
  let at = 0;
  for (const [leaf, maps] of Object.entries(leaves)) {
    const own = grads.slice(at, at + maps.length) as (tf.Tensor | null | undefined)[];
    at += maps.length;
    const key = `${n}/${term}/${leaf}`;
    if (golden.has(key)) golden.equal(key, lastOrder(own.map((g, k) => g ?? tf.zerosLike(maps[k]))), 1e-4);
    else
      assert.ok(
        own.every((g) => !g || tf.abs(g).max().dataSync()[0] === 0),
        `${key} must have no gradient`,
      );
  }
}

golden.facts.cases.forEach((facts, n) => {
  test(`loss terms and gradients equal PyTorch's plain form: ${facts.name} (${engine})`, () => {
    const i = inputsOf(facts);
    check(n, 'crossEntropy', { logits_l: i.labelledLogits }, () => crossEntropy(i.labelledLogits, i.oneHot));
    check(n, 'dice', { logits_l: i.labelledLogits }, () => diceLoss(i.labelledLogits.map(softmaxChannels), i.oneHot));
    check(n, 'supervised', { logits_l: i.labelledLogits }, () => supervisedLoss(i.labelledLogits, i.oneHot, 'all'));
    check(n, 'supervised, present', { logits_l: i.labelledLogits }, () =>
      supervisedLoss(i.labelledLogits, i.oneHot, 'present'),
    );
    check(n, 'consistency', { logits_u: i.unlabelledLogits }, () =>
      meanSquaredError(i.unlabelledLogits.map(softmaxChannels), i.target.map(softmaxChannels)),
    );
  });

  test(`prototypes and CPCL's terms and gradients equal PyTorch's plain form: ${facts.name} (${engine})`, async () => {
    const i = inputsOf(facts);
    const outputs: Record<string, Output> = {
      labelled: { logits: i.labelledLogits, features: i.labelledFeatures },
      unlabelled: { logits: i.unlabelledLogits, features: i.unlabelledFeatures },
    };
    const batch: Batch = { labelled: { images: [], oneHot: i.oneHot, voxels: i.voxels }, unlabelled: { images: [] } };
    const options = resolveOptions({ steps: 1, alpha: golden.facts.alpha, unlabelledBranch: 'student' });
    const context = contextOf(options, { steps: 1, lambda: 1 });
    const constants = await cpcl.constants?.(outputs, batch, context);
    assert.ok(constants);

    const labelled = prototypes(i.labelledFeatures, i.oneHot, i.voxels);
    golden.equal(`${n}/prototypes_l`, labelled.vectors.dataSync(), 1e-5);
    assert.deepEqual(labelled.present, facts.presentLabelled);
    const masks = i.unlabelledLogits.map(oneHotArgMax);
    const pseudo = prototypes(
      i.unlabelledFeatures,
      masks,
      masks.map((m) => Array.from(tf.sum(m, [1, 2, 3]).dataSync())),
    );
    golden.equal(`${n}/prototypes_u`, pseudo.vectors.dataSync(), 1e-5);
    assert.deepEqual(pseudo.present, facts.presentUnlabelled);

    const leaves = {
      logits_l: i.labelledLogits,
      logits_u: i.unlabelledLogits,
      features_l: i.labelledFeatures,
      features_u: i.unlabelledFeatures,
    };
    for (const term of ['forward', 'backward'] as const) {
      const skipped = facts.values[term] === null;
      assert.equal(cpcl.loss(outputs, batch, context, constants).skipped?.includes(term), skipped);
      if (!skipped) check(n, term, leaves, () => cpcl.loss(outputs, batch, context, constants).terms[term]);
    }
    if (!('forward, weighted' in facts.values)) return;
    const weighing = { ...context, options: { ...options, certaintyWeighting: 'on' as const } };
    const weighted = await cpcl.constants?.(outputs, batch, weighing);
    assert.ok(weighted);
    for (const term of ['forward', 'backward'] as const)
      check(n, `${term}, weighted`, leaves, () => cpcl.loss(outputs, batch, weighing, weighted).terms[term]);
  });
});
