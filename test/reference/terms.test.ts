import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { diceLoss } from '../../src/core/loss/dice.ts';
import { meanEntropy } from '../../src/core/loss/entropy.ts';
import { maskedMeanSquaredError } from '../../src/core/loss/masked-mean-squared.ts';
import { meanSquaredError } from '../../src/core/loss/mean-squared.ts';
import { meanCrossEntropy } from '../../src/core/methods/dan.ts';
import { foreground, masksOfDistances } from '../../src/core/methods/dtml.ts';
import { mixPairs } from '../../src/core/methods/ict.ts';
import { certainVoxels } from '../../src/core/methods/ua-mt.ts';
import { softmaxChannels } from '../../src/core/network/channels.ts';
import { discriminate, discriminatorShapes } from '../../src/core/network/discriminator.ts';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import type { Weights } from '../../src/core/network/tape.ts';
import { maskTensors } from '../../src/core/train/batch.ts';
import { testKernels } from './engine.ts';
import { drawMask, hashedDiscriminatorWeight, loadGolden, type MaskShape, noise, type Triple } from './golden.ts';

interface Facts {
  sides: Triple;
  step: number;
  steps: number;
  m: number;
  cases: { classes: number; seed: number; masks: MaskShape[][]; certain: number; values: Record<string, number> }[];
}

const golden = loadGolden<Facts>('terms');
const { sides, step, steps, m } = golden.facts;
const [depth, height, width] = sides;
const voxels = depth * height * width;
await testKernels();

/** Golden order [K, D, H, W, C] -> K maps [C, D, H, W] */
const maps = (values: Float32Array, classes: number): tf.Tensor4D[] =>
  Array.from({ length: 2 }, (_, k) => {
    const own = values.slice(k * voxels * classes, (k + 1) * voxels * classes);
    return tf.transpose(tf.tensor4d(own, [...sides, classes]), [3, 0, 1, 2]);
  });
const lastOrder = (grads: tf.Tensor[]): Float32Array =>
  tf.concat(grads.map((g) => tf.transpose(g, [1, 2, 3, 0]).flatten())).dataSync() as Float32Array;

golden.facts.cases.forEach(({ classes, seed, masks, certain, values }, n) => {
  const draw = (offset: number, scale = 2) => noise(2 * voxels * classes, seed + offset, scale);
  const [a, b, c, output] = [
    maps(draw(2), classes),
    maps(draw(3), classes),
    maps(draw(4), classes),
    maps(draw(5, 0.004), classes),
  ];
  const images = Array.from({ length: 2 }, (_, k) =>
    tf.tensor5d(noise(2 * voxels, seed + 1).slice(k * voxels, (k + 1) * voxels), [1, ...sides, 1]),
  ) as FeatureMap[];
  const { oneHot } = maskTensors(
    masks.map((shapes) => drawMask([width, height, depth], shapes)),
    [width, height, depth],
    classes,
  );
  const passes = Array.from({ length: 8 }, (_, p) => {
    const shift = maps(draw(10 + p), classes);
    return b.map((map, k) => tf.add(tf.mul(map, 2), tf.mul(shift[k], 0.5)) as tf.Tensor4D);
  });
  const certainMasks = [0, 1].map((k) =>
    certainVoxels(
      passes.map((pass) => pass[k]),
      step,
      steps,
    ),
  );
  const discriminator: Weights = Object.fromEntries(
    discriminatorShapes(classes).map(([name, shape], i, all) => [
      name,
      tf.tensor(hashedDiscriminatorWeight(shape, all[name.endsWith('.bias') ? i - 1 : i][1], seed + 50 + i), shape),
    ]),
  );
  const judge = (logits: tf.Tensor4D[]) =>
    logits.map((z, k) => discriminate(discriminator, softmaxChannels(z), images[k % 2], null));

  const terms: Record<string, { leaves: Record<string, tf.Tensor4D[]>; loss: () => tf.Scalar }> = {
    entropy: { leaves: { a }, loss: () => meanEntropy(a.map(softmaxChannels)) },
    'ua-mt': {
      leaves: { a },
      loss: () => maskedMeanSquaredError(a.map(softmaxChannels), b.map(softmaxChannels), certainMasks),
    },
    ict: {
      leaves: { a },
      loss: () => {
        const targets = [0, 1].flatMap((k) => mixPairs([softmaxChannels(b[k]), softmaxChannels(c[k])], m));
        return meanSquaredError(a.map(softmaxChannels), targets);
      },
    },
    distance: {
      leaves: { distance: output },
      loss: () => diceLoss(output.map(masksOfDistances), oneHot.map(foreground)),
    },
    dtml: {
      leaves: { distance: output, a },
      loss: () =>
        meanSquaredError(
          output.map(masksOfDistances),
          a.map((z) => foreground(softmaxChannels(z))),
        ),
    },
    dan: { leaves: { a }, loss: () => meanCrossEntropy(judge(a), [1, 1]) },
  };

  for (const [term, { leaves, loss }] of Object.entries(terms)) {
    test(`the term of ${term} and its gradient equal PyTorch's, ${classes} classes`, () => {
      const { value, grads } = tf.engine().gradients(loss, Object.values(leaves).flat(), undefined, true);
      const expected = values[term];
      assert.ok(Math.abs(value.dataSync()[0] / expected - 1) <= 1e-5, `${value.dataSync()[0]}, PyTorch ${expected}`);
      Object.keys(leaves).forEach((leaf, i) => {
        golden.equal(`${n}/${term}/${leaf}`, lastOrder(grads.slice(2 * i, 2 * i + 2)), 2e-4);
      });
    });
  }

  test(`UA-MT keeps as many voxels as PyTorch, ${classes} classes`, () => {
    const kept = certainMasks.reduce((sum, mask) => sum + tf.sum(mask).dataSync()[0], 0);
    assert.ok(Math.abs(kept - certain) <= 1, `${kept}, PyTorch ${certain}`);
    assert.ok(certain > 0 && certain < 2 * voxels);
  });

  test(`the discriminator's loss and gradients equal PyTorch's, ${classes} classes`, () => {
    const loss = () => meanCrossEntropy(judge([...a, ...b]), [1, 1, 0, 0]);
    const { value, grads } = tf.engine().gradients(loss, Object.values(discriminator), undefined, true);
    assert.ok(Math.abs(value.dataSync()[0] / values.discriminator - 1) <= 1e-5);
    Object.keys(discriminator).forEach((name, i) => {
      golden.equal(`${n}/discriminator/${name}`, grads[i].dataSync(), 1e-3);
    });
  });
});
