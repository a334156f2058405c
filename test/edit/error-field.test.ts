import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorField } from '../../src/core/click/error-field.ts';
import { ClickSession, type Preview, type Seed } from '../../src/core/click/index.ts';
import { fadeOf, labelRadius, type Region } from '../../src/core/click/region.ts';
import { spacingMm, type Volume } from '../../src/core/volume.ts';
import { emptyMask, scanOf } from './helpers.ts';

const SIZE = [40, 32, 24] as const;
const at = (i: number, j: number, k: number) => i + SIZE[0] * (j + SIZE[1] * k);
const region: Region = { box: { low: [0, 0, 0], high: SIZE }, step: [1, 1, 1], size: SIZE, spacing: [1, 1.5, 2] };
const everywhere = SIZE.map((n) => new Float32Array(n).fill(1));

test('the mean of the error is that of the Gaussian process worked out by hand', () => {
  const z = Float32Array.from({ length: SIZE[0] * SIZE[1] * SIZE[2] }, (_, v) => Math.sin(v));
  const [a, b, x] = [at(10, 10, 10), at(14, 11, 10), at(12, 13, 12)];
  const mm = (v: number) => [v % 40, 1.5 * (Math.floor(v / 40) % 32), 2 * Math.floor(v / 1280)];
  const k = (v: number, w: number) => {
    const squared = mm(v).reduce((sum, c, axis) => sum + (c - mm(w)[axis]) ** 2, 0);
    return 2.04 ** 2 * Math.exp(-squared / (2 * 3.6 ** 2));
  };
  const [own, cross, said] = [k(a, a) + 0.8 ** 2, k(a, b), [1.5 - z[a], -0.7 - z[b]]];
  const determinant = own * own - cross * cross;
  const weights = [(own * said[0] - cross * said[1]) / determinant, (own * said[1] - cross * said[0]) / determinant];
  const seen = [
    { node: a, logOdds: 1.5 },
    { node: b, logOdds: -0.7 },
  ];
  const mean = new ErrorField(region, 10, everywhere).mean(seen, z);
  for (const v of [a, b, x, at(39, 31, 23)]) {
    const wanted = weights[0] * k(v, a) + weights[1] * k(v, b);
    assert.ok(Math.abs(mean[v] - wanted) < 5e-3, `${mean[v]} for ${wanted}`);
  }
  assert.ok(new ErrorField(region, 10, everywhere).mean([], z).every((e) => e === 0));
});

test('what a click says of other places fades towards faces of the box that are not the scan’s', () => {
  const grid = emptyMask([60, 32, 24]);
  const [i, j] = fadeOf(grid, { ...region, box: { low: [10, 0, 0], high: [50, 32, 24] } }, 10);
  assert.deepEqual([i[0], i[5], i[20], i[39]], [0, 0.5, 1, 0]);
  assert.ok(j.every((share) => share === 1));
});

const ball = (i: number, j: number, k: number) => Math.hypot(i - 20, j - 16, k - 12);
const scan = scanOf(SIZE, (i, j, k) => (ball(i, j, k) <= 9 ? 200 : 60) + ((7 * i + 5 * j + 3 * k) % 11)) as Volume;
const point = (inside: boolean, ...place: [number, number, number]): Seed => ({ inside, voxels: [at(...place)] });
function count({ inside }: Preview): number {
  return inside.reduce((sum, value) => sum + value, 0);
}

test('one click on a shell that is missing brings the shell around it too, and nothing that is surely outside', () => {
  const belief = Int8Array.from(
    scanOf(SIZE, (i, j, k) => (ball(i, j, k) <= 8 ? 30 : ball(i, j, k) <= 9 ? -1 : -40)).data,
  );
  const { inside } = new ClickSession(scan).preview([point(true, 29, 16, 12)], belief);
  for (const place of [at(28, 20, 12), at(28, 12, 12), at(28, 16, 16)]) assert.equal(inside[place], 1);
  assert.equal(inside[at(11, 16, 12)], 0, 'the far side stays');
  for (let v = 0; v < inside.length; v++) if (belief[v] === 30) assert.equal(inside[v], 1, 'what was sure stays');
  const outside = [...inside].filter((value, v) => value && belief[v] === -40).length;
  assert.ok(outside < 20, `${outside} voxels outside`);
});

test('clicks that disagree share what lies between them', () => {
  const belief = Int8Array.from(
    scanOf(SIZE, (i, j, k) => (ball(i, j, k) <= 8 ? 30 : ball(i, j, k) <= 9 ? -1 : -40)).data,
  );
  const session = new ClickSession(scan);
  const one = session.preview([point(true, 29, 16, 12)], belief);
  const two = session.preview([point(true, 29, 16, 12), point(false, 28, 20, 12)], belief);
  assert.deepEqual([two.inside[at(29, 16, 12)], two.inside[at(28, 20, 12)]], [1, 0]);
  assert.ok(count(two) < count(one) - 1, `${count(two)} of ${count(one)}`);
  assert.deepEqual(session.preview([point(true, 29, 16, 12)], belief).inside, one.inside, 'the second taken back');
});

test('a mask drawn by hand, of which nothing is unsure, changes beside the click alone', () => {
  const belief = Int8Array.from(scanOf(SIZE, (i, j, k) => (ball(i, j, k) <= 8 ? 20 : -20)).data);
  const { inside } = new ClickSession(scan).preview([point(true, 29, 16, 12)], belief);
  for (let v = 0; v < inside.length; v++) {
    const far = Math.hypot((v % 40) - 29, (Math.floor(v / 40) % 32) - 16, Math.floor(v / 1280) - 12);
    if (far > 9) assert.equal(inside[v], belief[v] > 0 ? 1 : 0);
  }
});

test('"this" far from the label begins a small part: the way to the label says nothing of its size', () => {
  const far = (i: number, j: number, k: number) => Math.hypot(i - 6, j - 16, k - 12);
  const belief = Int8Array.from(scanOf(SIZE, (i, j, k) => (far(i, j, k) <= 4 ? 40 : -10)).data);
  const before = belief.reduce((sum, b) => sum + (b > 0 ? 1 : 0), 0);
  const preview = new ClickSession(scan).preview([point(true, 34, 16, 12)], belief);
  assert.equal(preview.inside[at(34, 16, 12)], 1);
  assert.ok(count(preview) < 3 * before, `${count(preview)} voxels from ${before}`);
});

test('the radius of a label is that of a ball of its volume, and never less than four voxels', () => {
  const belief = Int8Array.from(scanOf(SIZE, (i, j, k) => (ball(i, j, k) <= 9 ? 30 : -30)).data);
  assert.ok(Math.abs(labelRadius(belief, { spacing: spacingMm(1, 1, 1) }) - 9) < 0.3);
  assert.equal(labelRadius(new Int8Array(belief.length), { spacing: spacingMm(1, 1, 1) }), 4);
});
