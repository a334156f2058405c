import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../../src/core/loss/cross-entropy.ts';
import { cpcl } from '../../src/core/methods/cpcl.ts';
import type { Batch, Loss, Output } from '../../src/core/methods/method.ts';
import { prototypes } from '../../src/core/methods/prototypes.ts';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import type { TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { contextOf } from '../train/helpers.ts';

const near = (actual: number, expected: number, tolerance = 1e-5) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

/** A patch of 1 x 1 x 4 voxels with one feature vector for each voxel. */
const featuresOf = (vectors: number[][]): FeatureMap =>
  tf.tensor5d(vectors.flat(), [1, 1, 1, vectors.length, vectors[0].length]);
const oneHotOf = (mask: number[], classes: number): tf.Tensor4D =>
  tf.tensor4d(Array.from({ length: classes }, (_, c) => mask.map((v) => Number(v === c))).flat(), [
    classes,
    1,
    1,
    mask.length,
  ]);
const countsOf = (mask: number[], classes: number) =>
  Array.from({ length: classes }, (_, c) => mask.filter((v) => v === c).length);
/** Logits that are sure of a mask. */
const sureOf = (mask: number[], classes: number) => tf.mul(oneHotOf(mask, classes), 50) as tf.Tensor4D;

const FEATURES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0, 0, 1],
];

/** CPCL's loss where the labelled patch is `Y_l` and the teacher is sure of `Y_u`, both with the same features. */
async function lossOf(Y_l: number[], Y_u: number[], given: Partial<TrainingOptions> = {}, classes = 3): Promise<Loss> {
  const output = (mask: number[]): Output => ({ logits: [sureOf(mask, classes)], features: [featuresOf(FEATURES)] });
  const batch: Batch = {
    labelled: { images: [], oneHot: [oneHotOf(Y_l, classes)], voxels: [countsOf(Y_l, classes)] },
    unlabelled: { images: [] },
  };
  const context = contextOf(resolveOptions({ unlabelledBranch: 'teacher', ...given, steps: 10 }), {
    steps: 10,
    lambda: 0.5,
  });
  const outputs = { labelled: output(Y_l), unlabelled: output(Y_u) };
  const constants = await cpcl.constants?.(outputs, batch, context);
  return cpcl.loss(outputs, batch, context, constants as never);
}

const SKIPS: [name: string, Y_l: number[], Y_u: number[], skipped: string[]][] = [
  ['both patches hold two classes', [0, 1, 1, 1], [0, 0, 2, 2], []],
  ['the labelled patch holds one class alone', [0, 0, 0, 0], [0, 1, 1, 1], ['forward']],
  ['the teacher sees one class alone', [0, 1, 1, 1], [2, 2, 2, 2], ['backward']],
  ['neither holds two', [1, 1, 1, 1], [0, 0, 0, 0], ['forward', 'backward']],
];

test('a process needs prototypes of two classes: with one alone it is skipped, and said to be', async () => {
  for (const [name, Y_l, Y_u, skipped] of SKIPS) {
    const { terms, skipped: said } = await lossOf(Y_l, Y_u);
    assert.deepEqual(said, skipped, name);
    const made = ['forward', 'backward'].filter((term) => !skipped.includes(term));
    assert.deepEqual(Object.keys(terms), ['supervised', ...made], name);
  }
});

test('the total is L_s + lambda (L_forward + beta L_backward)', async () => {
  const { total, terms } = await lossOf([0, 1, 1, 1], [0, 0, 2, 2], { beta: 3 });
  const value = (scalar: tf.Scalar) => scalar.dataSync()[0];
  assert.ok(value(terms.forward) > 0 && value(terms.backward) > 0);
  near(value(total), value(terms.supervised) + 0.5 * (value(terms.forward) + 3 * value(terms.backward)));
});

test('voxels of a class without a prototype do not count in the backward process', async () => {
  // The teacher sees classes 0 and 1 where the features are those of classes 0 and 1: both labelled voxels of them are
  // told right, and the two voxels of class 2 ask for nothing.
  const { terms } = await lossOf([0, 1, 2, 2], [0, 1, 1, 1], { processes: 'backward', alpha: 20 });
  // p_0 = (1, 0, 0), p_1 = (0, 1, 2) / 3: cosines of voxel 0 are 1 and 0, of voxel 1 they are 0 and 1 / sqrt(5).
  const expected = (Math.log(1 + Math.exp(-20)) + Math.log(1 + Math.exp(-20 / Math.sqrt(5)))) / 2;
  near(terms.backward.dataSync()[0], expected, 1e-4);
});

test('a prototype is the mean over images of the class mean; images without the class are left out', () => {
  const maps = [
    featuresOf([
      [1, 0],
      [3, 0],
      [0, 4],
      [0, 8],
    ]),
    featuresOf([
      [10, 0],
      [10, 0],
      [20, 0],
      [20, 0],
    ]),
  ];
  const masks = [
    [0, 0, 1, 1],
    [0, 0, 0, 0],
  ];
  const { vectors, present } = prototypes(
    maps,
    masks.map((mask) => oneHotOf(mask, 3)),
    masks.map((mask) => countsOf(mask, 3)),
  );
  assert.deepEqual(present, [true, true, false]);
  const expected = [(2 + 15) / 2, 0, 0, 6, 0, 0];
  [...vectors.dataSync()].forEach((value, n) => {
    near(value, expected[n]);
  });
});

test('cross-entropy of voxels none of which counts is 0 and asks for no change', () => {
  const logits = tf.tensor4d([1, 2, 3, 4], [2, 1, 1, 2]);
  const nothing = tf.zeros([2, 1, 1, 2]) as tf.Tensor4D;
  const { value, grad } = tf.valueAndGrad((z) => crossEntropy([z as tf.Tensor4D], [nothing]))(logits);
  assert.equal(value.dataSync()[0], 0);
  assert.deepEqual([...grad.dataSync()], [0, 0, 0, 0]);
});

test('cross-entropy is the mean over the voxels that count, whatever their number', () => {
  const z = Math.log(3);
  // Two voxels: p(1) = 3/4 with label 1, and one that does not count; then both with label 0.
  const logits = tf.tensor4d([0, 0, z, z], [2, 1, 1, 2]);
  const at = (labels: number[]) => crossEntropy([logits], [tf.tensor4d(labels, [2, 1, 1, 2])]).dataSync()[0];
  near(at([0, 0, 1, 0]), -Math.log(3 / 4));
  near(at([1, 1, 0, 0]), -Math.log(1 / 4));
});
