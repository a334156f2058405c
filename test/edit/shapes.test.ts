import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpolateSlices, labelledSlices } from '../../src/core/edit/interpolate.ts';
import { growLabel, smoothLabel } from '../../src/core/edit/shape.ts';
import { surfaceOf } from '../../src/core/edit/surface.ts';
import type { LabelMap } from '../../src/core/volume.ts';
import { change, emptyMask, randomFrom } from './helpers.ts';

function ball(
  mask: LabelMap,
  centre: readonly [number, number, number],
  radius: number,
  only?: (k: number) => boolean,
) {
  const { size, spacing, data } = mask;
  for (let k = 0, v = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, v++) {
        const d = Math.hypot((i - centre[0]) * spacing[0], (j - centre[1]) * spacing[1], (k - centre[2]) * spacing[2]);
        if (d <= radius && (only?.(k) ?? true)) data[v] = 1;
      }
  return mask;
}

const count = (mask: LabelMap, label = 1) => mask.data.reduce((n, v) => n + (v === label ? 1 : 0), 0);

function dice(a: LabelMap, b: LabelMap): number {
  let both = 0;
  for (let v = 0; v < a.data.length; v++) if (a.data[v] === 1 && b.data[v] === 1) both++;
  return (200 * both) / (count(a) + count(b));
}

test('interpolation between every fourth slice of a ball gives the ball back', () => {
  const size = [64, 64, 33] as const;
  const truth = ball(emptyMask(size, [1, 1, 1.5]), [32, 30, 16], 20);
  const mask = ball(emptyMask(size, [1, 1, 1.5]), [32, 30, 16], 20, (k) => k % 4 === 0);
  const drawnSlices = labelledSlices(mask, 1, 2);
  change(mask, (r) => assert.ok(interpolateSlices(r, 1, 2) >= 15));
  for (const k of drawnSlices) {
    const slice = (m: LabelMap) => m.data.subarray(k * 64 * 64, (k + 1) * 64 * 64);
    assert.deepEqual(slice(mask), slice(truth), `slice ${k} was drawn and must stay`);
  }
  const inner: LabelMap = { ...truth, data: truth.data.slice() };
  for (let v = 0; v < inner.data.length; v++) {
    const k = Math.floor(v / (64 * 64));
    if (k < drawnSlices[0] || k > (drawnSlices.at(-1) as number)) inner.data[v] = 0;
  }
  assert.ok(dice(mask, inner) > 97, `Dice ${dice(mask, inner)}`);
});

test('interpolation connects shapes that do not overlap, half-way in between', () => {
  const mask = emptyMask([60, 20, 5]);
  for (const [k, at] of [
    [0, 10],
    [4, 46],
  ] as const) {
    for (let j = 6; j <= 13; j++) mask.data.fill(1, at - 4 + 60 * (j + 20 * k), at + 4 + 60 * (j + 20 * k));
  }
  change(mask, (r) => interpolateSlices(r, 1, 2));
  const middle = mask.data.subarray(2 * 1200, 3 * 1200);
  let sum = 0;
  let n = 0;
  middle.forEach((v, p) => {
    if (v) {
      sum += p % 60;
      n++;
    }
  });
  assert.ok(Math.abs(n - 64) <= 8, `${n} voxels`);
  assert.ok(Math.abs(sum / n - 27.5) < 0.6, `centre ${sum / n}`);
});

test('interpolation across i and j equals interpolation across k of the turned mask', () => {
  const random = randomFrom(4);
  const along = emptyMask([20, 20, 9]);
  for (const k of [0, 8])
    for (let v = 0; v < 400; v++)
      if (Math.hypot((v % 20) - 9 - k / 4, v / 20 - 9) < 5 + random()) along.data[v + 400 * k] = 1;
  const across = emptyMask([9, 20, 20]);
  for (let v = 0; v < along.data.length; v++) {
    const [i, j, k] = [v % 20, Math.floor(v / 20) % 20, Math.floor(v / 400)];
    across.data[k + 9 * (i + 20 * j)] = along.data[v];
  }
  change(along, (r) => interpolateSlices(r, 1, 2));
  change(across, (r) => interpolateSlices(r, 1, 0));
  for (let v = 0; v < along.data.length; v++) {
    const [i, j, k] = [v % 20, Math.floor(v / 20) % 20, Math.floor(v / 400)];
    assert.equal(across.data[k + 9 * (i + 20 * j)], along.data[v]);
  }
});

