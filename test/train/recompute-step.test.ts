/** Whole steps that compute again what they kept: the same losses, bit by bit, and the memory that the plan ahead counts on. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { PAPER_READING, type TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import type { PatchSides } from '../../src/core/train/fit-patch.ts';
import { formsOf, loadOf, type Recompute, stepBytes } from '../../src/core/train/step-bytes.ts';
import { StepSession } from '../../src/engine/measure/step-session.ts';
import { registerSimd, simdBackend, simdKernels } from '../../src/engine/simd/index.ts';

before(async () => {
  registerSimd();
  await tf.setBackend('simd');
});
after(() => tf.removeBackend('simd'));

/** Losses of a few steps, and the most bytes of tensors that they took. */
async function steps(options: TrainingOptions, patch: PatchSides, recompute: Recompute | undefined, count: number) {
  const { heap } = simdBackend().machine;
  const [blocks, used] = [heap.blocks, heap.used];
  heap.peak = used;
  const session = new StepSession(simdKernels(), options, patch, 3, recompute);
  const losses: number[] = [];
  for (let n = 0; n < count; n++) losses.push((await session.step()).loss);
  session.dispose();
  assert.equal(heap.blocks, blocks, 'nothing is left');
  return { losses, bytes: heap.peak - used };
}

const options = (given: Parameters<typeof resolveOptions>[0]) => resolveOptions({ width: 4, ...given, steps: 20000 });

for (const [name, given] of [
  ['the defaults', { deepSupervision: 'on', dropout: 0.3 }],
  ['CPCL by the paper, with dropout', { ...PAPER_READING, method: 'cpcl' }],
  ['DAN, whose adversary reads what passes gave', { method: 'dan' }],
  ['two networks of DTML', { method: 'dtml', network: 'vnet', dropout: 0.3 }],
] as const)
  test(`${name}: each form of a step gives equal losses in three steps`, async () => {
    const given3 = options(given);
    const kept = await steps(given3, [32, 16, 16], undefined, 3);
    assert.equal(new Set(kept.losses).size, 3, 'steps differ');
    for (const form of formsOf(loadOf(given3)).slice(1))
      assert.deepEqual((await steps(given3, [32, 16, 16], form, 3)).losses, kept.losses, form);
  });

test('peaks grow with voxels and width as the estimate has it, which 96^3 at width 32 and 128^3 at width 16 are planned by, or less', async () => {
  const [small, large]: PatchSides[] = [
    [32, 32, 16],
    [32, 32, 32],
  ];
  const voxels = 32 * 32 * 16;
  for (const given of [{}, { ...PAPER_READING, method: 'cpcl' }] as const)
    for (const form of [undefined, 'maps', 'passes'] as const) {
      const perVoxel: { seen: number; thought: number }[] = [];
      for (const width of [4, 8]) {
        const of = options({ ...given, width });
        const [least, most] = [await steps(of, small, form, 1), await steps(of, large, form, 1)].map(
          ({ bytes }) => bytes,
        );
        const load = loadOf(of);
        assert.ok(most <= stepBytes(large, load, form), `${most} bytes, ${stepBytes(large, load, form)} thought`);
        const thought = (stepBytes(large, load, form) - stepBytes(small, load, form)) / voxels;
        perVoxel.push({ seen: (most - least) / voxels, thought });
      }
      const [narrow, wide] = perVoxel;
      assert.ok(wide.seen <= wide.thought, `${form}: ${wide.seen} bytes a voxel, ${wide.thought} thought`);
      const [seen, thought] = [wide.seen - narrow.seen, wide.thought - narrow.thought];
      assert.ok(seen <= thought, `${form}: ${seen} bytes a voxel for 4 more of width, ${thought} thought`);
    }
});

test('of a step with two passes, maps take three quarters of the memory, and one pass at a time a little over half', async () => {
  const of = options({ width: 8 });
  const bytes: number[] = [];
  for (const form of [undefined, 'maps', 'passes'] as const) bytes.push((await steps(of, [32, 32, 32], form, 1)).bytes);
  assert.ok(bytes[1] <= 0.8 * bytes[0] && bytes[2] <= 0.6 * bytes[0], bytes.join(' '));
});
