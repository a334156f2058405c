import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  affineRAS,
  angleDegrees,
  determinant3,
  gridDifference,
  gridFromAffineRAS,
  sameGrid,
  shear,
  voxelToWorld,
  worldToVoxel,
} from '../../src/core/geometry.ts';
import { type Grid, lpsPoint, spacingMm, voxelIndex } from '../../src/core/volume.ts';
import { GRIDS, OBLIQUE } from './helpers.ts';

const close = (a: readonly number[], b: readonly number[], tolerance = 1e-9) =>
  a.forEach((x, n) => {
    assert.ok(Math.abs(x - b[n]) <= tolerance, `${a.join(', ')} against ${b.join(', ')}`);
  });

for (const [name, grid] of Object.entries(GRIDS)) {
  test(`a voxel of a ${name} grid goes to patient space and back`, () => {
    close(worldToVoxel(grid, voxelToWorld(grid, voxelIndex(2.5, 3, 1))), [2.5, 3, 1]);
  });
  test(`a ${name} grid survives its RAS affine`, () => {
    const back = gridFromAffineRAS(grid.size, affineRAS(grid));
    close(back.spacing, grid.spacing);
    close(back.origin, grid.origin);
    close(back.direction, grid.direction);
  });
}

test('RAS has the opposite x and y of LPS', () => {
  const affine = affineRAS({
    size: [2, 2, 2],
    spacing: spacingMm(2, 3, 4),
    origin: lpsPoint(10, 20, 30),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });
  assert.deepEqual([...affine], [-2, 0, 0, -10, 0, -3, 0, -20, 0, 0, 4, 30, 0, 0, 0, 1]);
});

test('a left-handed grid keeps its handedness', () => {
  assert.equal(Math.round(determinant3(gridFromAffineRAS([2, 2, 2], affineRAS(GRIDS['left-handed'])).direction)), -1);
});

test('the same grid has no difference', () => {
  assert.equal(gridDifference(GRIDS.oblique, { ...GRIDS.oblique }), null);
  assert.ok(sameGrid(GRIDS.oblique, { ...GRIDS.oblique, origin: lpsPoint(-61.255, 17.5, 4) }));
});

test('a difference of grids is stated in one sentence', () => {
  const g: Grid = {
    size: [97, 71, 44],
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
  assert.equal(gridDifference(g, { ...g, size: [97, 71, 43] }), 'size 97x71x44 against 97x71x43');
  assert.equal(gridDifference(g, { ...g, origin: lpsPoint(3.2, 0, 0) }), 'origin differs by 3.2 mm');
  assert.equal(gridDifference(g, { ...g, spacing: spacingMm(1, 1, 1.5) }), 'spacing 1x1x1 mm against 1x1x1.5 mm');
  assert.match(gridDifference(g, { ...g, direction: OBLIQUE })!, /^orientation differs by \d+\.\d degrees$/);
});

test('a difference that only distant voxels feel is found', () => {
  const g: Grid = {
    size: [512, 512, 500],
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
  // 0.001 mm a slice is half a millimetre at the top.
  assert.ok(!sameGrid(g, { ...g, spacing: spacingMm(1, 1, 1.001) }));
});

test('each corner counts: grids that meet in all but one corner region are not the same', () => {
  const g: Grid = {
    size: [11, 11, 11],
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
  for (const axis of [0, 1, 2]) {
    // Finer by a hundredth along one axis, once with the first corner in place, once with the last.
    const spacing = [1, 1, 1].map((mm, n) => (n === axis ? mm - 0.01 : mm)) as [number, number, number];
    const shift = [0, 1, 2].map((n) => (n === axis ? 0.1 : 0)) as [number, number, number];
    assert.ok(!sameGrid(g, { ...g, spacing: spacingMm(...spacing) }), `first corner, axis ${axis}`);
    assert.ok(!sameGrid(g, { ...g, spacing: spacingMm(...spacing), origin: lpsPoint(...shift) }), `last, axis ${axis}`);
  }
  const one: Grid = { ...g, size: [11, 11, 1] };
  assert.equal(gridDifference(one, { ...one, spacing: spacingMm(1, 1, 9) }), null, 'one slice has no distance');
  const moved = { ...one, spacing: spacingMm(1, 1, 9), origin: lpsPoint(3, 0, 0) };
  assert.equal(gridDifference(one, moved), 'origin differs by 3 mm');
});

test('angles between vectors are in degrees, exact near zero', () => {
  for (const [a, b, degrees] of [
    [[1, 0, 0], [0, 2, 0], 90],
    [[1, 0, 0], [-3, 0, 0], 180],
    [[1, 1, 0], [1, 0, 0], 45],
    [[1, 0, 0], [1, 1e-7, 0], (1e-7 * 180) / Math.PI],
  ] as const) // biome-ignore format: a table
    assert.ok(Math.abs(angleDegrees(a, b) - degrees) < 1e-12, `${a} and ${b}`);
});

test('grids are the same to a hundredth of a millimetre', () => {
  const moved = (by: number) => ({ ...GRIDS.axial, origin: lpsPoint(-3 + by, -4, 10) });
  assert.deepEqual([sameGrid(GRIDS.axial, moved(0.009)), sameGrid(GRIDS.axial, moved(0.011))], [true, false]);
  assert.throws(() => gridFromAffineRAS([2, 2, 2], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]), { code: 'geometry/not-finite' });
});

test('a flat or unfinished affine is refused', () => {
  assert.throws(() => gridFromAffineRAS([2, 2, 2], [1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]), {
    code: 'geometry/singular',
  });
  assert.throws(() => gridFromAffineRAS([2, 2, 2], [Number.NaN, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]), {
    code: 'geometry/not-finite',
  });
});

test('shear is the sine of the tilt', () => {
  const t = (18.5 * Math.PI) / 180;
  const grid = gridFromAffineRAS([2, 2, 2], [1, 0, 0, 0, 0, 1, Math.sin(t), 0, 0, 0, Math.cos(t), 0]);
  assert.ok(Math.abs(shear(grid.direction) - Math.sin(t)) < 1e-12);
});
