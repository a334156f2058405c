/** NIfTI of every type, both byte orders, one file or two, as nibabel writes them: what the page of formats says is read. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { readVolume } from '../../src/imaging/index.ts';
import { scratch } from './helpers.ts';

const PYTHON = process.env.DECILE_PYTHON ?? 'python3';
const noNibabel =
  spawnSync(PYTHON, ['-c', 'import nibabel, numpy'], { stdio: 'ignore' }).status === 0
    ? false
    : 'nibabel is not installed (set DECILE_PYTHON to a Python that has it)';

test('ten types in two byte orders, as .nii, .nii.gz, .hdr with .img, and NIfTI-2', { skip: noNibabel }, async () => {
  const program = join(import.meta.dirname, 'nibabel_files.py');
  const files = JSON.parse(
    execFileSync(PYTHON, ['-W', 'ignore', program, scratch()], { encoding: 'utf8', maxBuffer: 1 << 26 }),
  ) as { path: string; values: number[] }[];
  assert.equal(files.length, 80);
  for (const { path, values } of files) {
    const { volume } = await readVolume(path);
    assert.deepEqual([...volume.data], values, basename(path));
    assert.deepEqual(
      [volume.size, volume.spacing.map((mm) => +mm.toFixed(5))],
      [
        [5, 4, 3],
        [0.7, 0.8, 2.5],
      ],
    );
  }
});
