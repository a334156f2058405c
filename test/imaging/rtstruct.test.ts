/** RTSTRUCT as clinics write it: each contour lands where it is in the patient, or is named. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Grid, lpsPoint, spacingMm, type WorldPoint } from '../../src/core/volume.ts';
import { openSegments, readMask, readMaskWithNotices } from '../../src/imaging/index.ts';
import { AXIAL, rejectsWith, scratch } from './helpers.ts';
import { box, type RtContour, type RtPoint, rtFile } from './rt-files.ts';

const folder = scratch();
let n = 0;
/** 24 x 20 pixels of 1 mm, slices 3 mm apart; voxel (i, j, k) lies at (i - 12, j - 10, 3 k). */
const GRID: Grid = { size: [24, 20, 5], spacing: spacingMm(1, 1, 3), origin: lpsPoint(-12, -10, 0), direction: AXIAL };
const slices = (zs: readonly number[], shape = (z: number): RtPoint[] => box(-6.5, -5.5, 3.5, 4.5, z)): RtContour[] =>
  zs.map((z) => ({ points: shape(z) }));

async function drawn(contours: readonly RtContour[], grid = GRID, drawnOn?: readonly WorldPoint[]) {
  const path = join(folder, `rt${n++}.dcm`);
  writeFileSync(path, rtFile([{ name: 'organ', contours }]));
  const object = await openSegments(path);
  const { labels: mask, notices, outside } = object!.draw(grid, new Map([[1, 1]]), drawnOn);
  const plane = grid.size[0] * grid.size[1];
  const perSlice = Array.from({ length: grid.size[2] }, (_, k) =>
    mask.data.subarray(k * plane, (k + 1) * plane).reduce((sum, v) => sum + v, 0),
  );
  const at = (i: number, j: number, k: number) => mask.data[i + grid.size[0] * (j + grid.size[1] * k)];
  return { perSlice, at, said: notices.join(' '), notices, outside };
}

test('a contour that is there twice, also turned round, with other corners and a hair off, counts once', async () => {
  const square = slices([0, 3, 6, 9, 12]);
  const twice = box(-6.5, -5.5, 3.5, 4.5, 6);
  const more: RtPoint[] = [...twice.slice(0, 1), [-1, -5.5, 6], ...twice.slice(1)];
  for (const again of [
    twice,
    [...twice].reverse(),
    [...twice.slice(2), ...twice.slice(0, 2)],
    more,
    box(-6.52, -5.51, 3.5, 4.51, 6),
  ]) {
    const { perSlice, notices } = await drawn([...square, { points: again }]);
    assert.deepEqual(perSlice, [100, 100, 100, 100, 100]);
    assert.deepEqual(notices, []);
  }
});

test('contours that cross or touch are united', async () => {
  const crossing = await drawn([{ points: box(-6.5, -5.5, 3.5, 4.5, 3) }, { points: box(-1.5, -0.5, 7.5, 7.5, 3) }]);
  assert.equal(crossing.perSlice[1], 100 + 9 * 8 - 5 * 5);
  const beside = await drawn([{ points: box(-6.5, -5.5, -1.5, 4.5, 3) }, { points: box(-1.5, -5.5, 3.5, 4.5, 3) }]);
  assert.equal(beside.perSlice[1], 100);
});

test('a contour inside another is a hole, one inside the hole an island, also where two outlines cross around it', async () => {
  const nested = [box(-6.5, -5.5, 3.5, 4.5, 3), box(-4.5, -3.5, 1.5, 2.5, 3), box(-2.5, -1.5, -0.5, 0.5, 3)];
  assert.equal((await drawn(nested.map((points) => ({ points })))).perSlice[1], 100 - 36 + 4);
  const both = [box(-6.5, -5.5, 3.5, 4.5, 3), box(-5.5, -6.5, 4.5, 3.5, 3), box(-2.5, -1.5, -0.5, 0.5, 3)];
  assert.equal((await drawn(both.map((points) => ({ points })))).perSlice[1], 100 + 100 - 81 - 4);
});

test('a keyhole is a ring', async () => {
  const keyhole: RtPoint[] = [
    ...[...box(-6.5, -5.5, 3.5, 4.5, 3), [-6.5, -5.5, 3] as const],
    ...([...box(-4.5, -3.5, 1.5, 2.5, 3)].reverse() as RtPoint[]),
    [-4.5, 2.5, 3],
    [-6.5, -5.5, 3],
  ];
  const ring: RtPoint[] = [
    [-6.5, -5.5, 3],
    [3.5, -5.5, 3],
    [3.5, 4.5, 3],
    [-6.5, 4.5, 3],
    [-6.5, -5.5, 3],
    [-4.5, -3.5, 3],
    [-4.5, 2.5, 3],
    [1.5, 2.5, 3],
    [1.5, -3.5, 3],
    [-4.5, -3.5, 3],
  ];
  assert.equal((await drawn([{ points: ring }])).perSlice[1], 100 - 36);
  assert.ok((await drawn([{ points: keyhole }])).perSlice[1] > 0);
});

