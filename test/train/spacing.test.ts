import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settleSpacing, trainingVoxel } from '../../src/core/train/spacing.ts';

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

test('the voxel size is rounded up to the next 0.05 mm, never down, and is at least 0.05 mm', () => {
  // The cube root of 5.1 mm^3 is 1.7213 mm, of 5.3 mm^3 1.7435 mm; of 0.001 x 0.001 x 0.004 mm^3 0.0016 mm.
  assert.equal(settleSpacing('auto', [grid([90, 90, 20], [1, 1, 5.1])]), 1.75);
  assert.equal(settleSpacing('auto', [grid([90, 90, 20], [1, 1, 5.3])]), 1.75);
  assert.equal(settleSpacing('auto', [grid([9, 9, 9], [0.001, 0.001, 0.004])]), 0.05);
});

test('one grid may differ by 10 % and be three times as thick as wide; beyond that it is left', () => {
  const one = grid([90, 90, 30], [1, 1, 3]);
  assert.equal(settleSpacing('auto', [one, one, grid([90, 90, 30], [1, 1.09, 3])]), 'native');
  assert.equal(
    settleSpacing('auto', [one, one, grid([90, 90, 30], [1, 1.11, 3])]),
    1.45,
    'the cube root of 3 mm^3 is 1.442 mm',
  );
  assert.equal(settleSpacing('auto', [one, one, grid([90, 90, 30], [1, 0.89, 3])]), 1.45, 'finer by more than 10 %');
  assert.equal(settleSpacing('auto', [grid([90, 90, 30], [1, 1, 3.1])]), 1.5, 'the cube root of 3.1 mm^3 is 1.458 mm');
  assert.equal(settleSpacing('auto', [grid([192, 90, 90], [1, 1, 1])]), 'native');
  assert.equal(settleSpacing('auto', [grid([193, 90, 90], [1, 1, 1])]), 1.05, '193 mm over 192 voxels is 1.0052 mm');
});

test('very fine scans are coarsened until a patch sees enough of them', () => {
  assert.equal(settleSpacing('auto', [grid([512, 512, 400], [0.75, 0.75, 0.75])]), 2);
});

test('a planned network takes thick slices as they are; several grids meet at the median of each axis, the plane not too fine', () => {
  const thick = grid([216, 256, 10], [1.5, 1.5, 10]);
  assert.equal(settleSpacing('auto', [thick, thick], 'planned'), 'native');
  assert.equal(settleSpacing('auto', [thick, thick], 'unet'), 2.85, 'the cube root of 22.5 mm^3 is 2.823 mm');
  const others = [thick, grid([256, 256, 12], [1.25, 1.25, 8]), grid([200, 200, 9], [1.8, 1.8, 9])];
  assert.deepEqual(settleSpacing('auto', others, 'planned'), [1.5, 1.5, 9]);
  assert.deepEqual(
    settleSpacing('auto', [grid([512, 512, 60], [0.75, 0.75, 5])], 'planned'),
    [1.2, 1.2, 5],
    '384 mm over 320',
  );
  assert.equal(settleSpacing('auto', [grid([90, 90, 90], [1, 1, 1])], 'planned'), 'native');
  assert.equal(settleSpacing('auto', [grid([90, 90, 90], [1, 1, 1]), grid([90, 90, 90], [2, 2, 2])], 'planned'), 2);
});

test('a network is planned for the voxels of the training grid, the median of each axis where scans keep their own', () => {
  const grids = [
    [1, 1, 3],
    [2, 2, 5],
    [1.5, 1, 4],
  ].map((spacing) => grid([9, 9, 9], spacing));
  assert.deepEqual(trainingVoxel('native', grids), [1.5, 1, 4]);
  assert.deepEqual(trainingVoxel(2, grids), [2, 2, 2]);
  assert.deepEqual(trainingVoxel([1, 1, 6], grids), [1, 1, 6]);
});

test('a given voxel size is kept', () => {
  assert.equal(settleSpacing(1.5, [grid([9, 9, 9], [3, 3, 3])]), 1.5);
  assert.equal(settleSpacing('native', [grid([512, 512, 400], [0.75, 0.75, 5])]), 'native');
});
