import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseChannels } from '../../src/cli/channels.ts';
import type { Volume } from '../../src/core/volume.ts';
import { lpsPoint } from '../../src/core/volume.ts';
import { readVolume, writeNifti4D } from '../../src/imaging/index.ts';
import { exportProject } from '../../src/project/services/export/export.ts';
import { type ImportOptions, importScans } from '../../src/project/services/import/import.ts';
import type { Store } from '../../src/project/store/index.ts';
import { codes, maskOf, newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

/** Name of each scan with its channels, each as name:kind and the number that made its voxels. */
async function contents(store: Store, seeds = 40): Promise<Record<string, string[]>> {
  const entries: [string, string[]][] = [];
  for (const { id, name } of store.scans.list()) {
    const channels: string[] = [];
    for (const { name: channel, kind, file } of store.channels.of(id)) {
      const { data } = (await readVolume(store.path(file))).volume;
      const seed = Array.from({ length: seeds }, (_, n) => n).find((n) =>
        scanOf(n).data.every((value, at) => value === data[at]),
      );
      channels.push(`${channel}:${kind} ${seed}`);
    }
    entries.push([name, channels]);
  }
  return Object.fromEntries(entries);
}

async function imported(
  t: TestContext,
  files: Record<string, Volume>,
  options: ImportOptions = {},
  store = newProject(t),
) {
  const folder = await writeVolumes(temporaryFolder(t), files);
  const report = await importScans(store, folder, options);
  return { store, report, folder, scans: await contents(store), said: report.notices.join('\n') };
}

const four = async (path: string, ...seeds: number[]) => {
  mkdirSync(join(path, '..'), { recursive: true });
  await writeNifti4D(
    path,
    seeds.map((seed) => scanOf(seed)),
  );
};

test('the volumes of 4D files are channels of one scan, named or counted', async (t) => {
  const folder = temporaryFolder(t);
  await four(join(folder, 'a.nii.gz'), 1, 2, 3);
  await four(join(folder, 'b.nii'), 4, 5, 6);
  await writeVolumes(join(folder, 'labels'), { 'a.nii.gz': maskOf() });
  const counted = newProject(t);
  const report = await importScans(counted, folder, { labels: join(folder, 'labels') });
  assert.deepEqual(codes(report.failures), []);
  assert.deepEqual(await contents(counted), {
    a: ['channel 1:ct 1', 'channel 2:ct 2', 'channel 3:ct 3'],
    b: ['channel 1:ct 4', 'channel 2:ct 5', 'channel 3:ct 6'],
  });
  assert.deepEqual(
    report.masks.map(({ scan }) => scan),
    ['a'],
  );
  assert.match(
    report.notices.join('\n'),
    /volumes of 2 files are channels of one scan each; name them with --channels/,
  );
  // The same again is known; a copy under another name too.
  const again = await importScans(counted, folder, { only: 'a*' });
  assert.deepEqual([again.added, again.duplicates.map(({ name }) => name)], [[], ['a']]);
  const named = newProject(t);
  await importScans(named, folder, { channels: [{ name: 't1' }, { name: 'CT' }, { name: 'x', kind: 'pet' }] });
  assert.deepEqual(await contents(named), {
    a: ['t1:mr 1', 'CT:ct 2', 'x:pet 3'],
    b: ['t1:mr 4', 'CT:ct 5', 'x:pet 6'],
  });
  // Later files are read as the project's channels.
  const more = temporaryFolder(t);
  await four(join(more, 'c.nii'), 7, 8, 9);
  await four(join(more, 'd.nii'), 10, 11);
  const later = await importScans(named, more);
  assert.deepEqual((await contents(named)).c, ['t1:mr 7', 'CT:ct 8', 'x:pet 9']);
  assert.deepEqual(codes(later.failures), ['channels/no-volume']);
  const none = await importScans(newProject(t), more, { channels: 'none' });
  assert.deepEqual(codes(none.failures), ['scan/four-dimensional', 'scan/four-dimensional']);
});

test("nnU-Net's numbered files are channels, with dataset.json and without", async (t) => {
  const files = Object.fromEntries(
    ['a', 'b'].flatMap((name, n) => [0, 1].map((k) => [`imagesTr/${name}_000${k}.nii.gz`, scanOf(10 * n + k)])),
  );
  const plain = await imported(t, { ...files, 'labelsTr/b.nii.gz': maskOf() });
  assert.deepEqual(plain.scans, { a: ['channel 1:ct 0', 'channel 2:ct 1'], b: ['channel 1:ct 10', 'channel 2:ct 11'] });
  assert.deepEqual(
    plain.report.masks.map(({ scan }) => scan),
    ['b'],
  );
  assert.match(plain.said, /Files _0000 to _0001 of each case are channels of one scan/);

  const folder = await writeVolumes(temporaryFolder(t), { ...files, 'labelsTr/a.nii.gz': maskOf() });
  const json = { channel_names: { 0: 'CT', 1: 'PET' }, labels: { background: 0, kidney: 1 }, numTraining: 2 };
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...json, file_ending: '.nii.gz' }));
  const store = newProject(t);
  const report = await importScans(store, folder);
  assert.deepEqual(await contents(store), { a: ['CT:ct 0', 'PET:pet 1'], b: ['CT:ct 10', 'PET:pet 11'] });
  assert.match(report.notices[0], /nnU-Net data set with 2 cases of the channels CT, PET/);
  assert.deepEqual(
    report.masks.map(({ scan }) => scan),
    ['a'],
  );
});

