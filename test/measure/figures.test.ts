/** Lengths, angles and regions against exact values, on anisotropic and tilted grids. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexToWorld } from '../../src/core/edit/planes.ts';
import { figuresInWords, figuresOf } from '../../src/core/measure/figures.ts';
import { type Direction, lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';

const turned = (degrees: number): Direction => {
  const a = (degrees * Math.PI) / 180;
  return [Math.cos(a), -Math.sin(a), 0, Math.sin(a), Math.cos(a), 0, 0, 0, 1];
};
/** i + 100 j + 10000 k in voxels of 0.5 x 2 x 5 mm, turned by 25 degrees. */
const SIZE = [20, 16, 6] as const;
const volume = (direction: Direction = turned(25)): Volume => ({
  ...{ size: SIZE, spacing: spacingMm(0.5, 2, 5), direction, origin: lpsPoint(-31, 42, 7) },
  data: Float32Array.from(
    { length: 20 * 16 * 6 },
    (_, v) => (v % 20) + 100 * (Math.floor(v / 20) % 16) + 10000 * Math.floor(v / 320),
  ),
});
const near = (value: number | null | undefined, expected: number) =>
  assert.ok(
    Math.abs((value ?? Number.NaN) - expected) < 1e-9 * Math.max(1, Math.abs(expected)),
    `${value}, expected ${expected}`,
  );

test('a ruler is as long as its ends are apart in space', () => {
  const points = [
    [2, 3, 4],
    [8, 5, 4],
  ] as const;
  const { mm } = figuresOf({ kind: 'ruler', normal: 2, slice: 4, points }, volume());
  // 6 voxels of 0.5 mm and 2 of 2 mm: 3, 4, 5.
  near(mm, 5);
  const [a, b] = points.map((p) => indexToWorld(volume(), p));
  near(mm, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
  const across = figuresOf(
    {
      ...{ kind: 'ruler', normal: 0, slice: 7 },
      points: [
        [7, 1, 1],
        [7, 7, 2],
      ],
    },
    volume(),
  );
  near(across.mm, Math.hypot(12, 5));
});

test('an angle is that of the legs in mm, not in voxels', () => {
  const angle = (points: [number, number, number][]) =>
    figuresOf({ kind: 'angle', normal: 2, slice: 0, points }, volume()).degrees;
  near(
    angle([
      [10, 2, 0],
      [2, 2, 0],
      [2, 4, 0],
    ]),
    90,
  );
  // One leg along i; the other 4 mm along i and 4 mm along j.
  near(
    angle([
      [18, 2, 0],
      [2, 2, 0],
      [10, 4, 0],
    ]),
    45,
  );
  near(
    angle([
      [18, 2, 0],
      [2, 2, 0],
      [6, 2, 0],
    ]),
    0,
  );
  near(
    angle([
      [18, 2, 0],
      [10, 2, 0],
      [6, 2, 0],
    ]),
    180,
  );
});

test('a box has its own area, and mean and SD of the voxels whose centres are inside', () => {
  const points = [
    [1.5, 2.5, 3],
    [5.5, 4.5, 3],
  ] as const;
  const found = figuresOf({ kind: 'box', normal: 2, slice: 3, points }, volume());
  near(found.areaMm2, 4 * 0.5 * (2 * 2));
  assert.equal(found.voxels, 8);
  // i 2 to 5, j 3 and 4, k 3.
  near(found.mean, 3.5 + 350 + 30000);
  near(found.sd, Math.sqrt(1.25 + 2500));
});

test('an ellipse is round in mm on voxels of any shape', () => {
  const points = [
    [2, 3, 1],
    [18, 7, 1],
  ] as const;
  const found = figuresOf({ kind: 'ellipse', normal: 2, slice: 1, points }, volume());
  // 8 mm across both ways: a circle of radius 4 mm.
  near(found.areaMm2, Math.PI * 16);
  const inside: number[] = [];
  for (let j = 0; j < 16; j++)
    for (let i = 0; i < 20; i++)
      if (((i - 10) * 0.5) ** 2 + ((j - 5) * 2) ** 2 <= 16 + 1e-12) inside.push(i + 100 * j + 10000);
  const mean = inside.reduce((sum, v) => sum + v, 0) / inside.length;
  assert.equal(found.voxels, inside.length);
  near(found.mean, mean);
  near(found.sd, Math.sqrt(inside.reduce((sum, v) => sum + (v - mean) ** 2, 0) / inside.length));
});

test('a region without a voxel centre inside has an area and no mean', () => {
  const points = [
    [2.2, 3.2, 1],
    [2.4, 3.4, 1],
  ] as const;
  const found = figuresOf({ kind: 'box', normal: 2, slice: 1, points }, volume());
  near(found.areaMm2, 0.2 * 0.5 * (0.2 * 2));
  assert.deepEqual([found.voxels, found.mean, found.sd], [0, null, null]);
});

test('voxels that are no numbers do not count', () => {
  const scan = volume();
  scan.data[2 + 20 * 3] = Number.NaN;
  const points = [
    [1.5, 2.5, 0],
    [3.5, 3.5, 0],
  ] as const;
  const found = figuresOf({ kind: 'box', normal: 2, slice: 0, points }, scan);
  assert.deepEqual([found.voxels, found.mean, found.sd], [1, 303, 0]);
});

test('figures are told in their units', () => {
  assert.equal(figuresInWords('ruler', { mm: 23.449 }), '23.4 mm');
  assert.equal(figuresInWords('angle', { degrees: 44.96 }), '45.0°');
  assert.equal(
    figuresInWords('box', { areaMm2: 8, mean: 35.04, sd: 0.12345, voxels: 8 }, ' HU'),
    '35.0 ± 0.1 HU, 8.0 mm²',
  );
  assert.equal(figuresInWords('box', { areaMm2: 8, mean: 0.05, sd: 0.0123, voxels: 8 }), '0.0500 ± 0.0123, 8.0 mm²');
  assert.equal(figuresInWords('ellipse', { areaMm2: 8, mean: null, sd: null, voxels: 0 }), '8.0 mm²');
});
