import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { boxOf } from '../../src/core/predict/sliding-window.ts';
import type { Sides } from '../../src/core/train/patches.ts';
import type { LabelMap, Volume } from '../../src/core/volume.ts';
import type { TrainerFiles } from '../../src/trainer/worker/dependencies.ts';
import { prepareCase } from '../../src/trainer/worker/prepared-case.ts';
import { temporaryFolder } from '../store/helpers.ts';

const SIZE: Sides = [5, 4, 3];
const GRID = { size: SIZE, spacing: [1, 1, 1], origin: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] } as const;
/** Every voxel differs. */
const image = Float32Array.from({ length: 60 }, (_, i) => 1 + i);
const mask = Uint8Array.from({ length: 60 }, (_, i) => i % 3);

/** Prepares the case of files that are as large as they are said to be; counts how often they are read. */
function caseIn(t: TestContext) {
  const folder = temporaryFolder(t);
  const [volumePath, maskPath] = [join(folder, 'scan.nii'), join(folder, 'mask.nii')];
  for (const path of [volumePath, maskPath]) writeFileSync(path, '');
  const read = { volumes: 0, masks: 0 };
  const files = {
    async readVolume() {
      read.volumes++;
      return { volume: { ...GRID, data: image } as Volume };
    },
    async readMask() {
      read.masks++;
      return { ...GRID, data: mask } as LabelMap;
    },
  } as unknown as TrainerFiles;
  const prepare = (classes = 3, labelled = true) =>
    prepareCase(
      { scan: 7, name: 'case', volumePath, ...(labelled && { maskPath }) },
      join(folder, 'cache'),
      'native',
      { kind: 'none' },
      classes,
      files,
    );
  return { prepare, read, volumePath, maskPath };
}

const BOXES: [name: string, start: Sides, box: Sides][] = [
  ['the whole scan', [0, 0, 0], SIZE],
  ['one voxel in its midst', [3, 2, 1], [1, 1, 1]],
  ['a box inside, away from each border', [1, 1, 1], [3, 2, 1]],
  ['a box over the low borders', [-2, -1, -1], [4, 3, 3]],
  ['a box over the high borders', [3, 2, 1], [4, 4, 4]],
  ['a box larger than the scan', [-1, -2, -3], [8, 9, 10]],
  ['a box beside the scan along x', [5, 0, 0], [2, 2, 2]],
  ['a box below the scan along y', [0, -2, 0], [2, 2, 2]],
  ['a box above the scan along z', [0, 0, 3], [2, 2, 2]],
];

test('a crop read from the prepared files holds the voxels of that place, zero outside the scan', async (t) => {
  const { readImage, readMask, size } = await caseIn(t).prepare();
  assert.deepEqual(size, SIZE);
  for (const [name, start, box] of BOXES) {
    assert.deepEqual(readImage(start, box), boxOf(image, SIZE, start, box), `image, ${name}`);
    assert.deepEqual(readMask?.(start, box), boxOf(mask, SIZE, start, box), `mask, ${name}`);
  }
});

test('a labelled case says how many voxels of each class it has, an unlabelled one has no mask', async (t) => {
  const { prepare } = caseIn(t);
  assert.deepEqual((await prepare()).voxels, [20, 20, 20]);
  const unlabelled = await prepare(3, false);
  assert.deepEqual([unlabelled.voxels, unlabelled.readMask], [undefined, undefined]);
});

test('a mask value that is no class is refused; as many classes as values are enough', async (t) => {
  const { prepare } = caseIn(t);
  await assert.rejects(prepare(2), { code: 'mask/unknown-value', message: /must hold 0 to 1, got 2/ });
  assert.equal((await prepare(3)).voxels?.length, 3);
});

test('a case is prepared once, and anew when its scan, its mask or the classes changed', async (t) => {
  const { prepare, read, volumePath, maskPath } = caseIn(t);
  await prepare();
  await prepare();
  assert.deepEqual(read, { volumes: 1, masks: 1 });
  utimesSync(volumePath, 1, 1);
  await prepare();
  assert.deepEqual(read, { volumes: 2, masks: 2 });
  writeFileSync(maskPath, 'longer');
  await prepare();
  assert.deepEqual(read, { volumes: 3, masks: 3 });
  await prepare(4);
  assert.deepEqual(read, { volumes: 4, masks: 4 });
});
