import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { oneChannel } from '../../src/core/model-channels.ts';
import { Random } from '../../src/core/random.ts';
import { maskTensors, TwoStreamSampler } from '../../src/core/train/batch.ts';
import { sampleDrawn } from '../../src/core/train/places.ts';
import { prepareMask } from '../../src/core/train/preprocess.ts';
import { boxAround } from '../../src/core/train/region.ts';
import { type LabelMap, NOT_DRAWN } from '../../src/core/volume.ts';
import type { TrainerFiles } from '../../src/trainer/worker/dependencies.ts';
import { prepareCase } from '../../src/trainer/worker/prepared-case.ts';
import { emptyMask } from '../edit/helpers.ts';

/** 12 x 12 x 12 mm, slice 5 drawn, a label at its middle. */
function oneSlice(): LabelMap {
  const mask = emptyMask([12, 12, 12]);
  mask.data.fill(NOT_DRAWN);
  mask.data.fill(0, 144 * 5, 144 * 6);
  mask.data[6 + 12 * (6 + 12 * 5)] = 1;
  return mask;
}

const prepared = async (t: TestContext, mask: LabelMap) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-apart-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [volumePath, maskPath] = ['scan.nii', 'mask.nii'].map((name) => join(folder, name));
  for (const path of [volumePath, maskPath]) writeFileSync(path, 'its size and samples of it are read');
  mkdirSync(join(folder, 'cache'));
  const files = {
    readVolume: async () => ({ volume: { ...mask, data: new Float32Array(mask.data.length).fill(1) } }),
    readMask: async () => mask,
  } as unknown as TrainerFiles;
  const item = { scan: 3, name: 'three', volumePath, maskPath };
  return prepareCase(item, join(folder, 'cache'), { spacing: 'native' }, oneChannel({ kind: 'none' }), 2, files);
};

test('what nobody drew has no class: neither one-hot nor counted', () => {
  const { oneHot, voxels } = maskTensors([Uint8Array.from([0, 1, NOT_DRAWN, NOT_DRAWN])], [4, 1, 1], 2);
  assert.deepEqual([...oneHot[0].dataSync()], [1, 0, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual(voxels, [[1, 1]]);
});

test('a slice drawn between the centres of coarser voxels keeps its label', () => {
  const coarse = prepareMask(oneSlice(), { spacing: 4 });
  assert.deepEqual([...coarse.size], [3, 3, 3]);
  assert.deepEqual([...coarse.data.subarray(0, 9)], new Array(9).fill(NOT_DRAWN));
  assert.ok(!coarse.data.subarray(9, 18).includes(NOT_DRAWN), 'slices 4 to 7 are one coarse slice');
  assert.deepEqual([...coarse.data.subarray(18)], new Array(9).fill(NOT_DRAWN));
  const whole = emptyMask([12, 12, 12]);
  whole.data[4 + 12 * (4 + 12 * 4)] = 1;
  assert.deepEqual(
    [...prepareMask(whole, { spacing: 4 }).data].filter(Boolean).length,
    0,
    'a whole mask is the nearest neighbour',
  );
});

test('a prepared case counts drawn voxels alone, and knows where some of them lie', async (t) => {
  const one = await prepared(t, oneSlice());
  assert.deepEqual(one.voxels, [143, 1]);
  assert.deepEqual(one.places?.counts, [0, 1]);
  assert.equal(one.places?.drawn?.count, 144);
  assert.deepEqual(one.places?.drawn?.at(0), [0, 0, 5]);
  assert.deepEqual(one.places?.drawn?.at(143), [11, 11, 5]);
  assert.deepEqual(boxAround(oneSlice(), 0), { start: [6, 6, 5], size: [1, 1, 1] });
});

test('every patch of a scan drawn in part holds drawn voxels', async (t) => {
  const one = await prepared(t, oneSlice());
  const sampler = new TwoStreamSampler([one], [], {
    ...{ patch: [4, 4, 2], classes: 2, labelledPerStep: 2, unlabelledPerStep: 0, seed: 3 },
    ...{ augmentation: 'turns', intensity: 'off' },
  });
  for (let step = 0; step < 10; step++)
    for (const counts of (await sampler.next()).labelled.voxels)
      assert.ok(counts[0] + counts[1] >= 16, 'its drawn slice');
});

test('a mask of which nothing was drawn is a clear error', async (t) => {
  const mask = oneSlice();
  mask.data.fill(NOT_DRAWN);
  await assert.rejects(prepared(t, mask), {
    code: 'mask/nothing-drawn',
    message: /three must hold at least one voxel/,
  });
  assert.equal(sampleDrawn(mask.data, new Random(1)).length, 0);
});
