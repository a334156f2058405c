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
