import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquisitionPlane, indexOf, indexToWorld, lettersOf, offsetOf, planesOf } from '../../src/core/edit/planes.ts';
import { type Direction, lpsPoint } from '../../src/core/volume.ts';
import { emptyMask, STRAIGHT } from './helpers.ts';

const grid = (direction: Direction) => emptyMask([4, 5, 6], [1, 2, 3], direction);

test('a straight axial volume shows the patient radiologically', () => {
  const planes = planesOf(grid(STRAIGHT));
  assert.deepEqual(planes.axial.letters, { left: 'R', right: 'L', top: 'A', bottom: 'P' });
  assert.deepEqual(planes.coronal.letters, { left: 'R', right: 'L', top: 'S', bottom: 'I' });
  assert.deepEqual(planes.sagittal.letters, { left: 'A', right: 'P', top: 'S', bottom: 'I' });
  assert.deepEqual([planes.axial.normal, planes.coronal.normal, planes.sagittal.normal], [2, 1, 0]);
  assert.equal(planes.axial.tilt, 0);
});

test('letters stay radiological for all 48 ways a scanner can store a volume', () => {
  const permutations = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const axes of permutations) {
    for (let signs = 0; signs < 8; signs++) {
      const d = new Array(9).fill(0);
      axes.forEach((world, axis) => {
        d[3 * world + axis] = signs & (1 << axis) ? -1 : 1;
      });
      const planes = planesOf(grid(d as unknown as Direction));
      assert.deepEqual(planes.axial.letters, { left: 'R', right: 'L', top: 'A', bottom: 'P' });
      assert.deepEqual(planes.coronal.letters, { left: 'R', right: 'L', top: 'S', bottom: 'I' });
      assert.deepEqual(planes.sagittal.letters, { left: 'A', right: 'P', top: 'S', bottom: 'I' });
      assert.equal(planes.axial.normal, axes.indexOf(2));
    }
  }
});

test('a sagittal acquisition steps along k in the sagittal plane', () => {
  // i runs posterior, j inferior, k left.
  const planes = planesOf(grid([0, 0, 1, 1, 0, 0, 0, -1, 0]));
  assert.equal(acquisitionPlane(planes), 'sagittal');
  assert.equal(planes.sagittal.normal, 2);
});

test('an oblique axis carries both letters and its tilt', () => {
  const a = (30 * Math.PI) / 180;
  const planes = planesOf(grid([Math.cos(a), -Math.sin(a), 0, Math.sin(a), Math.cos(a), 0, 0, 0, 1]));
  assert.equal(planes.axial.letters.right, 'LP');
  assert.equal(planes.axial.letters.left, 'RA');
  assert.equal(planes.axial.tilt, 0);
  assert.ok(Math.abs(planes.sagittal.tilt - 30) < 1e-9);
  assert.equal(lettersOf([0.1, -0.9, 0.4]), 'AS');
});

test('world positions follow origin, direction and spacing', () => {
  const g = { ...grid([0, 0, 1, 1, 0, 0, 0, -1, 0]), origin: lpsPoint(10, 20, 30) };
  assert.deepEqual(indexToWorld(g, [1, 1, 1]), [10 + 3, 20 + 1, 30 - 2]);
});

test('offset and index are inverse', () => {
  const size = [4, 5, 6] as const;
  for (let v = 0; v < 120; v++) assert.equal(offsetOf(size, indexOf(size, v)), v);
});
