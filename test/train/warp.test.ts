import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { Random } from '../../src/core/random.ts';
import { type PatchSource, planCrop, readPatch, type Sides } from '../../src/core/train/patches.ts';
import { planStrongWarp, planWarp, type Warp, warpedPatch } from '../../src/core/train/warp.ts';

/** Voxel (x, y, z) holds x + 10 y + 100 z; label 1 where x >= 4. */
function ramp(size: Sides): PatchSource {
  const at = (i: number) => [i % size[0], Math.floor(i / size[0]) % size[1], Math.floor(i / (size[0] * size[1]))];
  const count = size[0] * size[1] * size[2];
  const image = Float32Array.from({ length: count }, (_, i) => at(i)[0] + 10 * at(i)[1] + 100 * at(i)[2]);
  const mask = Uint8Array.from({ length: count }, (_, i) => Number(at(i)[0] >= 4));
  return {
    name: 'ramp',
    size,
    readImage: (start, box) => boxOf(image, size, start, box),
    readMask: (start, box) => boxOf(mask, size, start, box),
  };
}

const STILL: Warp = {
  matrix: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  gain: 1,
  offset: 0,
};
const PATCH: Sides = [4, 4, 2];
const START: Sides = [2, 1, 1];

test('a warp that does nothing gives the plain crop, image and mask', () => {
  const source = ramp([8, 8, 6]);
  const plain = readPatch(source, PATCH, { start: START, quarterTurns: 0, flips: [false, false, false] });
  assert.deepEqual(warpedPatch(source, PATCH, START, STILL), plain);
});

test('zoom 2 along x reads half a voxel apart about the centre, contrast last', () => {
  const halved: Warp = { ...STILL, matrix: [[0.5, 0, 0], STILL.matrix[1], STILL.matrix[2]], gain: 2, offset: 5 };
  const { image, mask } = warpedPatch(ramp([8, 8, 6]), PATCH, START, halved);
  // The centre along x is 2 + 1.5 = 3.5; row y = 1, z = 1 holds 10 + 100 + x.
  const x = [3.5 - 0.75, 3.5 - 0.25, 3.5 + 0.25, 3.5 + 0.75];
  assert.deepEqual(
    [...image.slice(0, 4)],
    x.map((v) => (110 + v) * 2 + 5),
  );
  assert.deepEqual(
    [...(mask ?? []).slice(0, 4)],
    x.map((v) => Number(Math.round(v) >= 4)),
  );
});

test('along every axis intensities are interpolated and labels come from the nearest voxel', () => {
  const size: Sides = [9, 9, 9];
  const index = (n: number, axis: number) => Math.floor(n / 9 ** axis) % 9;
  for (const axis of [0, 1, 2]) {
    const image = Float32Array.from({ length: 729 }, (_, n) => index(n, axis) ** 2);
    const mask = Uint8Array.from({ length: 729 }, (_, n) => index(n, axis));
    const source: PatchSource = {
      name: 'one axis',
      size,
      readImage: (start, box) => boxOf(image, size, start, box),
      readMask: (start, box) => boxOf(mask, size, start, box),
    };
    const matrix = STILL.matrix.map((row, n) =>
      n === axis ? row.map((v) => 0.6 * v) : row,
    ) as unknown as Warp['matrix'];
    const warped = warpedPatch(source, [4, 4, 4], [2, 3, 1], { ...STILL, matrix });
    const centre = [2, 3, 1][axis] + 1.5;
    for (let n = 0; n < 64; n++) {
      const at = centre + 0.6 * ((Math.floor(n / 4 ** axis) % 4) - 1.5);
      const low = Math.floor(at);
      const between = low ** 2 + (at - low) * ((low + 1) ** 2 - low ** 2);
      assert.ok(
        Math.abs(warped.image[n] - between) < 1e-4,
        `axis ${axis}, voxel ${n}: ${warped.image[n]}, not ${between}`,
      );
      assert.equal(warped.mask?.[n], Math.round(at), `axis ${axis}, voxel ${n}`);
    }
  }
});

test('a turned and stretched crop reads every voxel that it stands over', () => {
  // Corners reach 1.2 sqrt(3) half sides from the centre: what was read must hold them, in a scan without an end.
  const seen: number[] = [];
  const endless: PatchSource = {
    name: 'endless',
    size: [1000, 1000, 1000],
    readImage: (start, box) =>
      Float32Array.from({ length: box[0] * box[1] * box[2] }, (_, n) => {
        const at = [n % box[0], Math.floor(n / box[0]) % box[1], Math.floor(n / (box[0] * box[1]))];
        return start[0] + at[0] + 2 * (start[1] + at[1]) + 4 * (start[2] + at[2]);
      }),
  };
  const random = new Random(4);
  const [patch, start] = [
    [5, 4, 6],
    [40, 50, 60],
  ] as unknown as Sides[];
  for (let n = 0; n < 20; n++) {
    const warp = { ...planWarp(random), gain: 1, offset: 0 };
    const { image } = warpedPatch(endless, patch, start, warp);
    image.forEach((value, o) => {
      const from = [(o % 5) - 2, (Math.floor(o / 5) % 4) - 1.5, Math.floor(o / 20) - 2.5];
      const [x, y, z] = warp.matrix.map(
        (row, axis) => [42, 51.5, 62.5][axis] + row.reduce((sum, v, j) => sum + v * from[j], 0),
      );
      seen.push(Math.abs(value - (x + 2 * y + 4 * z)));
    });
  }
  assert.ok(Math.max(...seen) < 1e-3, `off by ${Math.max(...seen)}`);
});

