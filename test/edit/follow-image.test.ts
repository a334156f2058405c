import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawnSlices } from '../../src/core/between/drawn-slices.ts';
import { followImage } from '../../src/core/between/follow-image.ts';
import { brightness } from '../../src/core/between/intensities.ts';
import { walk } from '../../src/core/between/random-walk.ts';
import { withoutFill } from '../../src/core/between/refill.ts';
import { interpolateSlices } from '../../src/core/edit/interpolate.ts';
import { dice } from '../../src/core/metrics/dice.ts';
import { countOverlap } from '../../src/core/metrics/overlap.ts';
import { type LabelMap, NOT_DRAWN } from '../../src/core/volume.ts';
import { change, drawn, emptyMask, randomFrom, scanOf } from './helpers.ts';

const SIZE = [40, 40, 17] as const;
/** A bright body that is twice as wide between slices 0 and 16 as on them. */
const radius = (k: number) => 6 + 6 * Math.sin((Math.PI * k) / 16);
const within = (i: number, j: number, k: number) => Math.hypot(i - 20, j - 20) <= radius(k);
const random = randomFrom(3);
const scan = scanOf(SIZE, (i, j, k) => (within(i, j, k) ? 300 : 100) + Math.round(60 * (random() - 0.5)));
const body: LabelMap = emptyMask(SIZE);
scanOf(SIZE, (i, j, k) => Number(within(i, j, k))).data.forEach((value, v) => {
  body.data[v] = value;
});
const onSlices = (slices: readonly number[]): LabelMap => ({
  ...body,
  data: body.data.map((value, v) => (slices.includes(Math.floor(v / 1600)) ? value : 0)),
});
const score = (mask: LabelMap) => dice(countOverlap(mask, body, 1));

test('between drawn slices the outline follows the image where shape alone cannot know it', () => {
  const mask = onSlices([0, 8, 16]);
  const shape = { ...mask, data: mask.data.slice() };
  change(shape, (recorder) => interpolateSlices(recorder, 1, 2));
  const found = followImage(scan, mask, 1, 2);
  assert.ok(found);
  const followed = { ...mask, data: mask.data.map((value, v) => value || found.inside[v]) };
  assert.ok(score(followed) > 97 && score(followed) > score(shape) + 2, `${score(followed)}, shape ${score(shape)}`);
  assert.deepEqual(
    [0, 8, 16].map((k) => found.undecided[k]),
    [0, 0, 0],
    'drawn slices are certain',
  );
  const worst = found.undecided.indexOf(Math.max(...found.undecided));
  assert.ok([3, 4, 5, 11, 12, 13].includes(worst), `least sure far from drawn slices, got ${worst}`);
});

test('other labels stay, what nobody drew is filled, and one drawn slice is not enough', () => {
  const mask = onSlices([0, 8, 16]);
  const other = 20 + 40 * (20 + 40 * 4);
  const open = other + 1;
  mask.data[other] = 2;
  mask.data[open] = NOT_DRAWN;
  const found = followImage(scan, mask, 1, 2);
  assert.deepEqual([found?.inside[other], found?.inside[open]], [0, 1]);
  assert.equal(followImage(scan, onSlices([8]), 1, 2), null);
});

test('slices drawn in two planes are told from the lines by which they cross', () => {
  const mask = onSlices([2, 14]);
  for (let v = 0; v < mask.data.length; v++) if (v % 40 === 20) mask.data[v] = body.data[v];
  assert.deepEqual(drawnSlices(mask, 1, 2), [[20], [], [2, 14]]);
  assert.deepEqual(drawnSlices(onSlices([2, 14]), 1, 2), [[], [], [2, 14]]);
  const found = followImage(scan, mask, 1, 2);
  assert.equal(found?.inside[20 + 40 * (20 + 40 * 8)], 0, 'drawn in the other plane already');
  assert.equal(found?.inside[23 + 40 * (20 + 40 * 8)], 1);
});

test('a walk between two known ends is a straight line where nothing else is known, and stays with what is believed', () => {
  const line = (strength: number) => {
    const x = Float32Array.from([0, 0.5, 0.5, 0.5, 1]);
    const ones = new Float32Array(5).fill(1);
    const known = Uint8Array.from([1, 0, 0, 0, 1]);
    const prior = new Float32Array(5).fill(0.9);
    const size = [5, 1, 1] as const;
    walk(x, { size, weights: [ones, ones, ones], known, prior, strength: ones.map(() => strength) }, 200);
    return [...x];
  };
  for (const [n, value] of line(0).entries()) assert.ok(Math.abs(value - n / 4) < 1e-5);
  for (const value of line(1e6).slice(1, 4)) assert.ok(Math.abs(value - 0.9) < 1e-4);
});

test('brightness says which side a value is more often on, within its bounds', () => {
  const data = Array.from({ length: 200 }, (_, v) => (v < 100 ? 10 : 200));
  const evidence = brightness(data, [...data.keys()], (v) => v < 100, 2);
  assert.deepEqual([evidence(0), evidence(150)], [2, -2]);
  assert.equal(brightness([5, 5], [0, 1], () => true, 2)(0), 0, 'a flat image says nothing');
});

test('what was filled on untouched slices is no drawing when it is filled again; a slice that was changed is one', () => {
  const ROW = ['1.', '..'];
  const mask = drawn([ROW, ROW, ROW, ROW]);
  const inside = new Uint8Array(16);
  inside[4] = inside[8] = 1;
  const fill = { label: 1, normal: 2, inside, after: mask.data.slice() } as const;
  mask.data[9] = 1;
  const before = withoutFill(mask, fill, 1);
  assert.deepEqual(
    [0, 4, 8, 9, 12].map((v) => before.data[v]),
    [1, 0, 1, 1, 1],
  );
  assert.deepEqual(withoutFill(mask, fill, 2).data, mask.data, "another label's fill is not asked about");
});
