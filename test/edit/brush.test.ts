import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intensityUnder, paintAt, paintLine } from '../../src/core/edit/brush.ts';
import { ellipse, fillOutline, outlineRuns, rectangle } from '../../src/core/edit/outline.ts';
import { change, emptyMask, picture, randomFrom, scanOf } from './helpers.ts';

test('a disc covers exactly the voxel centres within its radius in mm, on its slice alone', () => {
  const random = randomFrom(1);
  for (let round = 0; round < 30; round++) {
    const mask = emptyMask([24, 20, 12], [0.8, 1.3, 3]);
    const at = [random() * 23, random() * 19, random() * 11] as const;
    const radius = 2 + random() * 6;
    const normal = ([0, 1, 2, null] as const)[round % 4];
    change(mask, (r) => paintAt(r, at, { radius, normal }, 1));
    const nearest = at.map(Math.round);
    for (let k = 0, v = 0; k < 12; k++)
      for (let j = 0; j < 20; j++)
        for (let i = 0; i < 24; i++, v++) {
          const index = [i, j, k];
          const distance = Math.hypot(
            ...index.map((x, axis) => (axis === normal ? 0 : (x - at[axis]) * mask.spacing[axis])),
          );
          const onSlice = normal === null || index[normal] === nearest[normal];
          const own = index.every((x, axis) => x === nearest[axis]);
          assert.equal(mask.data[v], (onSlice && distance <= radius) || own ? 1 : 0, `${index} normal ${normal}`);
        }
  }
});

test('a brush smaller than a voxel paints the voxel under the pointer', () => {
  const mask = emptyMask([5, 5, 5], [4, 4, 4]);
  const edit = change(mask, (r) => paintAt(r, [2.4, 1.6, 3.3], { radius: 0.1, normal: 2 }, 1));
  assert.equal(edit.changed, 1);
  assert.equal(mask.data[2 + 5 * (2 + 5 * 3)], 1);
});

test('a fast stroke leaves no gap', () => {
  const mask = emptyMask([60, 9, 1]);
  change(mask, (r) => paintLine(r, [2, 4, 0], [57, 4, 0], { radius: 1.5, normal: 2 }, 1));
  for (let i = 2; i <= 57; i++) for (const j of [3, 4, 5]) assert.equal(mask.data[i + 60 * j], 1, `${i},${j}`);
});

test('the threshold brush paints only intensities inside the range, both ends included', () => {
  const scan = scanOf([5, 1, 1], (i) => i * 10);
  const mask = emptyMask([5, 1, 1]);
  change(mask, (r) => paintAt(r, [2, 0, 0], { radius: 9, normal: 2 }, 1, { scan, low: 10, high: 30 }));
  assert.deepEqual(picture(mask), ['.111.']);
});

test('intensities under the brush are those of its voxels', () => {
  const scan = scanOf([5, 1, 1], (i) => [0, 2, 4, 6, 0][i]);
  const { mean, deviation, count } = intensityUnder(scan, [2, 0, 0], { radius: 1, normal: 2 });
  assert.equal(count, 3);
  assert.equal(mean, (2 + 4 + 6) / 3);
  assert.ok(Math.abs(deviation - Math.sqrt((4 + 0 + 4) / 3)) < 1e-12);
});

test('a polygon fills the voxel centres that it encloses', () => {
  assert.deepEqual(
    outlineRuns(
      [
        [-0.5, -0.5],
        [3.5, -0.5],
        [3.5, 3.5],
      ],
      10,
      10,
    ),
    [
      [0, 0, 3],
      [1, 1, 3],
      [2, 2, 3],
      [3, 3, 3],
    ],
  );
});

test('the hole of a self-crossing outline stays empty and corners outside the scan are clipped', () => {
  const mask = emptyMask([6, 4, 1]);
  change(mask, (r) => fillOutline(r, rectangle([-3.5, 0.5], [20, 2.5]), { normal: 2, slices: [0, 0], value: 1 }));
  assert.deepEqual(picture(mask), ['......', '111111', '111111', '......']);
});

test('scissors through all slices of a sagittal plane erase one label and leave the others', () => {
  const mask = emptyMask([3, 4, 4]);
  mask.data.fill(1);
  mask.data.fill(2, 0, 12);
  change(mask, (r) =>
    fillOutline(r, rectangle([0.5, -0.5], [2.5, 3.5]), { normal: 0, slices: [0, 2], value: 0, only: 1 }),
  );
  assert.deepEqual(picture(mask, 0), ['222', '222', '222', '222']);
  assert.deepEqual(picture(mask, 2), ['111', '...', '...', '111']);
});

test('an ellipse covers its area to within one percent', () => {
  const count = outlineRuns(ellipse([10.2, 20.1], [90.7, 60.3]), 100, 100).reduce((n, [, a, b]) => n + b - a + 1, 0);
  const area = (Math.PI * 80.5 * 40.2) / 4;
  assert.ok(Math.abs(count / area - 1) < 0.01, `${count} of ${area}`);
});
