import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sliceView } from '../../src/core/slice-view.ts';
import { type Direction, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { percentiles } from '../../src/project/services/drawing/stored-volume.ts';
import { flaggedSlices, robustDistance } from '../../src/project/services/review/queue.ts';
import { spreadOut, suggestedCount } from '../../src/project/services/review/suggest.ts';

test('flagged slices are the peaks of the uncertainty, most uncertain first and apart from each other', () => {
  const entropy = [0, 0.1, 0.9, 0.8, 0.1, 0, 0.7, 0.1, 0];
  // 3 lies beside 2; 1, 4 and 7 are below 0.6 of the highest.
  assert.deepEqual(flaggedSlices(entropy), [2, 6]);
});

test('flagged slices lie three or more apart, have 0.6 of the highest entropy, and are eight at most', () => {
  const at = (length: number, peaks: Record<number, number>) =>
    flaggedSlices(Array.from({ length }, (_, k) => peaks[k] ?? 0));
  assert.deepEqual(at(9, { 1: 1, 3: 0.9, 4: 0.8 }), [1, 4], '3 is 2 from 1; 4 is 3 from it');
  assert.deepEqual(at(9, { 1: 1, 4: 0.6, 8: 0.59 }), [1, 4]);
  assert.deepEqual(
    at(60, Object.fromEntries(Array.from({ length: 20 }, (_, n) => [3 * n, 1 - n / 100]))),
    [0, 3, 6, 9, 12, 15, 18, 21],
  );
});

test('the distance is in robust deviations: 1.4826 times the median deviation, never below 5 % of the middle', () => {
  const close = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}`);
  // Middle 100; deviations 20, 10, 0, 10, 20: their median is 10.
  close(robustDistance(130, [80, 90, 100, 110, 120]), 30 / (1.4826 * 10));
  close(robustDistance(70, [80, 90, 100, 110, 120]), 30 / (1.4826 * 10));
  close(robustDistance(130, [80, 90, 110, 120]), 30 / (1.4826 * 15));
  close(robustDistance(110, [100, 100, 100]), 10 / (0.05 * 100));
  assert.equal(robustDistance(500, [100, 100]), 0, 'two masks show no rule');
});

test('a case without any uncertainty flags nothing', () => {
  assert.deepEqual(flaggedSlices([0, 0, 0]), []);
  assert.deepEqual(flaggedSlices([]), []);
});

test('a volume far from all others stands out, one among them does not', () => {
  const others = [100, 104, 97, 101, 99];
  assert.ok(robustDistance(30, others) > 4);
  assert.ok(robustDistance(102, others) < 1);
});

test('the suggestion starts at the typical scan and spreads from there', () => {
  const points = [[0], [0.1], [10], [-10], [9.9]];
  assert.deepEqual(
    spreadOut(points, [], 3).map(({ at }) => at),
    [0, 2, 3],
  );
});

test('scans near labelled ones are not suggested', () => {
  const points = [[0], [0.1], [10], [-10]];
  assert.deepEqual(
    spreadOut(points, [0, 2], 1).map(({ at }) => at),
    [3],
  );
});

test('a tenth is suggested, less what is labelled already', () => {
  assert.deepEqual(
    [suggestedCount(120, 0), suggestedCount(120, 8), suggestedCount(120, 12), suggestedCount(4, 0)],
    [12, 4, 0, 1],
  );
});

const view = (direction: Direction) =>
  sliceView({ size: [3, 2, 5], spacing: spacingMm(1, 1, 1), origin: lpsPoint(0, 0, 0), direction });

test('a thumbnail shows the patient radiologically, whatever the voxel order', () => {
  // Axial, i to the left, j to the back: as it is.
  assert.equal(view([1, 0, 0, 0, 1, 0, 0, 0, 1]).index(0, 0), 0);
  // i to the right: mirrored, so that the patient's right is on the left.
  assert.equal(view([-1, 0, 0, 0, 1, 0, 0, 0, 1]).index(0, 0), 2);
  // Sagittal, i to the feet, j to the back: turned, front on the left, head on top.
  const sagittal = view([0, 0, 1, 0, 1, 0, -1, 0, 0]);
  assert.deepEqual([sagittal.width, sagittal.height], [2, 3]);
  assert.deepEqual([sagittal.index(0, 0), sagittal.index(1, 0), sagittal.index(0, 1)], [0, 3, 1]);
  // Coronal, j to the head: upside down in memory, head on top in the picture.
  assert.equal(view([1, 0, 0, 0, 0, 1, 0, 1, 0]).index(0, 0), 3);
});

test('percentiles of a ramp are where they should be, within a bin', () => {
  const ramp = Float32Array.from({ length: 10_001 }, (_, n) => n);
  const [low, middle, high] = percentiles(ramp, [0.01, 0.5, 0.99]);
  for (const [value, expected] of [
    [low, 100],
    [middle, 5000],
    [high, 9900],
  ])
    assert.ok(Math.abs(value - expected) < 2 * (10_000 / 4096));
  assert.deepEqual(percentiles(new Uint8Array(5), [0.1]), [0]);
});
