import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { discoverDataset, discoverScans, readScan, readVolume, writeNifti } from '../../src/imaging/index.ts';
import { globMatcher, stem } from '../../src/imaging/names.ts';
import { counting, GRIDS, rejectsWith, scratch, writeSeries } from './helpers.ts';

const folder = scratch();
let n = 0;
const fresh = () => {
  const path = join(folder, `f${n++}`);
  mkdirSync(path);
  return path;
};
const volume = counting(GRIDS.axial);

test('names with blanks, Unicode and 300-character paths are read and written', async () => {
  const deep = join(fresh(), 'Médecine nucléaire', '患者 七', 'x'.repeat(120), 'y'.repeat(120));
  mkdirSync(deep, { recursive: true });
  const path = join(deep, 'scan Ä – №7.nii.gz');
  assert.ok(path.length > 300);
  await writeNifti(path, volume);
  const { sources, failures } = await discoverScans(folder);
  assert.deepEqual(
    sources.map((s) => s.name),
    ['scan Ä – №7'],
  );
  assert.deepEqual(failures, []);
  assert.deepEqual((await readScan(sources[0])).volume.data, volume.data);
});

test('symbolic links in a circle end, and a broken link is reported', async () => {
  const here = fresh();
  mkdirSync(join(here, 'a'));
  symlinkSync(here, join(here, 'a', 'back'));
  symlinkSync(join(here, 'loop2'), join(here, 'loop1'));
  symlinkSync(join(here, 'loop1'), join(here, 'loop2'));
  symlinkSync(join(here, 'nowhere'), join(here, 'broken.nii'));
  await writeNifti(join(here, 'a', 'x.nii'), volume);
  const { sources, failures } = await discoverScans(here);
  assert.deepEqual(
    sources.map((s) => s.name),
    ['x'],
  );
  assert.deepEqual(failures.map((f) => f.code).sort(), ['file/link-loop', 'file/link-loop', 'file/missing']);
});

test('a drive that vanishes during import fails the files that are gone and keeps the rest', async () => {
  const here = fresh();
  writeSeries(join(here, 'lost'), {
    positions: [
      [0, 0, 0],
      [0, 0, 2],
    ],
  });
  await writeNifti(join(here, 'kept.nii'), volume);
  const { sources } = await discoverScans(here);
  rmSync(join(here, 'lost'), { recursive: true });
  const lost = sources.find((s) => s.kind === 'dicom')!;
  await rejectsWith(readScan(lost), 'file/missing');
  assert.deepEqual((await readScan(sources.find((s) => s.kind === 'nifti')!)).volume.data, volume.data);
});

test('a read-only folder refuses a file with the cure', {
  skip: process.platform === 'linux' ? false : 'needs a folder that even root may not write',
}, async () => {
  const here = fresh();
  chmodSync(here, 0o500);
  // Root may write everywhere but into the kernel's own file systems.
  const target = process.getuid?.() === 0 ? '/sys/kernel' : here;
  await assert.rejects(writeNifti(join(target, 'x.nii'), volume), (error: Error & { code: string; cure: string }) => {
    assert.match(error.code, /^file\/(no-permission|read-only)$/);
    assert.match(error.cure, /folder/);
    return true;
  });
});

test('a full disk is said in words and leaves nothing behind', {
  skip: process.platform === 'linux' ? false : 'needs /dev/full',
}, async () => {
  const { fileError } = await import('../../src/disk/index.ts');
  const { open } = await import('node:fs/promises');
  const full = await open('/dev/full', 'w');
  try {
    await full.write(Buffer.alloc(10));
    assert.fail('/dev/full took bytes');
  } catch (error) {
    assert.equal(fileError('x.nii', error).code, 'file/disk-full');
  } finally {
    await full.close();
  }
});

test('a missing, empty or foreign folder says so', async () => {
  await rejectsWith(discoverScans(join(folder, 'absent')), 'file/missing');
  const empty = fresh();
  assert.deepEqual(
    (await discoverScans(empty)).failures.map((f) => f.code),
    ['import/no-scans'],
  );
  writeFileSync(join(empty, 'letter.txt'), 'Dear');
  writeFileSync(join(empty, 'table.csv'), '1,2');
  assert.deepEqual(
    (await discoverScans(empty)).failures.map((f) => f.code),
    ['import/no-scans'],
  );
  writeFileSync(join(empty, 'strange'), 'abc');
  assert.deepEqual(
    (await discoverScans(empty)).failures.map((f) => f.code),
    ['scan/unknown-format'],
  );
  await rejectsWith(readVolume(empty), 'scan/unknown-format');
});

