/** Whole-shape operations against slow and obvious twins, on masks drawn by chance. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { componentsOf } from '../../src/core/edit/components.ts';
import { Recorder } from '../../src/core/edit/edit.ts';
import { indexToWorld, sliceLayout, worldToIndex } from '../../src/core/edit/planes.ts';
import { growLabel, labelBox, smoothLabel } from '../../src/core/edit/shape.ts';
import { surfaceOf } from '../../src/core/edit/surface.ts';
import { type LabelMap, lpsPoint } from '../../src/core/volume.ts';
import { change, emptyMask, randomFrom } from './helpers.ts';

const SIZE = [7, 6, 5] as const;
const SPACING = [1, 1.5, 2] as const;
type Place = readonly [number, number, number];

/** Blobs of label 1 and some of label 2, up to the borders. */
function blobs(seed: number): LabelMap {
  const random = randomFrom(seed);
  const mask = emptyMask(SIZE, SPACING);
  for (let n = 0; n < 5; n++) {
    const centre = SIZE.map((side) => Math.floor(random() * side));
    each((at, v) => {
      if (Math.hypot(...at.map((x, axis) => x - centre[axis])) < 2) mask.data[v] = n === 4 ? 2 : 1;
    });
  }
  return mask;
}

function each(visit: (at: Place, voxel: number) => void): void {
  let v = 0;
  for (let k = 0; k < SIZE[2]; k++)
    for (let j = 0; j < SIZE[1]; j++) for (let i = 0; i < SIZE[0]; i++) visit([i, j, k], v++);
}

const voxel = ([i, j, k]: Place) => i + SIZE[0] * (j + SIZE[1] * k);
const distance = (a: Place, b: Place) => Math.hypot(...a.map((x, axis) => (x - b[axis]) * SPACING[axis]));

for (const margin of [1, 1.5, 2.5, 4, -1, -1.5, -2])
  test(`a margin of ${margin} mm takes in or away exactly the voxels within it`, () => {
    for (let seed = 1; seed <= 4; seed++) {
      const mask = blobs(seed);
      const expected = mask.data.slice();
      each((at, v) => {
        let nearest = Number.POSITIVE_INFINITY;
        each((other, w) => {
          if ((mask.data[w] === 1) === margin > 0) nearest = Math.min(nearest, distance(at, other));
        });
        if (nearest > Math.abs(margin) + 1e-6) return;
        if (margin > 0 && mask.data[v] === 0) expected[v] = 1;
        if (margin < 0 && mask.data[v] === 1) expected[v] = 0;
      });
      change(mask, (r) => growLabel(r, 1, margin));
      assert.deepEqual(mask.data, expected, `seed ${seed}`);
    }
  });

/** The Gaussian of `sigma` mm over the label, edges repeated, weights cut at 2.5 sigma and normalised along each axis. */
function smoothed(mask: LabelMap, sigma: number, normal: number | null): Float64Array {
  const weights = SPACING.map((mm, axis) => {
    if (axis === normal) return [1];
    const reach = Math.max(1, Math.ceil((2.5 * sigma) / mm));
    const bell = Array.from({ length: 2 * reach + 1 }, (_, n) => Math.exp(-0.5 * (((n - reach) * mm) / sigma) ** 2));
    return bell.map((w) => w / bell.reduce((a, b) => a + b));
  });
  const clamp = (x: number, axis: number) => Math.min(SIZE[axis] - 1, Math.max(0, x));
  const field = new Float64Array(mask.data.length);
  each(([i, j, k], v) => {
    for (const [c, wk] of weights[2].entries())
      for (const [b, wj] of weights[1].entries())
        for (const [a, wi] of weights[0].entries()) {
          const from = [i + a, j + b, k + c].map((x, axis) => clamp(x - (weights[axis].length - 1) / 2, axis));
          if (mask.data[voxel(from as unknown as Place)] === 1) field[v] += wi * wj * wk;
        }
  });
  return field;
}

