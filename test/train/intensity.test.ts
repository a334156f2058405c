import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../src/core/methods/method.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { Random } from '../../src/core/random.ts';
import { TwoStreamSampler } from '../../src/core/train/batch.ts';
import { varyIntensities } from '../../src/core/train/intensity.ts';
import {
  brightness,
  contrast,
  gamma,
  gaussianBlur,
  gaussianNoise,
  lowResolution,
} from '../../src/core/train/intensity-changes.ts';
import type { PatchSource, Sides } from '../../src/core/train/patches.ts';

const mean = (v: ArrayLike<number>) => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
const deviation = (v: ArrayLike<number>) => {
  const middle = mean(v);
  return Math.sqrt(Array.from(v).reduce((sum, x) => sum + (x - middle) ** 2, 0) / (v.length - 1));
};
const close = (actual: ArrayLike<number>, expected: number[], tolerance = 1e-6) => {
  assert.equal(actual.length, expected.length);
  for (const [i, e] of expected.entries())
    assert.ok(Math.abs(actual[i] - e) <= tolerance, `${i}: ${actual[i]}, not ${e}`);
};

test('brightness multiplies; contrast spreads about the mean and keeps the range', () => {
  close(brightness(Float32Array.of(-1, 0, 2), 1.25), [-1.25, 0, 2.5]);
  // Mean 2: 2 + 0.5 * (v - 2), and 2 + 1.5 * (v - 2) kept in 0..5.
  close(contrast(Float32Array.of(0, 1, 5), 0.5), [1, 1.5, 3.5]);
  close(contrast(Float32Array.of(0, 1, 5), 1.5), [0, 0.5, 5]);
});

test('gamma bends the range from its dark end, inverted from its bright end, and keeps mean and deviation', () => {
  const image = Float32Array.of(-1, 0, 1, 3);
  const bent = [0, 1, 2, 4].map((v) => 4 * (v / 4) ** 2);
  const scale = deviation(image) / deviation(bent);
  close(
    gamma(image, 2),
    bent.map((v) => (v - mean(bent)) * scale + mean(image)),
  );
  const mirrored = image.map((v) => -v);
  close(
    gamma(image, 2, true),
    Array.from(gamma(mirrored, 2), (v) => -v),
  );
  for (const inverted of [false, true]) {
    const changed = gamma(image, 0.7, inverted);
    assert.ok(Math.abs(mean(changed) - mean(image)) < 1e-6);
    assert.ok(Math.abs(deviation(changed) - deviation(image)) < 1e-6);
  }
  close(gamma(Float32Array.of(2, 2), 1.5), [2, 2]);
});

test('noise has the deviation asked for, no mean, and no memory of its neighbour', () => {
  const noise = gaussianNoise(new Float32Array(40_001), 0.1, new Random(1));
  assert.ok(Math.abs(mean(noise)) < (4 * 0.1) / 200);
  assert.ok(Math.abs(deviation(noise) - 0.1) < 0.002);
  const products = noise.slice(1).map((v, i) => v * noise[i]);
  assert.ok(Math.abs(mean(products)) < (4 * 0.01) / 200);
});

test('blur of a point is the Gaussian on each axis, and a constant stays', () => {
  const point = new Float32Array(9 * 7);
  point[4 + 9 * 3] = 1;
  const blurred = gaussianBlur(point, [9, 7, 1], [0.5, 1, 1]);
  const kernel = (sigma: number, reach: number) => {
    const w = Array.from({ length: 2 * reach + 1 }, (_, n) => Math.exp(-((n - reach) ** 2) / (2 * sigma ** 2)));
    return w.map((v) => v / w.reduce((a, b) => a + b));
  };
  const [x, y] = [[0, 0, ...kernel(0.5, 2), 0, 0], kernel(1, 3)];
  close(
    blurred,
    y.flatMap((b) => x.map((a) => a * b)),
  );
  close(gaussianBlur(new Float32Array(60).fill(3), [5, 4, 3], [1, 0.7, 0.5]), new Array(60).fill(3));
});