test('interpolation writes background alone', () => {
  const mask = emptyMask([10, 10, 3]);
  mask.data.fill(1, 0, 100);
  mask.data.fill(1, 200, 300);
  mask.data.fill(2, 100, 150);
  change(mask, (r) => interpolateSlices(r, 1, 2));
  assert.equal(count(mask, 2), 50);
  assert.equal(count(mask, 1), 250);
});

test('smoothing takes away single voxels and keeps the volume of a ball', () => {
  const mask = ball(emptyMask([40, 40, 20], [1, 1, 2]), [20, 20, 10], 12);
  const before = count(mask);
  mask.data[3 + 40 * 3] = 1;
  change(mask, (r) => smoothLabel(r, 1, 1.5));
  assert.equal(mask.data[3 + 40 * 3], 0);
  assert.ok(Math.abs(count(mask) / before - 1) < 0.06, `${count(mask)} of ${before}`);
});

test('smoothing one slice leaves the others', () => {
  const mask = emptyMask([20, 20, 3]);
  for (let k = 0; k < 3; k++) mask.data[210 + 400 * k] = 1;
  change(mask, (r) => smoothLabel(r, 1, 2, 2, [1, 1]));
  assert.deepEqual(
    [0, 1, 2].map((k) => mask.data[210 + 400 * k]),
    [1, 0, 1],
  );
});

test('growing by a margin adds the voxels within it in mm, shrinking takes them away', () => {
  const mask = emptyMask([11, 11, 11], [1, 1, 2]);
  const middle = 5 + 11 * (5 + 11 * 5);
  mask.data[middle] = 1;
  change(mask, (r) => growLabel(r, 1, 2));
  assert.equal(count(mask), 13 + 2); // 13 in the plane within 2 mm, one above, one below
  change(mask, (r) => growLabel(r, 1, -1));
  assert.equal(mask.data[middle], 1);
  assert.equal(count(mask), 5);
});

for (const [hand, i] of [
  ['right', 1],
  ['left', -1],
] as const)
  test(`a ball's surface lies on the ball, closed, with normals pointing outwards, in a ${hand}-handed grid`, () => {
    const mask = ball(emptyMask([40, 40, 24], [1, 1, 2], [i, 0, 0, 0, 1, 0, 0, 0, 1]), [20, 20, 12], 14);
    const surface = surfaceOf(mask, 1);
    assert.ok(surface);
    const { positions, normals, triangles } = surface;
    for (let p = 0; p < positions.length; p += 3) {
      const from = [positions[p] - 20 * i, positions[p + 1] - 20, positions[p + 2] - 24];
      assert.ok(Math.abs(Math.hypot(...from) - 14) < 1.8, `radius ${Math.hypot(...from)}`);
      assert.ok(from[0] * normals[p] + from[1] * normals[p + 1] + from[2] * normals[p + 2] > 0);
    }
    const edges = new Map<string, number>();
    for (let t = 0; t < triangles.length; t += 3)
      for (let n = 0; n < 3; n++) {
        const [a, b] = [triangles[t + n], triangles[t + ((n + 1) % 3)]];
        edges.set(`${a},${b}`, (edges.get(`${a},${b}`) ?? 0) + 1);
      }
    for (const key of edges.keys()) assert.ok(edges.has(key.split(',').reverse().join(',')), 'every edge has its twin');
  });

test('an absent label has no surface', () => {
  assert.equal(surfaceOf(emptyMask([4, 4, 4]), 1), null);
});