test('progress counts every file and a signal stops the search', async () => {
  const here = fresh();
  writeSeries(here, { positions: Array.from({ length: 12 }, (_, k) => [0, 0, 2 * k]) });
  const seen: number[] = [];
  await discoverScans(here, { onProgress: (done, total) => seen.push(done / total) });
  assert.equal(seen.length, 12);
  assert.equal(seen.at(-1), 1);
  const stop = new AbortController();
  await assert.rejects(discoverScans(here, { signal: stop.signal, onProgress: () => stop.abort() }), {
    name: 'AbortError',
  });
});

test('--only takes a glob on case name, file name or path', async () => {
  const here = fresh();
  for (const name of ['la_001.nii', 'la_002.nii', 'other.nii']) await writeNifti(join(here, name), volume);
  const names = async (only: string) => (await discoverScans(here, { only })).sources.map((s) => s.name);
  assert.deepEqual(await names('la_*'), ['la_001', 'la_002']);
  assert.deepEqual(await names('la_00{2,3}'), ['la_002']);
  assert.deepEqual(await names('*.nii'), ['la_001', 'la_002', 'other']);
  assert.deepEqual(await names('x*'), []);
  assert.ok(globMatcher('a/**/b.?ii')('a/x/y/b.nii'));
  const table: [glob: string, text: string, matches: boolean][] = [
    ['a.c', 'abc', false],
    ['a/*', 'a/x/y', false],
    ['**/b.nii', 'b.nii', true],
    ['la_[0-3]*', 'la_21', true],
    ['la_[!0-3]*', 'la_21', false],
    ['*', '.hidden', true],
    ['!a', '!a', true],
    ['!a', 'b', false],
    ['scan (1)', 'scan (1)', true],
    ['scan (1)', 'scan 1', false],
    ['scan (*)', 'scan (7)', true],
    ['a|b', 'a', false],
    ['T1+C *', 'T1+C 2', true],
    ['CT [thorax]', 'CT [thorax]', true],
    ['{患者,patient} *', '患者 七', true],
  ];
  for (const [glob, text, matches] of table) assert.equal(globMatcher(glob)(text), matches, `${glob} on ${text}`);
});

test('equal stems in different folders get their folders’ names, nnU-Net’s channel number is dropped', async () => {
  const here = fresh();
  for (const sub of ['sub-01', 'sub-02']) {
    mkdirSync(join(here, sub));
    await writeNifti(join(here, sub, 'T1.nii.gz'), volume);
  }
  await writeNifti(join(here, 'case_0000.nii.gz'), volume);
  assert.deepEqual((await discoverScans(here)).sources.map((s) => s.name).sort(), ['case', 'sub-01_T1', 'sub-02_T1']);
  assert.equal(stem('/a/b.c_0000.nii.gz'), 'b.c');
});

test('dataset.json is understood in both forms and must stay in its folder', async () => {
  const here = fresh();
  assert.equal(await discoverDataset(here), null);
  for (const sub of ['imagesTr', 'labelsTr', 'imagesTs']) mkdirSync(join(here, sub));
  for (const file of [
    'imagesTr/a_0000.nii.gz',
    'imagesTr/b_0000.nii.gz',
    'labelsTr/a.nii.gz',
    'imagesTs/c_0000.nii.gz',
  ])
    await writeNifti(join(here, file), volume);
  const write = (json: unknown) =>
    writeFileSync(join(here, 'dataset.json'), typeof json === 'string' ? json : JSON.stringify(json));
  write({ channel_names: { 0: 'CT' }, labels: { background: 0, kidney: 1 }, numTraining: 1, file_ending: '.nii.gz' });
  const nnunet = await discoverDataset(here);
  assert.equal(nnunet?.layout, 'nnunet');
  assert.deepEqual(
    nnunet?.cases.map((c) => [c.name, c.mask !== undefined]),
    [
      ['a', true],
      ['b', false],
      ['c', false],
    ],
  );
  assert.deepEqual(nnunet?.labels, [
    { value: 0, name: 'background' },
    { value: 1, name: 'kidney' },
  ]);
  write({
    modality: { 0: 'CT' },
    labels: { 0: 'background', 1: 'kidney' },
    training: [{ image: './imagesTr/a_0000.nii.gz', label: './labelsTr/a.nii.gz' }],
    test: ['./imagesTs/c_0000.nii.gz'],
  });
  const msd = await discoverDataset(here);
  assert.equal(msd?.layout, 'msd');
  assert.deepEqual(
    msd?.cases.map((c) => [c.name, c.mask !== undefined]),
    [
      ['a', true],
      ['c', false],
    ],
  );
  write({ labels: { 0: 'background' }, training: [{ image: '../../secret.nii.gz' }] });
  await rejectsWith(discoverDataset(here), 'import/dataset-json');
  write('{ not json');
  await rejectsWith(discoverDataset(here), 'import/dataset-json');
});
