import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { oneChannel } from '../../src/core/model-channels.ts';
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
    for (const path of [volumePath, maskPath]) writeFileSync(path, 'its size and samples of it are read');
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
      prepareCase(
        { scan: 7, name: 'seven', volumePath, maskPath },
        cache,
        { spacing: 'native' },
        oneChannel({ kind: 'none' }),
        3,
        files,
      );
    const prepared = await prepare();
    assert.deepEqual(prepared.spacing, [1, 1, 4]);
    assert.deepEqual(prepared.body, { start: [0, 0, 0], size: [6, 5, 4] });
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

test('a prepared scan that was cut short or changed is made anew; a moved project keeps its own (silent-damage, leftovers)', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-prepared-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  let reads = 0;
  const files = {
    readVolume: async () => {
      reads++;
      return { volume: { ...GRID, data: image } };
    },
    readMask: async () => ({ ...GRID, data: mask }),
  } as unknown as TrainerFiles;
  const project = join(folder, 'project');
  for (const name of ['volumes', 'masks/7', 'cache']) mkdirSync(join(project, name), { recursive: true });
  writeFileSync(join(project, 'volumes/7.nii'), 'voxels');
  writeFileSync(join(project, 'masks/7/1.nii.gz'), 'labels');
  const prepare = (root: string) => {
    const [volumePath, maskPath] = ['volumes/7.nii', 'masks/7/1.nii.gz'].map((name) => join(root, name));
    return prepareCase(
      { scan: 7, name: 's', volumePath, maskPath },
      join(root, 'cache'),
      { spacing: 'native' },
      oneChannel({ kind: 'none' }),
      3,
      files,
    );
  };
  const whole = [...(await prepare(project)).readImage([0, 0, 0], [6, 5, 4])];
  const kept = (end: string) =>
    join(project, 'cache', readdirSync(join(project, 'cache')).find((name) => name.endsWith(end))!);
  for (const [n, end] of ['.f32', '.u8', '.places'].entries()) {
    truncateSync(kept(end), 3);
    assert.deepEqual([...(await prepare(project)).readImage([0, 0, 0], [6, 5, 4])], whole);
    assert.equal(reads, n + 2, end);
  }
  writeFileSync(kept('.f32'), Buffer.alloc(480));
  assert.deepEqual([...(await prepare(project)).readImage([0, 0, 0], [6, 5, 4])], whole);
  // The record itself: cut short, of another content, and with one number changed.
  const record = readFileSync(kept('.json'), 'utf8');
  for (const damaged of [record.slice(0, 20), '{}', record.replace('"size":[6,5,4]', '"size":[6,4,5]')]) {
    assert.notEqual(damaged, record);
    writeFileSync(kept('.json'), damaged);
    const before = reads;
    assert.deepEqual([...(await prepare(project)).readImage([0, 0, 0], [6, 5, 4])], whole);
    assert.deepEqual([reads - before, readFileSync(kept('.json'), 'utf8')], [1, record]);
  }
  reads -= 3;
  const moved = join(folder, 'elsewhere');
  cpSync(project, moved, { recursive: true });
  utimesSync(join(moved, 'volumes/7.nii'), 1, 1);
  await prepare(moved);
  assert.equal(reads, 5, 'a copy asks for what it has');
  assert.equal(readdirSync(join(moved, 'cache')).length, 4);
  writeFileSync(join(moved, 'volumes/7.nii'), 'others');
  await prepare(moved);
  assert.equal(reads, 6, 'another scan of the same name is prepared by itself');
});

test('the body of a prepared case holds what is bright, and what is drawn outside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-prepared-'));
  try {
    const [volumePath, maskPath] = ['scan.nii', 'mask.nii'].map((name) => join(folder, name));
    for (const path of [volumePath, maskPath]) writeFileSync(path, 'its size and time alone are read');
    const dark = new Float32Array(120);
    dark[1 + 6 * 1] = 5;
    dark[4 + 6 * (2 + 5 * 2)] = 9;
    const files = {
      readVolume: async () => ({ volume: { ...GRID, data: dark } }),
      readMask: async () => ({ ...GRID, data: Uint8Array.from(dark, (_, i) => Number(i === 5 + 6 * 2)) }),
    } as unknown as TrainerFiles;
    const prepare = (masked: boolean) => {
      const item = { scan: 7, name: 'seven', volumePath, ...(masked && { maskPath }) };
      return prepareCase(item, folder, { spacing: 'native' }, oneChannel({ kind: 'mr' }), 2, files);
    };
    assert.deepEqual((await prepare(false)).body, { start: [1, 1, 0], size: [4, 2, 3] });
    assert.deepEqual((await prepare(true)).body, { start: [1, 1, 0], size: [5, 2, 3] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a corrected scan knows where its prediction was changed, and is prepared anew for another prediction', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-prepared-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  for (const name of ['scan.nii', 'mask.nii', 'first.nii', 'second.nii'])
    writeFileSync(path(name), `samples of ${name}`);
  const first = mask.slice();
  first[0] = 1;
  first[119] = 1;
  const read: Record<string, Uint8Array> = { 'mask.nii': mask, 'first.nii': first, 'second.nii': mask };
  const files = {
    readVolume: async () => ({ volume: { ...GRID, data: image } }),
    readMask: async (from: string) => ({ ...GRID, data: read[from.split('/').at(-1)!] }),
  } as unknown as TrainerFiles;
  const prepared = async (predicted: string) => {
    const item = { scan: 7, name: 'seven', volumePath: path('scan.nii'), maskPath: path('mask.nii') };
    const { places } = await prepareCase(
      { ...item, predictedPath: path(predicted) },
      folder,
      { spacing: 'native' },
      oneChannel({ kind: 'none' }),
      3,
      files,
    );
    const { corrected } = places!;
    return corrected && Array.from({ length: corrected.count }, (_, n) => corrected.at(n));
  };
  assert.deepEqual(await prepared('first.nii'), [
    [0, 0, 0],
    [5, 4, 3],
  ]);
  assert.equal(await prepared('second.nii'), undefined);
});
