import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { disposeBatch, imageTensor, maskTensors, TwoStreamSampler } from '../../src/core/train/batch.ts';
import type { PatchSource, Sides } from '../../src/core/train/patches.ts';

const SIZE: Sides = [12, 11, 10];
const PATCH: Sides = [3, 2, 2];

/** A source that notes the place of every crop, for labelled and unlabelled lists alike. */
function noting(name: string, places: string[]): PatchSource {
  const [image, mask] = [new Float32Array(12 * 11 * 10), new Uint8Array(12 * 11 * 10)];
  return {
    name,
    size: SIZE,
    readImage(start, box) {
      places.push(`${name} ${start.join(',')}`);
      return boxOf(image, SIZE, start, box);
    },
    readMask: (start, box) => boxOf(mask, SIZE, start, box),
  };
}

/** The places of `steps` batches, labelled and unlabelled. */
async function drawn({
  steps = 4,
  labelledPerStep = 2,
  unlabelledPerStep = 2,
  seed = 5,
  augmentation = 'none' as const,
} = {}) {
  const [labelled, unlabelled] = [[] as string[], [] as string[]];
  const sources = (places: string[]) => ['a', 'b', 'c'].map((name) => noting(name, places));
  const options = {
    patch: PATCH,
    classes: 2,
    labelledPerStep,
    unlabelledPerStep,
    seed,
    augmentation,
    intensity: 'off' as const,
  };
  const sampler = new TwoStreamSampler(sources(labelled), sources(unlabelled), options);
  for (let step = 0; step < steps; step++) disposeBatch(await sampler.next());
  return { labelled, unlabelled };
}

test('the two streams are independent: equal lists are not cropped at equal places', async () => {
  const { labelled, unlabelled } = await drawn();
  assert.equal(labelled.length, 4 * 2);
  assert.equal(unlabelled.length, 4 * 2);
  const same = labelled.filter((place, n) => place === unlabelled[n]).length;
  assert.ok(same <= 1, `${same} of 8 places are the same`);
});

test('the labelled patches stay the same however many unlabelled ones are drawn, and the reverse', async () => {
  assert.deepEqual((await drawn({ unlabelledPerStep: 5 })).labelled, (await drawn()).labelled);
  assert.deepEqual((await drawn({ labelledPerStep: 5 })).unlabelled, (await drawn()).unlabelled);
  assert.notDeepEqual((await drawn({ seed: 6 })).labelled, (await drawn()).labelled);
});

test('without unlabelled cases a batch has no unlabelled patches, and every tensor of a batch is freed', async () => {
  const before = tf.memory().numTensors;
  const options = { patch: PATCH, classes: 2, labelledPerStep: 1, unlabelledPerStep: 3, seed: 1 };
  const sampler = new TwoStreamSampler([noting('a', [])], [], { ...options, augmentation: 'none', intensity: 'off' });
  const batch = await sampler.next();
  assert.deepEqual([batch.labelled.images.length, batch.unlabelled.images.length], [1, 0]);
  disposeBatch(batch);
  assert.equal(tf.memory().numTensors, before);
});

test('voxels lie x fastest in a patch and last in its tensor', () => {
  const image = imageTensor(
    Float32Array.from({ length: 12 }, (_, i) => i),
    PATCH,
  );
  assert.deepEqual(image.shape, [1, 2, 2, 3, 1]);
  assert.equal(image.arraySync()[0][1][0][2][0], 2 + 3 * (0 + 2 * 1), 'x 2, y 0, z 1');
  image.dispose();
});

test('a mask becomes one map a class, 1 where the class is, and counts of each', () => {
  const { oneHot, voxels } = maskTensors([Uint8Array.of(0, 2, 2, 1), Uint8Array.of(2, 2, 2, 2)], [4, 1, 1], 3);
  assert.deepEqual(voxels, [
    [1, 1, 2],
    [0, 0, 4],
  ]);
  assert.deepEqual([...oneHot[0].dataSync()], [1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0]);
  assert.deepEqual(oneHot[1].shape, [3, 1, 1, 4]);
  tf.dispose(oneHot);
});