test('a data set with the channels of the project in another order is read by their names; one of other channels is refused', async (t) => {
  const store = newProject(t);
  const bring = async (names: string[], seed: number, options: ImportOptions = {}) => {
    const files = Object.fromEntries(names.map((_, k) => [`imagesTr/s${seed}_000${k}.nii.gz`, scanOf(seed + k)]));
    const folder = await writeVolumes(temporaryFolder(t), files);
    const json = { channel_names: { ...names }, labels: { background: 0, kidney: 1 }, numTraining: 1 };
    writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...json, file_ending: '.nii.gz' }));
    return importScans(store, folder, options);
  };
  await bring(['CT', 'PET'], 10);
  await bring(['pet', 'ct'], 20);
  const { failures } = await bring(['T1', 'T2'], 30);
  assert.deepEqual(codes(failures), ['channels/other']);
  await bring(['first', 'second'], 34, { channels: [{ name: 'PET' }, { name: 'CT' }] });
  const found = await contents(store);
  assert.deepEqual(
    Object.entries(found).map(([name, channels]) => [name, ...channels.toSorted()]),
    [
      ['s10', 'CT:ct 10', 'PET:pet 11'],
      ['s20', 'CT:ct 21', 'PET:pet 20'],
      ['s34', 'CT:ct 35', 'PET:pet 34'],
    ],
  );
});

test('in a project of numbered channels a case may come alone, lack one, and is refused by name with one too many', async (t) => {
  const first = { 'a_0000.nii': scanOf(1), 'a_0001.nii': scanOf(2), 'b_0000.nii': scanOf(3), 'b_0001.nii': scanOf(4) };
  const { store } = await imported(t, first);
  const more = await imported(
    t,
    {
      'c_0000.nii': scanOf(5),
      'd_0001.nii': scanOf(6),
      ...{ 'e_0000.nii': scanOf(7), 'e_0001.nii': scanOf(8), 'e_0002.nii': scanOf(9) },
    },
    {},
    store,
  );
  assert.deepEqual([more.scans.c, more.scans.d], [['channel 1:ct 5'], ['channel 2:ct 6']]);
  assert.deepEqual(
    more.report.added.map(({ notices }) => notices),
    [['The scan has no channel 2.'], ['The scan has no channel 1.']],
  );
  assert.deepEqual(Object.keys(more.scans), ['a', 'b', 'c', 'd']);
  assert.deepEqual(codes(more.report.failures), ['channels/other']);
  assert.match(
    more.report.failures[0].message,
    /^The scans of a project must have the channels channel 1, channel 2, got files _0000, _0001, _0002 of e\.$/,
  );
});

test('a numbered series is no scan of channels, and each file is a scan where that is asked for', async (t) => {
  const numbers = (count: number, name = 'x') =>
    Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`${name}_${String(n).padStart(4, '0')}.nii.gz`, scanOf(n)]),
    );
  assert.deepEqual(Object.keys((await imported(t, numbers(3))).scans), ['x', 'x_0001', 'x_0002']);
  assert.equal(Object.keys((await imported(t, { ...numbers(12), ...numbers(2, 'y') })).scans).length, 14 - 2);
  const pair = { ...numbers(2), 'y_0000.nii.gz': scanOf(5), 'y_0001.nii.gz': scanOf(6) };
  const none = await imported(t, pair, { channels: 'none' });
  assert.deepEqual(none.scans, { x: [], x_0001: [], y: [], y_0001: [] });
});

const brats = (seed: number, folder: string, names: string[], form = (n: string) => `${folder}_${n}`) =>
  Object.fromEntries(names.map((name, n) => [`${folder}/${form(name)}.nii.gz`, scanOf(seed + n)]));