test('CLOSEDPLANAR_XOR contours are combined by exclusive or, as the standard says', async () => {
  const type = 'CLOSEDPLANAR_XOR';
  const [a, b] = [box(-6.5, -5.5, 3.5, 4.5, 3), box(-1.5, -0.5, 7.5, 7.5, 3)];
  assert.equal((await drawn([a, b].map((points) => ({ type, points })))).perSlice[1], 100 + 72 - 2 * 25);
  assert.equal((await drawn([a, box(-4.5, -3.5, 1.5, 2.5, 3)].map((points) => ({ type, points })))).perSlice[1], 64);
});

test('a square through voxel centres keeps its voxels on all sides, and so does a hole', async () => {
  const { perSlice, at } = await drawn(slices([0, 3, 6, 9, 12], (z) => box(-7, -5, 2, 4, z)));
  assert.deepEqual(perSlice, [100, 100, 100, 100, 100]);
  assert.deepEqual([at(5, 5, 0), at(14, 14, 0), at(4, 5, 0), at(15, 14, 0)], [1, 1, 0, 0]);
  const ring = await drawn([{ points: box(-7, -5, 2, 4, 3) }, { points: box(-4, -2, -1, 1, 3) }]);
  assert.equal(ring.perSlice[1], 100 - 2 * 2);
  const triangle: RtPoint[] = [
    [-7, -5, 3],
    [2, -5, 3],
    [2, 4, 3],
  ];
  assert.equal((await drawn([{ points: triangle }])).perSlice[1], 55);
  assert.equal((await drawn([{ points: triangle.map(([x, y, z]) => [x + 0.004, y - 0.004, z]) }])).perSlice[1], 55);
});

test('two structures that share a line through voxel centres do not overlap', async () => {
  const path = join(folder, 'neighbours.dcm');
  writeFileSync(
    path,
    rtFile([
      { name: 'left', contours: [{ points: box(-7, -5, -2, 4, 3) }] },
      { name: 'right', contours: [{ points: box(-2, -5, 2, 4, 3) }] },
    ]),
  );
  const mask = await readMask(path, GRID);
  const count = (value: number) => mask.data.reduce((sum, v) => sum + (v === value ? 1 : 0), 0);
  assert.deepEqual([count(1), count(2)], [60, 40]);
});

test('contours finer than the slices: each slice has its own', async () => {
  const { perSlice, said } = await drawn(slices([0, 1.5, 3, 4.5, 6, 7.5, 9, 10.5, 12]));
  assert.deepEqual(perSlice, [100, 100, 100, 100, 100]);
  assert.match(said, /4 of 9 contour planes lie between the slices/);
});

test('contours beside the slices land between them: as many slices as contours, and the distance is said', async () => {
  const { perSlice, said } = await drawn(slices([1.2, 4.2, 7.2, 10.2]));
  assert.deepEqual(perSlice, [100, 100, 100, 100, 0]);
  assert.match(said, /4 of 4 contour planes lie between the slices of the scan, up to 1.20 mm beside one/);
  // Where sizes change, a slice between has a size between.
  const growing = await drawn(slices([1.5, 4.5, 7.5, 10.5], (z) => box(-z / 2 - 0.5, -z / 2 - 0.5, z / 2, z / 2, z)));
  assert.ok(growing.perSlice[1] < growing.perSlice[2] && growing.perSlice[2] < growing.perSlice[3]);
  assert.deepEqual((await drawn(slices([0.04, 3.04, 6.04, 9.04, 12.04]))).notices, [], 'rounding is not said');
});

test('contours on every second slice: the slices between are interpolated, with a notice; one gap is left and named', async () => {
  const { perSlice, said } = await drawn(slices([0, 6, 12]));
  assert.deepEqual(perSlice, [100, 100, 100, 100, 100]);
  assert.match(said, /2 slices between contours had none and were interpolated/);
  const long = { ...GRID, size: [24, 20, 9] as const };
  const gap = await drawn(slices([0, 3, 6, 12, 15, 18]), long);
  assert.deepEqual(gap.perSlice, [100, 100, 100, 0, 100, 100, 100, 0, 0]);
  assert.match(gap.said, /slice 4 between contours had none and stayed empty/);
  const parts = await drawn(slices([0, 3, 18, 21]), long);
  assert.deepEqual(parts.perSlice, [100, 100, 0, 0, 0, 0, 100, 100, 0]);
});

