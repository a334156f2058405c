import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agreedOn,
  agreedPieces,
  countPieces,
  keepAgreed,
  keepPieces,
  seePieces,
} from '../../src/core/predict/pieces.ts';
import { type LabelMap, lpsPoint, spacingMm } from '../../src/core/volume.ts';

/** One row of voxels. */
const row = (...data: number[]): LabelMap => ({
  size: [data.length, 1, 1],
  spacing: spacingMm(1, 1, 1),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  data: Uint8Array.from(data),
});
const repeat = (value: number, times: number) => new Array<number>(times).fill(value);

test('pieces below a hundredth of the label do not count', () => {
  assert.equal(countPieces(row(1, 1, 0, 1, 0, 2), 1), 2);
  assert.equal(countPieces(row(...repeat(1, 150), 0, 1), 1), 1);
  assert.equal(countPieces(row(...repeat(1, 99), 0, 1), 1), 2);
  assert.equal(countPieces(row(0, 2), 1), 0);
});

test('masks agree on one or two pieces, or on nothing', () => {
  assert.equal(agreedPieces([1, 1, 1]), 1);
  assert.equal(agreedPieces([2, 0, 2]), 2);
  assert.equal(agreedPieces([1, 2]), null);
  assert.equal(agreedPieces([3, 3]), null);
  assert.equal(agreedPieces([1]), null);
  assert.equal(agreedPieces([0, 0, 1]), null);
  assert.equal(agreedPieces([]), null);
});

test('the largest pieces of one label stay, other labels are not touched', () => {
  const mask = row(1, 1, 1, 0, 1, 0, 1, 1, 2, 0, 2);
  keepPieces(mask, 1, 2);
  assert.deepEqual([...mask.data], [1, 1, 1, 0, 0, 0, 1, 1, 2, 0, 2]);
  keepPieces(mask, 1, 1);
  assert.deepEqual([...mask.data], [1, 1, 1, 0, 0, 0, 0, 0, 2, 0, 2]);
  keepPieces(mask, 2, 3);
  assert.deepEqual([...mask.data], [1, 1, 1, 0, 0, 0, 0, 0, 2, 0, 2]);
});

test('labels that hang together in every mask are one object, whatever pieces each has', () => {
  const seen = [row(0, 1, 2, 1, 3, 0, 0), row(0, 1, 1, 2, 3, 3, 0)].map((mask) => seePieces(mask, [1, 2, 3]));
  assert.deepEqual(seen[0], { together: 1, labels: [2, 1, 1] });
  const agreed = agreedOn(seen, 3);
  assert.deepEqual(agreed, { together: 1, labels: [null, 1, 1] });
  const mask = row(1, 1, 0, 0, 1, 2, 1, 3, 0, 3, 0);
  keepAgreed(mask, agreed);
  assert.deepEqual([...mask.data], [0, 0, 0, 0, 1, 2, 1, 3, 0, 0, 0], 'what lies apart is false');
});

test('what holds most of a label stays, wherever it lies: organs that touch elsewhere may be apart', () => {
  const mask = row(1, 1, 1, 1, 0, 2, 2, 0, 2, 0, 1, 0);
  keepAgreed(mask, { together: 1, labels: [null, null] });
  assert.deepEqual([...mask.data], [1, 1, 1, 1, 0, 2, 2, 0, 0, 0, 0, 0]);
});

test('the object is found before the pieces of its labels: the largest of a label may lie apart', () => {
  const mask = row(1, 1, 0, 1, 2, 2, 2, 1, 0);
  keepAgreed(mask, { together: 1, labels: [1, 1] });
  assert.deepEqual([...mask.data], [0, 0, 0, 1, 2, 2, 2, 0, 0]);
});

test('a mask of noise has more pieces than a call takes arguments', () => {
  const mask: LabelMap = { ...row(), size: [400_001, 1, 1], data: new Uint8Array(400_001) };
  for (let v = 0; v < mask.data.length; v += 2) mask.data[v] = 1 + ((v / 2) % 2);
  mask.data[1] = 1;
  keepAgreed(mask, { together: 1, labels: [1, 1] });
  assert.deepEqual([...mask.data.subarray(0, 6)], [1, 1, 2, 0, 0, 0]);
  assert.ok(!mask.data.subarray(3).some(Boolean));
});

test('masks that are drawn in part, and a single label, say nothing of all labels together', () => {
  assert.deepEqual(agreedOn([seePieces(row(1, 2, 255), [1, 2]), seePieces(row(1, 2, 0), [1, 2])], 2), {
    together: null,
    labels: [null, null],
  });
  assert.deepEqual(agreedOn([seePieces(row(1, 1), [1]), seePieces(row(1, 0), [1])], 1), {
    together: null,
    labels: [1],
  });
});
