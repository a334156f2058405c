import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settleSpacing } from '../../src/core/train/spacing.ts';

const grid = (size: number[], spacing: number[]) => ({ size, spacing });

test('scans of one nearly cubic grid train on it', () => {
  const scans = [grid([144, 144, 44], [1.25, 1.25, 1.25]), grid([160, 128, 44], [1.25, 1.25, 1.3])];
  assert.equal(settleSpacing('auto', scans), 'native');
});

test('scans of several grids train at the voxel volume of the median scan', () => {
  const scans = [grid([90, 90, 90], [1, 1, 1]), grid([90, 90, 90], [2, 2, 2]), grid([60, 60, 60], [3, 3, 3])];
  assert.equal(settleSpacing('auto', scans), 2);
});

test('thick slices become cubes of the same volume', () => {
  assert.equal(settleSpacing('auto', [grid([180, 180, 30], [1, 1, 8])]), 2);
});

test('very fine scans are coarsened until a patch sees enough of them', () => {
  assert.equal(settleSpacing('auto', [grid([512, 512, 400], [0.75, 0.75, 0.75])]), 2);
});

test('a given voxel size is kept', () => {
  assert.equal(settleSpacing(1.5, [grid([9, 9, 9], [3, 3, 3])]), 1.5);
  assert.equal(settleSpacing('native', [grid([512, 512, 400], [0.75, 0.75, 5])]), 'native');
});
