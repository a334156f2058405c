import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import type { TrainerFiles } from '../../src/trainer/worker/dependencies.ts';
import { prepareCase } from '../../src/trainer/worker/prepared-case.ts';

const GRID: Grid = {
  size: [6, 5, 4],
  spacing: spacingMm(1, 1, 4),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

/** Label 1 at voxel (3, 2, 1), label 2 in the whole last slice. */
const mask = new Uint8Array(120);
mask[3 + 6 * (2 + 5 * 1)] = 1;
mask.fill(2, 90);
const image = Float32Array.from({ length: 120 }, (_, i) => i);

test('a prepared case knows its voxel size and where its labels lie, read from its files one by one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-prepared-'));
  try {
    const [volumePath, maskPath] = ['scan.nii', 'mask.nii'].map((name) => join(folder, name));
    for (const path of [volumePath, maskPath]) writeFileSync(path, 'its size and time alone are read');
    let reads = 0;
    const files = {
      readVolume: async () => ({ volume: { ...GRID, data: image } }),
      readMask: async () => {
        reads++;
        return { ...GRID, data: mask };
      },
    } as unknown as TrainerFiles;
    const cache = join(folder, 'cache');
    mkdirSync(cache);
    const prepare = () =>
      prepareCase({ scan: 7, name: 'seven', volumePath, maskPath }, cache, 'native', { kind: 'none' }, 3, files);
    const prepared = await prepare();
    assert.deepEqual(prepared.spacing, [1, 1, 4]);
    assert.deepEqual(prepared.voxels, [89, 1, 30]);
    assert.deepEqual(prepared.places?.counts, [0, 1, 30]);
    assert.deepEqual(prepared.places?.at(1, 0), [3, 2, 1]);
    assert.deepEqual(
      Array.from({ length: 30 }, (_, n) => prepared.places?.at(2, n)),
      Array.from({ length: 30 }, (_, n) => [n % 6, Math.floor(n / 6), 3]),
    );
    assert.deepEqual((await prepare()).places?.at(2, 29), [5, 4, 3]);
    assert.equal(reads, 1, 'what was prepared is not prepared again');
    assert.equal(readdirSync(cache).length, 4);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
