import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { Random } from '../../src/core/random.ts';
import { type Bend, BentRows, furthest, planBend } from '../../src/core/train/bend.ts';
import { type PatchSource, planCrop, readPatch, type Sides, scanVoxel } from '../../src/core/train/patches.ts';
import { type Warp, warpedPatch } from '../../src/core/train/warp.ts';

const INTERVALS: Sides = [3, 2, 1];
const POINTS = [6, 5, 4] as const;
const PATCH: Sides = [12, 8, 4];

/** A bend whose shift along x is `of` each control point, and 0 along y and z. */
function bendBy(of: (x: number, y: number, z: number) => number): Bend {
  const count = POINTS[0] * POINTS[1] * POINTS[2];
  const map = Float32Array.from({ length: count }, (_, i) =>
    of(i % POINTS[0], Math.floor(i / POINTS[0]) % POINTS[1], Math.floor(i / (POINTS[0] * POINTS[1]))),
  );
  return { intervals: INTERVALS, shifts: [map, new Float32Array(count), new Float32Array(count)] };
}

test('control points on a plane shift every voxel by that plane: cubic B-splines keep linear functions', () => {
  const rows = new BentRows(
    bendBy((x, y, z) => 2 + 0.5 * x - y + 0.25 * z),
    PATCH,
  );
  // The n-th interval lies between points n + 1 and n + 2.
  const place = (voxel: number, axis: 0 | 1 | 2) => 1 + ((voxel + 0.5) / PATCH[axis]) * INTERVALS[axis];
  for (let z = 0; z < PATCH[2]; z++)
    for (let y = 0; y < PATCH[1]; y++) {
      const [along] = rows.at(y, z);
      along.forEach((shift, x) => {
        const right = 2 + 0.5 * place(x, 0) - place(y, 1) + 0.25 * place(z, 2);
        assert.ok(Math.abs(shift - right) < 1e-5, `voxel ${x} ${y} ${z}: ${shift}, not ${right}`);
      });
    }
});

test('one shift of all control points reads the patch from there, image and mask', () => {
  const size: Sides = [20, 12, 8];
  const image = Float32Array.from({ length: 20 * 12 * 8 }, (_, i) => Math.sin(i) * (i % 7));
  const mask = Uint8Array.from({ length: image.length }, (_, i) => i % 5);
  const source: PatchSource = {
    name: 'waves',
    size,
    readImage: (start, box) => boxOf(image, size, start, box),
    readMask: (start, box) => boxOf(mask, size, start, box),
  };
  const straight: Warp = { matrix: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], gain: 1, offset: 0 }; // biome-ignore format: a matrix
  const moved = warpedPatch(source, PATCH, [2, 1, 1], { ...straight, bend: bendBy(() => 3) });
  const there = warpedPatch(source, PATCH, [5, 1, 1], straight);
  assert.deepEqual(moved.mask, there.mask);
  moved.image.forEach((v, i) => {
    assert.ok(Math.abs(v - there.image[i]) < 1e-4);
  });
});

test('a drawn bend is smooth, never folds, and moves nothing across thick slices', () => {
  const random = new Random(5);
  for (let draw = 0; draw < 50; draw++) {
    const patch: Sides = [32, 48, 16];
    const bend = planBend(random, patch, [1, 1, 5]);
    assert.deepEqual(bend.intervals, [2, 3, 4], 'the longest side, 80 mm, has four intervals');
    const [mx, , mz] = furthest(bend);
    assert.equal(mz, 0);
    const rows = new BentRows(bend, patch);
    for (const [y, z] of [
      [0, 0],
      [20, 7],
      [47, 15],
    ]) {
      const [along] = rows.at(y, z);
      for (let x = 1; x < 32; x++) {
        assert.ok(Math.abs(along[x]) <= mx + 1e-5);
        assert.ok(1 + along[x] - along[x - 1] > 0.2, 'the order of voxels stays');
      }
    }
  }
});

test('the voxel of the scan behind a voxel of an elastic patch is the one whose label it has', () => {
  const size: Sides = [30, 30, 20];
  // Each voxel's label tells its x, y and z apart modulo 6.
  const mask = Uint8Array.from(
    { length: 30 * 30 * 20 },
    (_, i) => (i % 6) + 6 * (Math.floor(i / 30) % 6) + 36 * (Math.floor(i / 900) % 6),
  );
  const source: PatchSource = {
    name: 'labels',
    size,
    readImage: (start, box) => boxOf(new Float32Array(mask.length), size, start, box),
    readMask: (start, box) => boxOf(mask, size, start, box),
  };
  const patch: Sides = [16, 12, 8];
  const plan = planCrop(size, patch, new Random(3), 'elastic');
  assert.ok(plan.warp?.bend);
  const read = readPatch(source, patch, plan);
  for (let n = 0; n < 200; n++) {
    const voxel: Sides = [(n * 7) % 16, (n * 5) % 12, (n * 3) % 8];
    const [x, y, z] = scanVoxel(plan, patch, voxel);
    const inside = x >= 0 && y >= 0 && z >= 0 && x < 30 && y < 30 && z < 20;
    const right = inside ? (x % 6) + 6 * (y % 6) + 36 * (z % 6) : 0;
    assert.equal(read.mask?.[voxel[0] + 16 * (voxel[1] + 12 * voxel[2])], right);
  }
});
