import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Direction, type LabelMap, lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';
import { montage } from '../../src/project/report/montage.ts';
import { axialPicture, axialSlices, largestSlice, percentileWindow } from '../../src/project/report/slice-picture.ts';

const LPS: Direction = [1, 0, 0, 0, 1, 0, 0, 0, 1];

function volume(
  size: [number, number, number],
  direction: Direction,
  value: (i: number, j: number, k: number) => number,
  spacing = spacingMm(1, 1, 1),
): Volume<Int16Array> {
  const data = new Int16Array(size[0] * size[1] * size[2]);
  for (let k = 0, n = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) for (let i = 0; i < size[0]; i++, n++) data[n] = value(i, j, k);
  return { size, spacing, origin: lpsPoint(0, 0, 0), direction, data };
}
const asMask = (v: Volume<Int16Array>): LabelMap => ({ ...v, data: Uint8Array.from(v.data) });
const redOf = (picture: { pixels: ArrayLike<number>; width: number }, x: number, y: number) =>
  picture.pixels[3 * (x + picture.width * y)];

test('the same anatomy looks the same whichever way its voxels run', () => {
  // Bright = patient's left, front, top octant of an 8 x 8 x 4 mm block; stored LPS, and as RAS-ordered voxels with swapped axes.
  const lps = volume([8, 8, 4], LPS, (i, j, k) => (i >= 4 && j < 4 && k >= 2 ? 100 : 0));
  // i runs inferior, j runs right, k runs anterior.
  const other = volume([4, 8, 8], [0, -1, 0, 0, 0, -1, -1, 0, 0], (i, j, k) => (i < 2 && j < 4 && k >= 4 ? 100 : 0));
  assert.equal(axialSlices(other), 4);
  for (const slice of [0, 1, 2, 3]) {
    assert.deepEqual(axialPicture(other, slice, [0, 100], [], 16), axialPicture(lps, slice, [0, 100], [], 16));
  }
  const top = axialPicture(lps, 3, [0, 100], [], 8);
  assert.equal(redOf(top, 7, 0), 255, "the patient's left front is at the screen's upper right");
  assert.equal(redOf(top, 0, 0), 0);
  assert.equal(redOf(top, 7, 7), 0);
  assert.equal(redOf(axialPicture(lps, 0, [0, 100], [], 8), 7, 0), 0, 'slices count upwards');
});

test('a picture keeps true proportions', () => {
  const flat = volume([10, 20, 3], LPS, () => 0, spacingMm(2, 0.5, 1));
  const picture = axialPicture(flat, 0, [0, 1], [], 100);
  // 20 mm wide, 10 mm high.
  assert.deepEqual([picture.width, picture.height], [100, 50]);
});

test('a window maps black to 0, white to 255 and clips beyond', () => {
  const ramp = volume([5, 1, 1], LPS, (i) => [-500, -160, 40, 240, 900][i]);
  const picture = axialPicture(ramp, 0, [-160, 240], [], 5);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((x) => redOf(picture, x, 0)),
    [0, 0, 128, 255, 255],
  );
});

test('an outline colours the rim of the mask and leaves its middle to the image', () => {
  const scan = volume([20, 20, 1], LPS, () => 50);
  const mask = asMask(volume([20, 20, 1], LPS, (i, j) => (i >= 5 && i < 15 && j >= 5 && j < 15 ? 1 : 0)));
  const picture = axialPicture(scan, 0, [0, 100], [{ mask, colour: [255, 0, 0] }], 20);
  const at = (x: number, y: number) => [...picture.pixels.slice(3 * (x + 20 * y), 3 * (x + 20 * y) + 3)];
  assert.deepEqual(at(5, 10), [255, 0, 0]);
  assert.deepEqual(at(6, 10), [255, 0, 0], 'two pixels thick');
  assert.deepEqual(at(10, 10), [128, 128, 128]);
  assert.deepEqual(at(4, 10), [128, 128, 128]);
});

test('the largest slice is where the mask has most voxels, counted upwards', () => {
  const area = [1, 9, 4, 0];
  const value = (k: number) => (i: number, j: number) => (i + 3 * j < area[k] ? 1 : 0);
  const up = asMask(volume([3, 3, 4], LPS, (i, j, k) => value(k)(i, j)));
  const down = asMask(volume([3, 3, 4], [1, 0, 0, 0, 1, 0, 0, 0, -1], (i, j, k) => value(k)(i, j)));
  const empty = asMask(volume([3, 3, 4], LPS, () => 0));
  assert.deepEqual([largestSlice(up), largestSlice(down), largestSlice(empty)], [1, 2, 2]);
});

test('the percentile window ignores a few extreme voxels', () => {
  const scan = volume([100, 10, 1], LPS, (i, j) => (i === 0 && j === 0 ? 30000 : i));
  const [black, white] = percentileWindow(scan);
  assert.deepEqual([black, white], [1, 99]);
});

test('a montage centres each picture in its cell', () => {
  const flat = (width: number, height: number, value: number) => ({
    width,
    height,
    channels: 3 as const,
    pixels: new Uint8Array(width * height * 3).fill(value),
  });
  const sheet = montage([[flat(3, 3, 10), flat(1, 1, 20)], [flat(3, 1, 30)]], 1);
  assert.deepEqual([sheet.width, sheet.height], [7, 7]);
  const reds = Array.from({ length: 7 }, (_, y) => Array.from({ length: 7 }, (_, x) => redOf(sheet, x, y)).join(' '));
  assert.deepEqual(reds, [
    '10 10 10 0 0 0 0',
    '10 10 10 0 0 20 0',
    '10 10 10 0 0 0 0',
    '0 0 0 0 0 0 0',
    '0 0 0 0 0 0 0',
    '30 30 30 0 0 0 0',
    '0 0 0 0 0 0 0',
  ]);
});