test('half resolution keeps every second voxel and joins them linearly; scale 1 changes nothing', () => {
  // Coarse voxels stand at 0.5, 2.5, 4.5 and hold the voxels 1, 3, 5: between them a straight line, flat outside.
  const line = Float32Array.of(0, 10, 0, 30, 0, 50);
  close(lowResolution(line, [6, 1, 1], [0.5, 1, 1]), [10, 15, 25, 35, 45, 50]);
  const image = Float32Array.from({ length: 24 }, (_, i) => i * i);
  close(lowResolution(image, [4, 3, 2], [1, 1, 1]), [...image]);
  // Along the second axis as along the first.
  const turned = new Float32Array(12);
  line.forEach((v, j) => void turned.fill(v, 2 * j, 2 * j + 2));
  close(
    lowResolution(turned, [2, 6, 1], [1, 0.5, 1]),
    [10, 15, 25, 35, 45, 50].flatMap((v) => [v, v]),
  );
});

const SIDES: Sides = [8, 8, 4];
const patch = (seed: number) => {
  const random = new Random(seed);
  return Float32Array.from({ length: 256 }, () => random.normal());
};

test('the same seed varies alike, another does not, and the patch itself stays as it was', () => {
  const image = patch(1);
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => varyIntensities([image], SIDES, null, random)[0]);
  };
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
  assert.deepEqual(image, patch(1));
});

test('as many patches stay unchanged as the probabilities say', () => {
  const image = patch(1);
  const random = new Random(5);
  const draws = 4000;
  let same = 0;
  for (let n = 0; n < draws; n++) same += Number(varyIntensities([image], SIDES, null, random)[0] === image);
  const expected = 0.9 * (1 - 0.2 / 2) * 0.85 * 0.85 * (1 - 0.25 / 2) * 0.9 * 0.7;
  const bound = 4 * Math.sqrt((expected * (1 - expected)) / draws);
  assert.ok(Math.abs(same / draws - expected) < bound, `${same / draws}, not ${expected} +- ${bound}`);
});

test('two channels are noisy together, and blurred each by its own draw', () => {
  const channels = [patch(1), patch(2)];
  const random = new Random(6);
  const changed = Array.from({ length: 200 }, () => varyIntensities(channels, SIDES, null, random));
  const alone = changed.filter(([a, b]) => (a === channels[0]) !== (b === channels[1])).length;
  assert.ok(alone > 0 && alone < 100);
  assert.ok(changed.some(([a, b]) => a === channels[0] && b === channels[1]));
});

/** A scan of noise without and with a mask. */
function source(name: string, labelled: boolean): PatchSource {
  const size: Sides = [12, 12, 8];
  const random = new Random(name.length);
  const image = Float32Array.from({ length: 12 * 12 * 8 }, () => random.normal());
  const mask = Uint8Array.from(image, (v) => Number(v > 1));
  return {
    name,
    size,
    readImage: (start, box) => boxOf(image, size, start, box),
    ...(labelled && { readMask: (start: Sides, box: Sides) => boxOf(mask, size, start, box) }),
  };
}
const sampler = (intensity: 'off' | 'on') =>
  new TwoStreamSampler([source('a', true)], [source('bb', false)], {
    patch: [8, 8, 8],
    classes: 2,
    labelledPerStep: 2,
    unlabelledPerStep: 2,
    seed: 1,
    augmentation: 'warp',
    intensity,
  });
const voxels = ({ labelled, unlabelled }: Batch) => ({
  images: [...labelled.images, ...unlabelled.images].map((t) => [...t.dataSync()]),
  masks: labelled.oneHot.map((t) => [...t.dataSync()]),
});

test('varied intensities change images alone: the same crops with the same masks are drawn', async () => {
  const [off, on] = [sampler('off'), sampler('on')];
  let changed = 0;
  for (let n = 0; n < 5; n++) {
    const [plain, varied] = [voxels(await off.next()), voxels(await on.next())];
    assert.deepEqual(varied.masks, plain.masks);
    changed += varied.images.filter((image, i) => image.some((v, at) => v !== plain.images[i][at])).length;
  }
  assert.ok(changed > 5 && changed < 20, `${changed} of 20 changed`);
});

test('a sampler goes on from its state with the very same patches; a state of earlier versions is understood', async () => {
  const whole = sampler('on');
  const first = sampler('on');
  for (let n = 0; n < 3; n++) assert.deepEqual(voxels(await whole.next()), voxels(await first.next()));
  const second = sampler('on');
  second.state = JSON.parse(JSON.stringify(first.state));
  for (let n = 0; n < 5; n++) assert.deepEqual(voxels(await second.next()), voxels(await whole.next()));
  const { labelled, unlabelled } = first.state;
  const old = sampler('off');
  old.state = {
    labelled: { order: labelled.order, random: labelled.random },
    unlabelled: { order: unlabelled.order, random: unlabelled.random },
  };
  assert.equal(voxels(await old.next()).images.length, 4);
});