for (const [name, sigma, normal, slices] of [
  ['in 3D', 1.2, null, null],
  ['in 3D, wide', 2.3, null, null],
  ['across k', 1.2, 2, null],
  ['on two slices across j', 1.4, 1, [2, 3]],
] as const)
  test(`smoothing ${name} cuts the Gaussian at one half, over background and the label alone`, () => {
    let changed = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const mask = blobs(seed);
      const field = smoothed(mask, sigma, normal);
      const expected = mask.data.slice();
      each((at, v) => {
        assert.ok(Math.abs(field[v] - 0.5) > 1e-6, 'no voxel lies on the cut');
        if (normal !== null && slices && (at[normal] < slices[0] || at[normal] > slices[1])) return;
        if (field[v] >= 0.5 && expected[v] === 0) expected[v] = 1;
        if (field[v] < 0.5 && expected[v] === 1) expected[v] = 0;
      });
      changed += expected.filter((value, v) => value !== mask.data[v]).length;
      smoothLabel(new Recorder(mask), 1, sigma, normal, slices);
      assert.deepEqual(mask.data, expected, `seed ${seed}`);
    }
    assert.ok(changed > 0);
  });

test("a label's box goes from its first to its last voxel, a margin further, and ends at the scan's borders", () => {
  const mask = emptyMask(SIZE);
  for (const at of [
    [2, 3, 1],
    [4, 1, 2],
    [3, 2, 3],
  ] as const)
    mask.data[voxel(at)] = 3;
  assert.deepEqual(labelBox(mask, 3), { low: [2, 1, 1], size: [3, 3, 3] });
  assert.deepEqual(labelBox(mask, 3, [1, 0, 1]), { low: [1, 1, 0], size: [5, 3, 5] });
  assert.deepEqual(labelBox(mask, 3, [9, 9, 9]), { low: [0, 0, 0], size: [...SIZE] });
  assert.equal(labelBox(mask, 1), null);
  change(mask, (r) => r.write(0, 1));
  assert.deepEqual(labelBox(mask, 1), { low: [0, 0, 0], size: [1, 1, 1] });
});

test('operations on an absent label, by no margin or with nothing left outside change nothing', () => {
  const full = emptyMask([2, 2, 1]);
  full.data.fill(1);
  change(full, (r) => {
    smoothLabel(r, 5, 1);
    growLabel(r, 5, 2);
    growLabel(r, 1, 0);
    growLabel(r, 1, -1);
    r.write(0, 2);
  });
  assert.deepEqual([...full.data], [2, 1, 1, 1]);
});

test("a voxel's unrelaxed surface is a cube of twelve triangles, each corner a sixth of a voxel from its centre", () => {
  const mask = emptyMask(SIZE, SPACING);
  mask.data[voxel([3, 2, 1])] = 1;
  const surface = surfaceOf(mask, 1, 1, 0);
  assert.ok(surface);
  assert.deepEqual([surface.positions.length / 3, surface.triangles.length / 3], [8, 12]);
  // A cell's vertex is the mean of its three crossed edges' middles: (0 + 0 + 1/2) / 3 from the voxel along each axis.
  const corners = [-1, 1].flatMap((z) =>
    [-1, 1].flatMap((y) => [-1, 1].map((x) => [(3 + x / 6) * 1, (2 + y / 6) * 1.5, (1 + z / 6) * 2])),
  );
  corners.flat().forEach((expected, n) => {
    assert.ok(Math.abs(surface.positions[n] - expected) < 1e-5, `${surface.positions[n]}, expected ${expected}`);
  });
  const relaxed = surfaceOf(mask, 1, 1, 8);
  const sizeOf = ({ positions }: { positions: Float32Array }) =>
    Math.max(...positions.map((x, n) => Math.abs(x - [3, 3, 2][n % 3])));
  assert.ok(relaxed && sizeOf(relaxed) < sizeOf(surface) / 4, 'relaxing draws a single voxel together');
});

