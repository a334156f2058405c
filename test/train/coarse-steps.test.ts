import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planNetwork } from '../../src/core/network/plan.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { Random } from '../../src/core/random.ts';
import { disposeBatch, TwoStreamSampler } from '../../src/core/train/batch.ts';
import { coarsened, coarseView, fieldOf } from '../../src/core/train/coarse-steps.ts';
import { type PatchSource, planCrop, readPatch, type Sides, scanVoxel } from '../../src/core/train/patches.ts';

const SIZE: Sides = [40, 36, 32];
/** The intensity says where a voxel lies, the mask whether x is at least 20. */
const source: PatchSource = (() => {
  const image = new Float32Array(SIZE[0] * SIZE[1] * SIZE[2]);
  const mask = new Uint8Array(image.length);
  for (let z = 0, i = 0; z < SIZE[2]; z++)
    for (let y = 0; y < SIZE[1]; y++)
      for (let x = 0; x < SIZE[0]; x++, i++) [image[i], mask[i]] = [x + 100 * y + 10_000 * z, x >= 20 ? 1 : 0];
  return {
    name: 'ramp',
    size: SIZE,
    readImage: (start, box) => boxOf(image, SIZE, start, box),
    readMask: (start, box) => boxOf(mask, SIZE, start, box),
  };
})();

test('a coarse view halves each side to what the network divides by, and leaves thick slices alone', () => {
  const plan = planNetwork([1, 1, 1], [40, 56, 40], 8);
  assert.deepEqual(coarseView([40, 56, 40], { network: 'planned', plan }), {
    sides: [24, 32, 24],
    factors: [2, 2, 2],
    times: 2,
  });
  assert.deepEqual(coarseView([64, 64, 32], { network: 'unet' }), {
    sides: [32, 32, 16],
    factors: [2, 2, 2],
    times: 4,
  });
  const thick = planNetwork([1, 1, 8], [64, 64, 8], 8);
  assert.deepEqual(coarseView([64, 64, 8], { network: 'planned', plan: thick, voxel: [1, 1, 8] }), {
    sides: [32, 32, 8],
    factors: [2, 2, 1],
    times: 2,
  });
});

test('a coarse patch shows every second voxel of the field, about its centre', () => {
  const view = { sides: [8, 8, 8] as const, factors: [2, 2, 2] as const, times: 4 };
  const plan = coarsened(planCrop(SIZE, fieldOf(view), new Random(3), 'none'), view);
  const { image, mask } = readPatch(source, view.sides, plan);
  const at = (x: number, y: number, z: number) => image[x + 8 * (y + 8 * z)];
  assert.equal(at(1, 0, 0) - at(0, 0, 0), 2);
  assert.equal(at(0, 1, 0) - at(0, 0, 0), 200);
  assert.equal(at(0, 0, 1) - at(0, 0, 0), 20_000);
  // Between the two voxels that a coarse one stands for.
  const start = planCrop(SIZE, fieldOf(view), new Random(3), 'none').start;
  const first = start[0] + 0.5 + 100 * (start[1] + 0.5) + 10_000 * (start[2] + 0.5);
  assert.ok(Math.abs(at(0, 0, 0) - first) < 0.01, `${at(0, 0, 0)} against ${first}`);
  for (let x = 0; x < 8; x++) {
    const where = start[0] + 2 * x + 0.5;
    if (where !== 19.5) assert.equal(mask?.[x], where >= 20 ? 1 : 0, `mask at ${where}`);
  }
  assert.ok(Math.abs(scanVoxel(plan, view.sides, [3, 3, 3])[0] - (start[0] + 6.5)) <= 0.5);
});

test('a batch at half the resolution has more and smaller patches of the same field, masks alike', async () => {
  const sampler = new TwoStreamSampler([source], [source], {
    ...{ patch: [32, 32, 32], classes: 2, labelledPerStep: 2, unlabelledPerStep: 1, seed: 1 },
    ...{ augmentation: 'warp', intensity: 'off', network: 'unet' },
  });
  const coarse = await sampler.next({ atHalf: true });
  assert.deepEqual(
    coarse.labelled.images.map(({ shape }) => shape),
    Array(8).fill([1, 16, 16, 16, 1]),
  );
  assert.deepEqual(
    coarse.unlabelled.images.map(({ shape }) => shape),
    Array(4).fill([1, 16, 16, 16, 1]),
  );
  assert.deepEqual(coarse.labelled.oneHot[0].shape, [2, 16, 16, 16]);
  const fine = await sampler.next();
  assert.deepEqual(
    fine.labelled.images.map(({ shape }) => shape),
    Array(2).fill([1, 32, 32, 32, 1]),
  );
  for (const batch of [coarse, fine]) disposeBatch(batch);
});

test('coarse steps are refused with quarter turns', () => {
  assert.throws(() => resolveOptions({ coarseShare: 0.3, augmentation: 'turns' }), { code: 'option/invalid' });
});
