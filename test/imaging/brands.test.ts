/** Units and spaces are types: what mixes them must not compile. Each expectation is checked by `npm run typecheck`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lpsToRas, rasToLps, voxelToWorld, worldToVoxel } from '../../src/core/geometry.ts';
import {
  type Grid,
  lpsPoint,
  type Millimetres,
  mm,
  rasPoint,
  type Spacing,
  spacingMm,
  voxelIndex,
} from '../../src/core/volume.ts';

const grid: Grid = {
  size: [4, 4, 4],
  spacing: spacingMm(1, 1, 2),
  origin: lpsPoint(10, 20, 30),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

test('RAS for LPS, a voxel for a point and plain numbers for millimetres do not compile', () => {
  const point = lpsPoint(1, 2, 3);
  // @ts-expect-error a RAS point is no LPS point
  lpsToRas(rasPoint(1, 2, 3));
  // @ts-expect-error an LPS point is no RAS point
  rasToLps(point);
  // @ts-expect-error a point is no voxel
  voxelToWorld(grid, point);
  // @ts-expect-error a voxel is no point
  worldToVoxel(grid, voxelIndex(1, 2, 3));
  // @ts-expect-error three numbers say nothing of their space
  const origin: Grid['origin'] = [1, 2, 3];
  // @ts-expect-error a number says nothing of its unit
  const length: Millimetres = 3;
  // @ts-expect-error nor do three
  const spacing: Spacing = [1, 1, 1];
  assert.deepEqual([origin, length, spacing, mm(3)], [[1, 2, 3], 3, [1, 1, 1], 3]);
  assert.deepEqual(lpsToRas(point), [-1, -2, 3]);
  assert.deepEqual(voxelToWorld(grid, voxelIndex(1, 2, 3)), [11, 22, 36]);
});
