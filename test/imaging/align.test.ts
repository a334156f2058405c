import assert from 'node:assert/strict';
import { test } from 'node:test';
import { voxelToWorld } from '../../src/core/geometry.ts';
import { type Direction, type Grid, type LabelMap, lpsPoint, spacingMm, voxelIndex } from '../../src/core/volume.ts';
import { alignMask } from '../../src/imaging/align.ts';
import { OBLIQUE } from './helpers.ts';

const SCAN: Grid = { size: [5, 4, 3], spacing: spacingMm(1, 2, 3), origin: lpsPoint(-7, 8, 9), direction: OBLIQUE };
type Place = [number, number, number];

/** The scan's voxels from `low` on, `size` of them, as another program may store them: axes in `order`, some turned round. */
function stored(order: Place, turned: readonly boolean[], low: Place, size: Place): LabelMap {
  const own = order.map((axis) => size[axis]) as Place;
  const at = (index: number[]): Place => {
    const place: Place = [0, 0, 0];
    order.forEach((axis, n) => {
      place[axis] = low[axis] + (turned[n] ? size[axis] - 1 - index[n] : index[n]);
    });
    return place;
  };
  const data = new Uint8Array(own[0] * own[1] * own[2]);
  for (let v = 0; v < data.length; v++)
    data[v] = labelAt(at([v % own[0], Math.floor(v / own[0]) % own[1], Math.floor(v / (own[0] * own[1]))]));
  const column = (n: number, row: number) => SCAN.direction[3 * row + order[n]] * (turned[n] ? -1 : 1);
  return {
    size: own,
    spacing: spacingMm(...(order.map((axis) => SCAN.spacing[axis]) as unknown as Place)),
    origin: voxelToWorld(SCAN, voxelIndex(...at([0, 0, 0]))),
    direction: [0, 1, 2].flatMap((row) => [0, 1, 2].map((n) => column(n, row))) as unknown as Direction,
    data,
  };
}

/** A label inside the box from (1, 1, 1) to (3, 2, 2), every voxel another. */
const labelAt = ([i, j, k]: Place) =>
  i >= 1 && i <= 3 && j >= 1 && j <= 2 && k >= 1 && k <= 2 ? 1 + i + 4 * (j + 3 * k) : 0;
const WANTED = Uint8Array.from({ length: 60 }, (_, v) => labelAt([v % 5, Math.floor(v / 5) % 4, Math.floor(v / 20)]));

test('a mask of the same voxels is laid onto the scan: in any order of axes, turned round, cropped or padded', () => {
  for (const order of [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]] as Place[]) // biome-ignore format: a list
    for (const turned of [[false, false, false], [true, false, false], [false, true, true]]) // biome-ignore format: a list
      for (const [low, size] of [
        [[0, 0, 0], [5, 4, 3]],
        [[1, 1, 1], [3, 2, 2]],
        [[-2, 0, -1], [8, 5, 6]],
      ] as [Place, Place][]) // biome-ignore format: a list
        assert.deepEqual(alignMask(stored(order, turned, low, size), SCAN).data, WANTED, `${order} ${turned} ${low}`);
});

test('labelled voxels beyond the scan are refused, and how many', () => {
  const mask = stored([0, 1, 2], [false, false, false], [0, 0, 0], [5, 4, 3]);
  const shifted = { ...mask, origin: voxelToWorld(SCAN, voxelIndex(2, 0, 0)) };
  // Columns 3 to 5 of the scan: the last of them, 2 x 2 voxels, lies outside.
  assert.throws(() => alignMask(shifted, SCAN, 'm'), { code: 'mask/outside', message: /got 4 outside/ });
});

test('a mask between the voxels, of other voxels or turned is refused with what differs', () => {
  const mask = stored([0, 1, 2], [false, false, false], [1, 1, 1], [3, 2, 2]);
  const beside = (share: number) => ({ ...mask, origin: voxelToWorld(SCAN, voxelIndex(1 + share, 1, 1)) });
  assert.deepEqual(alignMask(beside(0.015), SCAN).data, WANTED, 'a hundredth and a half of a voxel is rounding');
  assert.throws(() => alignMask(beside(0.03), SCAN), { code: 'mask/other-grid', message: /0\.03 mm beside/ });
  assert.throws(() => alignMask(beside(0.5), SCAN), { message: /0\.5 mm beside/ });
  const wider = { ...mask, spacing: spacingMm(1.05, 2, 3) };
  assert.throws(() => alignMask(wider, SCAN), { message: /spacing 1\.05 mm against 1 mm/ });
  // 0.1 of a voxel over the larger of both sides, here the scan's 5 voxels of 1 mm, is the most that spacings may drift.
  assert.deepEqual(alignMask({ ...mask, spacing: spacingMm(1.019, 2, 3) }, SCAN).data.length, 60);
  assert.throws(() => alignMask({ ...mask, spacing: spacingMm(1.021, 2, 3) }, SCAN), { code: 'mask/other-grid' });
  const [c, s] = [Math.cos(0.02), Math.sin(0.02)];
  const straight: Grid = { ...SCAN, direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
  const askew = { ...mask, origin: straight.origin, direction: [c, -s, 0, s, c, 0, 0, 0, 1] as Direction };
  assert.throws(() => alignMask(askew, straight), { message: /orientation differs by 1\.1 degrees/ });
});
