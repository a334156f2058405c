/** Dropout masks and noise: hashes of a key and a count, and what they are distributed as. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { clippedNormal, type HashKey, hashed, keyFrom } from '../../src/core/hashed.ts';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { Random } from '../../src/core/random.ts';
import { addNoise, dropoutMask, dropoutMasks, withNoise } from '../../src/core/train/randomness.ts';

await tf.setBackend('cpu');

const COUNT = 1 << 16;
const KEY = keyFrom(new Random(3));
/** Keys that differ from KEY in one bit, of either word. */
const NEIGHBOURS: HashKey[] = [
  [KEY[0] ^ 1, KEY[1]],
  [KEY[0], KEY[1] ^ 1],
  [KEY[0] ^ (1 << 31), KEY[1]],
  [KEY[0], KEY[1] ^ (1 << 31)],
];
const KEYS: HashKey[] = [KEY, [0, 0], [0, 1], [1, 0], ...NEIGHBOURS];

const uniforms = (key: HashKey) => Float64Array.from({ length: COUNT }, (_, n) => (hashed(n, key) >>> 0) / 2 ** 32);
/** Correlation of values of a uniform's mean and variance. */
const correlation = (a: Float64Array, b: Float64Array): number =>
  (12 * b.reduce((sum, v, n) => sum + (a[n] - 0.5) * (v - 0.5), 0)) / b.length;
/** Of independent values: standard deviation 1 / sqrt(65536). */
const FIVE_DEVIATIONS = 5 / Math.sqrt(COUNT);

test('hashes are uniform: mean, variance and 16 bins of their upper and of their lower bits', () => {
  for (const key of KEYS) {
    const values = uniforms(key);
    const mean = values.reduce((sum, v) => sum + v, 0) / COUNT;
    const variance = values.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / COUNT;
    assert.ok(Math.abs(mean - 0.5) < FIVE_DEVIATIONS * Math.sqrt(1 / 12), `mean ${mean}`);
    assert.ok(Math.abs(variance - 1 / 12) < FIVE_DEVIATIONS * Math.sqrt(1 / 180), `variance ${variance}`);
    for (const shift of [28, 16, 12, 0]) {
      const bins = new Array<number>(16).fill(0);
      for (let n = 0; n < COUNT; n++) bins[(hashed(n, key) >>> shift) & 15]++;
      const chiSquare = bins.reduce((sum, found) => sum + (found - COUNT / 16) ** 2 / (COUNT / 16), 0);
      // 15 degrees of freedom: 1 in 10,000 lies above 44.3, and 1 in 10,000 below 2.1.
      assert.ok(chiSquare > 2.1 && chiSquare < 44.3, `chi-square ${chiSquare} of bits from ${shift} on, key ${key}`);
    }
  }
});

test('hashes do not go with their neighbours in a map, along any axis, nor with those of a neighbouring key', () => {
  const values = uniforms(KEY);
  for (const step of [1, 2, 3, 4, 8, 16, 64, 256, 4096]) {
    const found = correlation(values, values.subarray(step));
    assert.ok(Math.abs(found) < FIVE_DEVIATIONS * Math.sqrt(COUNT / (COUNT - step)), `${found} at ${step}`);
  }
  for (const key of NEIGHBOURS) {
    const found = correlation(values, uniforms(key));
    assert.ok(Math.abs(found) < FIVE_DEVIATIONS, `${found} with key ${key}`);
  }
});

test('one bit of the count or of the key turns half of the bits of a hash', () => {
  const bitsOf = (word: number) => {
    let count = 0;
    for (let rest = word >>> 0; rest > 0; rest &= rest - 1, rest >>>= 0) count++;
    return count;
  };
  const tries = 2000;
  for (let bit = 0; bit < 32; bit++) {
    const turned = [0, 0, 0];
    for (let n = 0; n < tries; n++) {
      const word = hashed(n, KEY);
      turned[0] += bitsOf(word ^ hashed(n ^ (1 << bit), KEY));
      turned[1] += bitsOf(word ^ hashed(n, [KEY[0] ^ (1 << bit), KEY[1]]));
      turned[2] += bitsOf(word ^ hashed(n, [KEY[0], KEY[1] ^ (1 << bit)]));
    }
    for (const [what, sum] of turned.entries()) assert.ok(Math.abs(sum / tries - 16) < 0.5, `${bit} ${what} ${sum}`);
  }
});