test("BraTS' sequences of each case are channels, whatever the year calls them; one may be missing", async (t) => {
  const files = {
    ...brats(0, 'BraTS20_001', ['flair', 't1', 't1ce', 't2']),
    'BraTS20_001/BraTS20_001_seg.nii.gz': maskOf(),
    ...brats(10, 'BraTS-GLI-002', ['t1c', 't1n', 't2f', 't2w'], (n) => `BraTS-GLI-002-${n}`),
    ...brats(20, 'three', ['T1', 'T1Gd', 'T2'], (n) => n),
  };
  const { scans, report, said } = await imported(t, files);
  assert.deepEqual(scans, {
    BraTS20_001: ['t1:mr 1', 't1ce:mr 2', 't2:mr 3', 'flair:mr 0'],
    'BraTS-GLI-002': ['t1:mr 11', 't1ce:mr 10', 't2:mr 13', 'flair:mr 12'],
    three: ['t1:mr 20', 't1ce:mr 21', 't2:mr 22'],
  });
  assert.deepEqual(
    report.masks.map(({ scan }) => scan),
    ['BraTS20_001'],
  );
  assert.match(said, /t1, t1ce, t2, flair of each case are channels of one scan; --channels none/);
  const three = report.added.find(({ name }) => name === 'three');
  assert.deepEqual(
    three?.notices.filter((text) => text.includes('no flair')),
    ['The scan has no flair.'],
  );
  // The year's own layout takes FLAIR alone unless channels are named.
  const year = Object.fromEntries(
    Object.entries(brats(0, 'A', ['flair', 't1', 't1ce', 't2'])).map(([k, v]) => [`HGG/${k}`, v]),
  );
  assert.deepEqual((await imported(t, year)).scans, { A: [] });
  const named = await imported(t, year, { channels: [{ name: 't1c' }, { name: 'FLAIR' }] });
  assert.deepEqual(named.scans, { A: ['t1c:mr 2', 'FLAIR:mr 0'] });
});

test('channels on other grids, other channels than the project has and scans without names are refused by name', async (t) => {
  const moved = { ...scanOf(2), origin: lpsPoint(0, 0, 0) };
  const pair = (second: Volume) => ({ 'p_t1.nii.gz': scanOf(1), 'p_ct.nii.gz': second });
  const channels = [{ name: 't1' }, { name: 'ct' }];
  const wrong = await imported(t, pair(moved), { channels });
  assert.deepEqual([wrong.scans, codes(wrong.report.failures)], [{}, ['channels/other-grid']]);
  assert.match(wrong.report.failures[0].message, /All channels of p must lie on one grid, got another one for ct: /);
  const { store } = await imported(t, pair(scanOf(2)), { channels });
  const others = await imported(
    t,
    { 'q_t2.nii.gz': scanOf(3), 'q_t1.nii.gz': scanOf(4) },
    { channels: [{ name: 't2' }] },
    store,
  );
  assert.deepEqual(codes(others.report.failures), ['channels/other', 'channels/other']);
  assert.deepEqual(Object.keys(others.scans), ['p']);
  const single = newProject(t);
  await imported(t, { 'one.nii.gz': scanOf(1) }, {}, single);
  const late = await imported(t, pair(scanOf(2)), { channels }, single);
  assert.deepEqual([Object.keys(late.scans), codes(late.report.failures)], [['one'], ['channels/other']]);
  assert.match(late.report.failures[0].message, /must have one channel, as those before, got t1, ct/);
});

test('channels come out to nnU-Net and MSD as they came in', async (t) => {
  const files = {
    'a_t1.nii.gz': scanOf(1),
    'a_ct.nii.gz': scanOf(2),
    'b_t1.nii.gz': scanOf(3),
    'a_seg.nii.gz': maskOf(),
  };
  const { store } = await imported(t, files, { channels: [{ name: 't1' }, { name: 'ct' }] });
  const out = temporaryFolder(t);
  const nnunet = await exportProject(store, { format: 'nnunet', output: join(out, 'nnunet') });
  assert.deepEqual(nnunet.files.filter((file) => file.startsWith('images')).sort(), [
    'imagesTr/a_0000.nii.gz',
    'imagesTr/a_0001.nii.gz',
    'imagesTs/b_0000.nii.gz',
  ]);
  assert.match(nnunet.notices.join(), /b has no ct: nnU-Net needs a file for every channel/);
  const json = (name: string) => JSON.parse(readFileSync(join(out, name, 'dataset.json'), 'utf8'));
  assert.deepEqual(json('nnunet').channel_names, { 0: 't1', 1: 'CT' });
  const back = newProject(t);
  await importScans(back, join(out, 'nnunet'));
  assert.deepEqual(await contents(back), { a: ['t1:mr 1', 'CT:ct 2'], b: ['t1:mr 3'] });
  const msd = await exportProject(store, { format: 'msd', output: join(out, 'msd') });
  assert.match(msd.notices.join(), /b has no ct: its volume is zero/);
  assert.deepEqual([json('msd').modality, json('msd').tensorImageSize], [{ 0: 't1', 1: 'CT' }, '4D']);
  const again = newProject(t);
  await importScans(again, join(out, 'msd'));
  assert.deepEqual((await contents(again)).a, ['t1:mr 1', 'CT:ct 2']);
});

test('names of channels on the command line', () => {
  assert.deepEqual(parseChannels('t1, a b:ct,PET:PET'), [
    { name: 't1' },
    { name: 'a b', kind: 'ct' },
    { name: 'PET', kind: 'pet' },
  ]);
  assert.equal(parseChannels('none'), 'none');
  for (const [text, message] of [
    ['t1,,ct', /names with commas/],
    ['t1:xx', /one of ct, mr, pet, got xx/],
    ['t1,T1', /t1 twice/],
    ['1,2,3,4,5,6,7,8,9,10', /at most 9 names, got 10/],
  ] as const)
    assert.throws(() => parseChannels(text), message);
});