test('a coarser surface samples every second voxel and stays in its place', () => {
  const mask = emptyMask(SIZE);
  for (let k = 1; k < 5; k++) for (let j = 1; j < 5; j++) mask.data.fill(1, voxel([1, j, k]), voxel([5, j, k]));
  const surface = surfaceOf(mask, 1, 2, 0);
  assert.ok(surface);
  const along = (axis: number) => [...surface.positions].filter((_, n) => n % 3 === axis);
  // Samples at 1 and 3 of voxels 1 to 4: faces half a sample, 1 voxel, beyond them.
  for (const axis of [0, 1, 2]) {
    assert.ok(Math.abs(Math.min(...along(axis)) - (1 - 2 / 2)) < 0.7, `${Math.min(...along(axis))}`);
    assert.ok(Math.abs(Math.max(...along(axis)) - (3 + 2 / 2)) < 0.7, `${Math.max(...along(axis))}`);
  }
});

test('components are joined over faces, edges and corners, as flooding one by one finds them', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = randomFrom(seed);
    const mask = emptyMask(SIZE);
    for (let v = 0; v < mask.data.length; v++) mask.data[v] = random() < 0.12 ? 1 : 0;
    // Each voxel takes the lowest number among its neighbours until none changes.
    const numbers = Array.from(mask.data, (value, v) => (value === 1 ? v + 1 : 0));
    for (let changed = true; changed; ) {
      changed = false;
      each((at, v) => {
        if (!numbers[v]) return;
        each((other, w) => {
          if (!numbers[w] || Math.max(...at.map((x, axis) => Math.abs(x - other[axis]))) > 1) return;
          if (numbers[w] < numbers[v]) [numbers[v], changed] = [numbers[w], true];
        });
      });
    }
    const expected = [...Map.groupBy(numbers.filter(Boolean), (n) => n).values()].map((own) => own.length);
    const found = componentsOf(mask, 1);
    assert.deepEqual(found.sizes.toSorted(), expected.toSorted(), `seed ${seed}`);
    each((_, v) => {
      each((_, w) => {
        if (numbers[v] && numbers[w])
          assert.equal(found.numbers[v] === found.numbers[w], numbers[v] === numbers[w], `${v} and ${w}`);
      });
    });
  }
});

test('a slice across any axis is where its layout says', () => {
  for (const normal of [0, 1, 2] as const)
    for (let n = 0; n < SIZE[normal]; n++) {
      const { axisA, axisB, width, height, stepA, stepB, base } = sliceLayout(SIZE, normal, n);
      const [a, b] = [0, 1, 2].filter((axis) => axis !== normal);
      assert.deepEqual([axisA, axisB, width, height], [a, b, SIZE[a], SIZE[b]]);
      each((at, v) => {
        if (at[normal] === n) assert.equal(base + at[a] * stepA + at[b] * stepB, v);
      });
    }
});

test('a place of the patient is a voxel and back, also in a turned grid', () => {
  const grid = { ...emptyMask(SIZE, SPACING, [0, 0.6, 0.8, 1, 0, 0, 0, 0.8, -0.6]), origin: lpsPoint(3, -5, 7) };
  const world = indexToWorld(grid, [2, 3, 4]);
  // i runs along y, j along (0.6, 0, 0.8), k along (0.8, 0, -0.6).
  const expected = [3 + 0.6 * 4.5 + 0.8 * 8, -5 + 2, 7 + 0.8 * 4.5 - 0.6 * 8];
  [...world].forEach((x, axis) => {
    assert.ok(Math.abs(x - expected[axis]) < 1e-12);
  });
  worldToIndex(grid, world).forEach((x, axis) => {
    assert.ok(Math.abs(x - [2, 3, 4][axis]) < 1e-12);
  });
});