test('dropout keeps 1 - p of the values, each as 1 / (1 - p), whatever the parity of their number', () => {
  for (const p of [0, 0.2, 0.5, 0.9]) {
    const values = dropoutMask([1, 1, 1, 1, 100_001], p, [KEY]).dataSync();
    const kept = values.filter((v) => v !== 0);
    assert.equal(values.length, 100_001);
    assert.ok(
      kept.every((v) => v === Math.fround(1 / (1 - p))),
      `${kept[0]}`,
    );
    assert.ok(Math.abs(kept.length / values.length - (1 - p)) < 0.01, `${kept.length}`);
    const halves = [0, 1].map((odd) => values.filter((v, n) => n % 2 === odd && v !== 0).length / 50_000);
    assert.ok(
      halves.every((share) => Math.abs(share - (1 - p)) < 0.01),
      'both halves of each 32 bits',
    );
  }
});

test('masks of several images are those that images one by one draw, odd sizes too', async () => {
  const shapes = [
    [1, 1, 3, 1, 3],
    [1, 2, 2, 2, 2],
  ];
  const [one, several, byKeys] = [new Random(7), new Random(7), new Random(7)];
  const apart = [0, 1, 2].map(() => shapes.map((shape) => dropoutMasks([shape], 1, 0.4, one, {})[0]));
  const together = dropoutMasks(shapes, 3, 0.4, several, {});
  for (const [n, mask] of together.entries())
    assert.deepEqual(await mask.array(), await tf.concat(apart.map((masks) => masks[n])).array());
  assert.deepEqual(several.state, one.state);
  for (let n = 0; n < 2 * 3 * shapes.length; n++) byKeys.uint32();
  assert.deepEqual(byKeys.state, one.state, 'two words a mask, whatever its size');
});

test('noise is a tenth of a standard normal, cut at two of its deviations', () => {
  const noise = Float64Array.from({ length: 100_000 }, (_, n) => clippedNormal(n, KEY));
  const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
  assert.ok(Math.abs(mean) < 0.002);
  assert.equal(Math.max(...noise.slice(0, 50_000)), 0.2);
  assert.equal(Math.min(...noise.slice(0, 50_000)), -0.2);
  // Of a normal lie within half a deviation, one, one and a half, and two: what is beyond is cut.
  for (const [bound, expected] of [
    [0.05, 0.38292],
    [0.1, 0.68269],
    [0.15, 0.86639],
    [0.1999999, 0.9545],
  ]) {
    const share = noise.filter((v) => Math.abs(v) < bound).length / noise.length;
    assert.ok(Math.abs(share - expected) < 0.007, `${share} within ${bound}`);
  }
});

test('the distribution of noise is that of the normal, to six decimals', () => {
  // Hash and value rise together: sorted by its hash, a value is the normal's at that share.
  const rank = (n: number) => (hashed(n, KEY) >>> 9) + 0.5;
  const shares: [number, number][] = [
    [0.025, -1.959964],
    [0.1, -1.281552],
    [0.25, -0.67449],
    [0.5, 0],
    [0.75, 0.67449],
    [0.9, 1.281552],
    [0.975, 1.959964],
  ];
  for (const [share, deviations] of shares) {
    let best = 0;
    const away = (n: number) => Math.abs(rank(n) / 2 ** 23 - share);
    for (let n = 1; n < 1 << 20; n++) if (away(n) < away(best)) best = n;
    const density = Math.exp(-(deviations ** 2) / 2) / Math.sqrt(2 * Math.PI);
    const expected = 0.1 * (deviations + (rank(best) / 2 ** 23 - share) / density);
    assert.ok(Math.abs(clippedNormal(best, KEY) - expected) < 2e-7, `${clippedNormal(best, KEY)}, not ${expected}`);
  }
});

test('each image gets noise of its own key, two words of the generator', () => {
  const image = tf.ones([1, 2, 3, 1, 3]) as FeatureMap;
  const [random, again] = [new Random(5), new Random(5)];
  const sums = [0, 1].map(() => withNoise(image, random, {}).dataSync());
  const expected = [0, 1].map(() => addNoise(image, keyFrom(again)).dataSync());
  assert.deepEqual(sums, expected);
  assert.notDeepEqual(sums[0], sums[1]);
  assert.ok(Math.abs(sums[0][17] - 1 - clippedNormal(17, keyFrom(new Random(5)))) < 1e-7);
});