test('contours on the slices of a scan that was uneven and is resampled now', async () => {
  const grid: Grid = { ...GRID, size: [24, 20, 13], spacing: spacingMm(1, 1, 2.5) };
  const taken = [0, 2.5, 5, 7.5, 10, 15, 20, 25, 30];
  const drawnOn = taken.map((z): WorldPoint => lpsPoint(-12, -10, z));
  assert.deepEqual((await drawn(slices(taken), grid, drawnOn)).perSlice, Array(13).fill(100));
  // One thick step at the end alone: known from the slices that were taken.
  const one = await drawn(
    slices([0, 2.5, 5, 10]),
    { ...grid, size: [24, 20, 5] },
    [0, 2.5, 5, 10].map((z): WorldPoint => lpsPoint(-12, -10, z)),
  );
  assert.deepEqual(one.perSlice, [100, 100, 100, 100, 100]);
});

test('thin structures stay: one contour between two slices, and some that lie close together between them', async () => {
  assert.deepEqual((await drawn(slices([4.4]))).perSlice, [0, 100, 0, 0, 0]);
  assert.deepEqual((await drawn(slices([4.2, 4.4, 4.6]))).perSlice, [0, 100, 0, 0, 0]);
  const { said, perSlice } = await drawn([...slices([3]), { points: box(5.1, 5.1, 5.4, 5.4, 3) }]);
  assert.equal(perSlice[1], 100);
  assert.match(said, /1 contour thinner than a voxel left nothing, as no voxel centre lies inside/);
});

test('contours outside the scan are left out by name; only where all are, the object is refused', async () => {
  const { perSlice, said, outside } = await drawn(slices([0, 3, 6, 9, 12, 15]));
  assert.deepEqual(perSlice, [100, 100, 100, 100, 100]);
  assert.match(said, /1 contour outside the scan \(slice 6\) was left out/);
  assert.equal(outside, 1);
  await rejectsWith(drawn(slices([15, 18])), 'mask/outside');
  const cut = await drawn([{ points: box(-20, -5.5, -8.5, 4.5, 3) }]);
  assert.equal(cut.perSlice[1], 40);
  assert.match(cut.said, /1 contour reaching beyond the edge of its slice was cut there/);
});

test('contours that are no closed outline are named with their slices; an open one that closes is used', async () => {
  const square = box(-6.5, -5.5, 3.5, 4.5, 12);
  const { perSlice, said } = await drawn([
    ...slices([0, 3, 6]),
    { points: [[-6, -5, 9], [2, -5, 9]] }, // biome-ignore format: two points
    { type: 'POINT', points: [[0, 0, 9]] },
    { type: 'OPEN_PLANAR', points: square },
  ]);
  assert.deepEqual(perSlice, [100, 100, 100, 0, 0]);
  assert.match(said, /1 2-point contour on slice 4 is no closed outline and was left out/);
  assert.match(said, /1 POINT contour on slice 4/);
  assert.match(said, /1 OPEN_PLANAR contour on slice 5/);
  const closes = await drawn([{ type: 'OPEN_PLANAR', points: [...square, square[0]] }]);
  assert.equal(closes.perSlice[4], 100);
});

test('a structure of points alone is named, the others come in', async () => {
  const path = join(folder, 'points.dcm');
  writeFileSync(
    path,
    rtFile([
      { name: 'organ', contours: slices([3]) },
      { name: 'isocentre', contours: [{ type: 'POINT', points: [[0, 0, 3]] }] },
    ]),
  );
  const object = await openSegments(path);
  assert.deepEqual(
    object!.segments.map(({ name }) => name),
    ['organ'],
  );
  assert.match(object!.notices.join(), /isocentre has no closed outline \(POINT\)/);
});

test('a structure set read as a plain mask tells the same as one read structure by structure', async () => {
  const path = join(folder, 'told.dcm');
  const z = 6;
  const point = { type: 'POINT', points: [[0, 0, z]] as RtPoint[] };
  const organ = [...slices([0, 3, 6]), ...slices([90]), point];
  writeFileSync(path, rtFile([{ name: 'organ', contours: organ }, { name: 'marker', contours: [point] }])); // biome-ignore format: short
  const { mask, notices } = await readMaskWithNotices(path, GRID);
  assert.ok(mask.data.includes(1));
  const object = (await openSegments(path))!;
  assert.deepEqual(notices, [...object.notices, ...object.draw(GRID, new Map([[1, 1]])).notices]);
  assert.equal(notices.length, 3);
  const bare = rtFile([{ name: 'organ', contours: slices([0, 6, 12]) }]);
  writeFileSync(path, bare);
  assert.match((await readMaskWithNotices(path, GRID)).notices.join(), /interpolated/);
});