test('a quarter turn about z as a warp gives the voxels of a quarter turn', () => {
  const turned: Warp = { ...STILL, matrix: [[0, -1, 0], [1, 0, 0], STILL.matrix[2]] };
  const { image } = warpedPatch(ramp([8, 8, 6]), PATCH, START, turned);
  // Patch (0, 0) is (-1.5, -1.5) from the centre (3.5, 2.5): scan (3.5 + 1.5, 2.5 - 1.5).
  assert.equal(image[0], 5 + 10 * 1 + 100 * 1);
  assert.equal(image[1], 5 + 10 * 2 + 100 * 1);
});

test('a warped crop of a scan smaller than the patch is zero outside it', () => {
  const { image } = warpedPatch(ramp([2, 2, 1]), PATCH, [-1, -1, 0], STILL);
  assert.equal(image.filter((v) => v !== 0).length, 3, 'of four voxels one holds 0');
});

test('drawn warps stay within 15 degrees, a fifth of zoom and a quarter of contrast, and depend on the seed alone', () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 200 }, () => planWarp(random));
  };
  for (const { matrix, gain, offset } of draw(1)) {
    const determinant =
      matrix[0][0] * (matrix[1][1] * matrix[2][2] - matrix[1][2] * matrix[2][1]) -
      matrix[0][1] * (matrix[1][0] * matrix[2][2] - matrix[1][2] * matrix[2][0]) +
      matrix[0][2] * (matrix[1][0] * matrix[2][1] - matrix[1][1] * matrix[2][0]);
    assert.ok(determinant > 1.2 ** -3 && determinant < 1.2 ** 3);
    assert.ok([0, 1, 2].every((axis) => matrix[axis][axis] > (Math.cos(Math.PI / 12) ** 2 - 0.02) / 1.2));
    assert.ok(gain > 0.8 && gain < 1.25 && Math.abs(offset) <= 0.1);
  }
  assert.deepEqual(draw(2), draw(2));
  assert.notDeepEqual(draw(2), draw(3));
});

test('labelled and unlabelled crops are warped when asked for', () => {
  const plan = planCrop([8, 8, 6], PATCH, new Random(1), 'warp');
  assert.ok(plan.warp);
  const { image, mask } = readPatch(ramp([8, 8, 6]), PATCH, plan);
  assert.equal(image.length, 32);
  assert.equal(mask?.length, 32);
});

const columnLengths = (matrix: Warp['matrix'], spacing: Sides = [1, 1, 1]) =>
  [0, 1, 2].map((j) => Math.hypot(...matrix.map((row, i) => row[j] * spacing[i])) / spacing[j]);

test('strong warps turn and zoom a fifth of the patches each, and mirror half along each axis', () => {
  const random = new Random(7);
  const draws = 4000;
  const warps = Array.from({ length: draws }, () => planStrongWarp(random));
  const share = (has: (warp: Warp) => boolean) => warps.filter(has).length / draws;
  const near = (actual: number, expected: number) =>
    assert.ok(
      Math.abs(actual - expected) < 4 * Math.sqrt((expected * (1 - expected)) / draws),
      `${actual}, not ${expected}`,
    );
  near(
    share(({ matrix }) => matrix[0][1] !== 0),
    0.2,
  );
  near(
    share(({ matrix }) => Math.abs(columnLengths(matrix)[0] - 1) > 1e-9),
    0.2,
  );
  for (const axis of [0, 1, 2])
    near(
      share(({ matrix }) => matrix[axis][axis] < 0),
      0.5,
    );
  for (const { matrix, gain, offset } of warps) {
    const lengths = columnLengths(matrix);
    assert.ok(lengths.every((l) => l > 0.7 - 1e-9 && l < 1.4 + 1e-9 && Math.abs(l - lengths[0]) < 1e-9));
    assert.deepEqual([gain, offset], [1, 0]);
  }
});

test('voxels that are no cubes are turned in millimetres', () => {
  const spacing: Sides = [1, 1, 2];
  const random = new Random(8);
  for (let n = 0; n < 100; n++) {
    const { matrix } = planStrongWarp(random, spacing);
    const lengths = columnLengths(matrix, spacing);
    // A turn keeps lengths in the patient: what is left is the zoom, the same for all axes.
    assert.ok(lengths.every((l) => Math.abs(l - lengths[0]) < 1e-9));
  }
});

test('thick slices are turned in their plane alone, and strong warps do not zoom across it', () => {
  const random = new Random(9);
  const spacing: Sides = [1.5, 1.5, 10];
  const strong = Array.from({ length: 200 }, () => planStrongWarp(random, spacing).matrix);
  for (const matrix of [...strong, ...Array.from({ length: 50 }, () => planWarp(random, spacing).matrix)])
    for (const axis of [0, 1]) assert.deepEqual([matrix[2][axis] + 0, matrix[axis][2] + 0], [0, 0]);
  assert.ok(strong.every((matrix) => Math.abs(matrix[2][2]) === 1));
  assert.ok(strong.some((matrix) => Math.abs(matrix[0][1] / Math.hypot(matrix[0][0], matrix[0][1])) > Math.sin(1)));
});
