import assert from 'node:assert/strict';
import { test } from 'node:test';
import { divisorsOf, planNetwork, plannedPatch } from '../../src/core/network/plan.ts';
import { plannedShapes } from '../../src/core/network/planned3d.ts';
import { fitPlannedPatch, planFor } from '../../src/core/train/planned-patch.ts';

type Triple = [number, number, number];
/** Spacing and patch x, y, z; kernels and pools of each level as digits z, y, x. */
const PLANS: [grid: string, spacing: Triple, patch: Triple, kernels: string[], pools: string[]][] = [
  ['a cube of 1 mm voxels', [1, 1, 1], [64, 64, 64], ['333', '333', '333', '333', '333'], ['222', '222', '222', '222']],
  // 1.5, 3 and 6 mm in the plane; then 10 is less than 2 x 6, and the slices join in.
  [
    'ten slices of 10 mm',
    [1.5, 1.5, 10],
    [128, 144, 10],
    ['133', '133', '333', '333', '333', '333'],
    ['122', '122', '222', '122', '122'],
  ],
  // 0.78, 1.56 and 3.12 mm: 5 is less than 2 x 3.12.
  ['slices of 5 mm', [0.78, 0.78, 5], [96, 96, 24], ['133', '133', '333', '333', '333'], ['122', '122', '222', '222']],
  // 35, 18, 9, 5; 50, 25, 13, 7; 36, 18, 9, 5.
  ['a small box', [1, 1, 1], [35, 50, 36], ['333', '333', '333', '333'], ['222', '222', '222']],
  // Thick along x, as sagittal slices lie.
  ['sagittal slices', [4, 1, 1], [16, 64, 64], ['331', '331', '333', '333', '333'], ['221', '221', '222', '222']],
  ['fewer voxels than a level needs', [1, 1, 1], [7, 7, 7], ['333'], []],
];

for (const [grid, spacing, patch, kernels, pools] of PLANS)
  test(`the plan for ${grid}`, () => {
    const plan = planNetwork(spacing, patch, 8);
    assert.deepEqual(
      plan.pools.map((p) => p.join('')),
      pools,
    );
    assert.deepEqual(
      plan.kernels.map((k) => k.join('')),
      kernels,
    );
    assert.deepEqual(plan.channels, [8, 16, 32, 64, 80, 80].slice(0, pools.length + 1));
  });

test('an axis on its own is halved from 12 voxels on: at least 6 are left', () => {
  const poolsOf = (z: number) => planNetwork([1, 1, 1], [7, 7, z], 8).pools.length;
  assert.deepEqual([11, 12, 22, 23].map(poolsOf), [0, 1, 1, 2]);
});

test('a patch is rounded up to what its plan divides it by, and is then its own rounding', () => {
  assert.deepEqual(plannedPatch([1, 1, 1], [35, 50, 36]), [40, 56, 40]);
  assert.deepEqual(plannedPatch([1.5, 1.5, 10], [130, 144, 10]), [160, 160, 10]);
  for (const spacing of [
    [1, 1, 1],
    [1, 1, 3],
    [0.7, 0.7, 5],
    [4, 1, 1.5],
  ] as Triple[])
    for (let n = 0; n < 200; n++) {
      const patch: Triple = [4 + ((n * 37) % 150), 4 + ((n * 53) % 160), 4 + ((n * 29) % 90)];
      const rounded = plannedPatch(spacing, patch);
      assert.deepEqual(planNetwork(spacing, rounded, 8), planNetwork(spacing, patch, 8));
      assert.deepEqual(plannedPatch(spacing, rounded), rounded);
    }
});

test('a patch that was asked for must be divisible as its plan needs; the error names a patch that is', () => {
  assert.deepEqual(divisorsOf(planFor([1, 1, 1], [40, 56, 40], 8)), [8, 8, 8]);
  assert.throws(() => planFor([1, 1, 1], [35, 56, 40], 8), {
    code: 'option/invalid',
    message: /divisible by 8,8,8 .* got 35,56,40/,
    cure: /40,56,40/,
  });
});

test('the patch of a planned network holds the whole scan where it is small, and no more than 64^3 voxels', () => {
  const fit = (size: Triple, spacing: Triple) => fitPlannedPatch([size], spacing, () => true);
  assert.deepEqual(fit([35, 50, 36], [1, 1, 1]), [32, 48, 32]); // 35 loses 3, 50 loses 2, 36 loses 4
  assert.deepEqual(fit([216, 256, 10], [1.5, 1.5, 10]), [160, 160, 10]);
  for (const size of [
    [97, 71, 44],
    [300, 300, 300],
    [512, 512, 60],
  ] as Triple[]) {
    const patch = fit(size, [1, 1, 1]);
    assert.ok(patch[0] * patch[1] * patch[2] <= 64 ** 3, patch.join());
    assert.ok(planFor([1, 1, 1], patch, 8));
  }
  const abdomen = fit([320, 320, 160], [1.4, 1.4, 3]);
  const mm = abdomen.map((side, axis) => side * [1.4, 1.4, 3][axis]);
  assert.ok(Math.max(...mm) < 1.25 * Math.min(...mm), `as wide as it is high, ${abdomen.join()}`);
  const alone = fitPlannedPatch([[112, 112, 39]], [2, 2, 2], () => true, 1);
  assert.deepEqual(alone, [112, 112, 40], 'one patch a step may have the voxels of two');
  const small = fitPlannedPatch([[300, 300, 300]], [1, 1, 1], ([x, y, z]) => x * y * z <= 24 ** 3);
  assert.ok(small[0] * small[1] * small[2] <= 24 ** 3);
});

test('weights are as the plan says: kernels of its sides, a transposed convolution for each pool, no bias before a norm', () => {
  const plan = planNetwork([1.5, 1.5, 10], [16, 16, 10], 2);
  const shapes = Object.fromEntries(
    plannedShapes(plan, { inputChannels: 3, classes: 4 }).map(([name, shape]) => [name, shape.join('x')]),
  );
  assert.deepEqual(shapes, {
    'down0.conv1.weight': '1x3x3x3x2',
    'down0.conv1.scale': '2',
    'down0.conv1.shift': '2',
    'down0.conv2.weight': '1x3x3x2x2',
    'down0.conv2.scale': '2',
    'down0.conv2.shift': '2',
    'down1.conv1.weight': '1x3x3x2x4',
    'down1.conv1.scale': '4',
    'down1.conv1.shift': '4',
    'down1.conv2.weight': '1x3x3x4x4',
    'down1.conv2.scale': '4',
    'down1.conv2.shift': '4',
    'bottom.conv1.weight': '3x3x3x4x8',
    'bottom.conv1.scale': '8',
    'bottom.conv1.shift': '8',
    'bottom.conv2.weight': '3x3x3x8x8',
    'bottom.conv2.scale': '8',
    'bottom.conv2.shift': '8',
    'up1.transposed.weight': '8x1x2x2x4',
    'up1.conv1.weight': '1x3x3x8x4',
    'up1.conv1.scale': '4',
    'up1.conv1.shift': '4',
    'up1.conv2.weight': '1x3x3x4x4',
    'up1.conv2.scale': '4',
    'up1.conv2.shift': '4',
    'up0.transposed.weight': '4x1x2x2x2',
    'up0.conv1.weight': '1x3x3x4x2',
    'up0.conv1.scale': '2',
    'up0.conv1.shift': '2',
    'up0.conv2.weight': '1x3x3x2x2',
    'up0.conv2.scale': '2',
    'up0.conv2.shift': '2',
    'out.weight': '1x1x1x2x4',
    'out.bias': '4',
  });
});
