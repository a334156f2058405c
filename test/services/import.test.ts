import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lpsPoint } from '../../src/core/volume.ts';
import { readMask, readVolume } from '../../src/imaging/index.ts';
import { exportProject } from '../../src/project/services/export/export.ts';
import { keptProvenance } from '../../src/project/services/export/provenance.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import type { Store } from '../../src/project/store/index.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { codes, GRID, maskOf, newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

test('scans come in with the masks of the same name, voxel for voxel', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(join(folder, 'scans'), { 'a.nii.gz': scanOf(1), 'b.nii': scanOf(2), 'c_0000.nii.gz': scanOf(3) });
  await writeVolumes(join(folder, 'masks'), { 'a.nii.gz': maskOf(), 'c.nii.gz': maskOf(1, [0, 0, 0], [1, 1, 1]) });
  const store = newProject(t);
  const seen: number[] = [];
  const report = await importScans(store, join(folder, 'scans'), {
    labels: join(folder, 'masks'),
    onProgress: (p) => p.phase === 'importing' && seen.push(p.done),
  });
  assert.deepEqual(report.failures, []);
  assert.deepEqual(
    store.scans.list().map((scan) => scan.name),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    report.masks.map((mask) => mask.scan),
    ['a', 'c'],
  );
  assert.deepEqual(seen, [0, 1, 2, 3]);
  const a = store.scans.find('a')!;
  const { volume } = await readVolume(store.path(a.volumeFile));
  assert.deepEqual(volume.data, scanOf(1).data);
  const reference = store.masks.reference(a.id)!;
  const mask = await readMask(store.path(reference.file));
  assert.deepEqual(mask.data, maskOf().data);
  assert.deepEqual(mask.size, GRID.size);
  // 3 x 3 x 3 voxels of 1 x 1.5 x 3 mm
  assert.deepEqual(reference.labels, [{ value: 1, voxels: 27, ml: (27 * 4.5) / 1000 }]);
});

test('the same voxels under another name are recognised and not doubled', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(folder, {
    'one.nii.gz': scanOf(1),
    'two.nii': scanOf(1),
    'moved.nii': scanOf(1, { ...GRID, origin: lpsPoint(0, 0, 0) }),
  });
  const store = newProject(t);
  const report = await importScans(store, folder);
  assert.deepEqual(
    report.added.map((scan) => scan.name),
    ['moved', 'one'],
  );
  assert.deepEqual(
    report.duplicates.map(({ name }) => name),
    ['one'],
  );
  const again = await importScans(store, folder);
  assert.deepEqual([again.added.length, again.duplicates.length], [0, 3]);
});

test('another scan of a name in use is imported under a free name with a notice', async (t) => {
  const folder = temporaryFolder(t);
  const store = newProject(t);
  await importScans(store, await writeVolumes(join(folder, '1'), { 'image.nii.gz': scanOf(1) }));
  const report = await importScans(store, await writeVolumes(join(folder, '2'), { 'image.nii.gz': scanOf(2) }));
  assert.equal(report.added[0].name, 'image-2');
  assert.match(report.added[0].notices[0], /image/);
});

test('a wrong mask is refused with the difference stated while its scan is imported', async (t) => {
  const folder = temporaryFolder(t);
  const small = { ...GRID, size: [8, 7, 5] as const };
  const shifted = { ...GRID, origin: lpsPoint(-12.5, 33.2, 4) };
  const half = maskOf();
  const names = ['ok', 'size', 'affine', 'value', 'fraction'];
  await writeVolumes(join(folder, 'scans'), Object.fromEntries(names.map((name, n) => [`${name}.nii.gz`, scanOf(n)])));
  await writeVolumes(join(folder, 'masks'), {
    'ok.nii.gz': maskOf(),
    'size.nii.gz': maskOf(1, [0, 0, 0], [1, 1, 1], small),
    'affine.nii.gz': maskOf(1, [0, 0, 0], [1, 1, 1], shifted),
    'value.nii.gz': maskOf(7),
    'fraction.nii.gz': { ...half, data: Float32Array.from(half.data, (v) => v / 2) },
  });
  const store = newProject(t);
  const report = await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  assert.equal(report.added.length, 5);
  assert.deepEqual(
    report.masks.map((mask) => mask.scan),
    ['ok'],
  );
  const message = (name: string) => report.failures.find((failure) => failure.path.endsWith(`${name}.nii.gz`))!;
  assert.match(message('size').message, /size 8x7x6 against 8x7x5/);
  assert.match(message('affine').message, /origin differs by 3\.2 mm/);
  assert.match(message('value').message, /0 background, 1 kidney, got 7 \(27 voxels\)/);
  assert.deepEqual(codes([message('size'), message('affine'), message('value'), message('fraction')]), [
    'mask/other-grid',
    'mask/other-grid',
    'mask/unknown-value',
    'mask/not-integer',
  ]);
});

test('broken files are listed with their reason and the rest is imported', async (t) => {
  const folder = temporaryFolder(t);
  const nan = { ...scanOf(3), data: Float32Array.from(scanOf(3).data) };
  nan.data[100] = Number.NaN;
  await writeVolumes(folder, {
    'good.nii.gz': scanOf(1),
    'cut.nii': scanOf(2),
    'nan.nii.gz': nan,
    'garbled.nii.gz': scanOf(4),
  });
  truncateSync(join(folder, 'cut.nii'), 500);
  const bytes = readFileSync(join(folder, 'garbled.nii.gz'));
  bytes.fill(0x55, 40, 200);
  writeFileSync(join(folder, 'garbled.nii.gz'), bytes);
  writeFileSync(join(folder, 'text.nii'), 'no picture at all '.repeat(50));
  writeFileSync(join(folder, 'notes.txt'), 'left alone');
  const store = newProject(t);
  const report = await importScans(store, folder);
  assert.deepEqual(
    report.added.map((scan) => scan.name),
    ['good'],
  );
  const byFile = Object.fromEntries(report.failures.map((failure) => [failure.path.split('/').at(-1), failure.code]));
  assert.deepEqual(Object.keys(byFile).sort(), ['cut.nii', 'garbled.nii.gz', 'nan.nii.gz', 'text.nii']);
  assert.equal(byFile['nan.nii.gz'], 'scan/not-finite');
  assert.equal(byFile['cut.nii'], 'scan/truncated');
  for (const failure of report.failures)
    assert.ok(failure.message.length > 20 && failure.cure.length > 5, JSON.stringify(failure));
  assert.deepEqual(readdirSync(join(store.folder, 'volumes')), ['1.nii']);
});

test('an empty folder, one of other files, a missing one and a pattern that fits nothing are told', async (t) => {
  const folder = temporaryFolder(t);
  const store = newProject(t);
  await assert.rejects(importScans(store, folder), { code: 'import/no-scans' });
  writeFileSync(join(folder, 'letter.txt'), 'hello');
  await assert.rejects(importScans(store, folder), { code: 'import/no-scans' });
  await assert.rejects(importScans(store, join(folder, 'gone')), { code: 'import/no-folder' });
  await writeVolumes(folder, { 'a.nii.gz': scanOf(1) });
  await assert.rejects(importScans(store, folder, { only: 'b*' }), { code: 'import/no-scans' });
  await assert.rejects(importScans(store, folder, { labels: join(folder, 'gone') }), { code: 'import/no-folder' });
});

test('importing again with masks adds them to the scans that are there, once', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(join(folder, 'scans'), { 'a.nii.gz': scanOf(1), 'b.nii.gz': scanOf(2) });
  await writeVolumes(join(folder, 'masks'), { 'b.nii.gz': maskOf(), 'stray.nii.gz': maskOf() });
  const store = newProject(t);
  await importScans(store, join(folder, 'scans'));
  const second = await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  assert.deepEqual([second.added.length, second.duplicates.length, second.masks.length], [0, 2, 1]);
  assert.deepEqual(
    second.unmatchedMasks.map((path) => path.split('/').at(-1)),
    ['stray.nii.gz'],
  );
  const third = await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  assert.deepEqual([third.masks.length, third.sameMasks], [0, 1]);
  await writeVolumes(join(folder, 'masks'), { 'b.nii.gz': maskOf(1, [0, 0, 0], [2, 2, 2]) });
  await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  assert.deepEqual(
    store.masks.history(store.scans.find('b')!.id).map((mask) => mask.version),
    [2, 1],
  );
});

test('masks that lie beside the scans are found by name, in the same or a sibling folder', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(folder, {
    'p/a.nii.gz': scanOf(1),
    'p/a_seg.nii.gz': maskOf(),
    'p/lone_seg.nii.gz': scanOf(5),
    'images/b.nii.gz': scanOf(2),
    'labels/b.nii.gz': maskOf(),
  });
  const store = newProject(t);
  const report = await importScans(store, folder);
  assert.deepEqual(report.added.map((scan) => scan.name).sort(), ['a', 'b', 'lone_seg']);
  assert.deepEqual(report.masks.map((mask) => mask.scan).sort(), ['a', 'b']);
});

test('a masks folder inside the scans folder is not taken for scans', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(folder, { 'a.nii.gz': scanOf(1), 'by-hand/a.nii.gz': maskOf() });
  const store = newProject(t);
  const report = await importScans(store, folder, { labels: join(folder, 'by-hand') });
  assert.deepEqual([report.added.map((scan) => scan.name), report.masks.length], [['a'], 1]);
});

test('nnU-Net and MSD folders bring images and masks by themselves', async (t) => {
  const folder = temporaryFolder(t);
  const nnunet = await writeVolumes(join(folder, 'nnunet'), {
    'imagesTr/n1_0000.nii.gz': scanOf(1),
    'labelsTr/n1.nii.gz': maskOf(),
    'imagesTs/n2_0000.nii.gz': scanOf(2),
  });
  writeFileSync(
    join(nnunet, 'dataset.json'),
    JSON.stringify({
      channel_names: { 0: 'CT' },
      labels: { background: 0, ren: 1 },
      numTraining: 1,
      file_ending: '.nii.gz',
    }),
  );
  const msd = await writeVolumes(join(folder, 'msd'), {
    'imagesTr/m1.nii.gz': scanOf(3),
    'labelsTr/m1.nii.gz': maskOf(),
    'imagesTs/m2.nii.gz': scanOf(4),
  });
  writeFileSync(
    join(msd, 'dataset.json'),
    JSON.stringify({
      modality: { 0: 'CT' },
      labels: { 0: 'background', 1: 'kidney' },
      training: [{ image: './imagesTr/m1.nii.gz', label: './labelsTr/m1.nii.gz' }],
      test: ['./imagesTs/m2.nii.gz'],
    }),
  );
  const store = newProject(t);
  const first = await importScans(store, nnunet);
  assert.deepEqual([first.added.map((s) => s.name), first.masks.map((m) => m.scan)], [['n1', 'n2'], ['n1']]);
  assert.ok(first.notices.some((text) => text.includes('value 1 ren') && text.includes('kidney')));
  const second = await importScans(store, msd, { only: 'm1*' });
  assert.deepEqual([second.added.map((s) => s.name), second.masks.map((m) => m.scan)], [['m1'], ['m1']]);
});

test('stopping in between keeps what was imported and says so', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(folder, { 'a.nii.gz': scanOf(1), 'b.nii.gz': scanOf(2), 'c.nii.gz': scanOf(3) });
  const store = newProject(t);
  const abort = new AbortController();
  const report = await importScans(store, folder, {
    signal: abort.signal,
    onProgress: ({ phase, done }) => phase === 'importing' && done === 1 && abort.abort(),
  });
  assert.equal(report.interrupted, true);
  assert.deepEqual(
    store.scans.list().map((scan) => scan.name),
    ['a', 'b'],
  );
  const rest = await importScans(store, folder);
  assert.deepEqual(
    rest.added.map((scan) => scan.name),
    ['c'],
  );
});

test('names with spaces, other scripts, and folders that loop are no obstacle', async (t) => {
  const folder = join(temporaryFolder(t), 'Ordner mit Ümläuten 漢字');
  await writeVolumes(folder, { 'scan one ü.nii.gz': scanOf(1) });
  symlinkSync(folder, join(folder, 'loop'));
  const store = newProject(t);
  const report = await importScans(store, folder);
  assert.equal(report.added.length, 1);
});

test('a drive that vanishes in the middle of an import: what is gone is listed, the rest is imported', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(join(folder, 'scans', 'a'), { 'one.nii.gz': scanOf(1), 'two.nii.gz': scanOf(2) });
  await writeVolumes(join(folder, 'scans', 'drive'), { 'three.nii.gz': scanOf(3), 'four.nii.gz': scanOf(4) });
  const store = newProject(t);
  const report = await importScans(store, join(folder, 'scans'), {
    onProgress: ({ phase, done }) => {
      if (phase === 'importing' && done === 1) rmSync(join(folder, 'scans', 'drive'), { recursive: true, force: true });
    },
  });
  assert.deepEqual(store.scans.list().map((scan) => scan.name), ['one', 'two']); // biome-ignore format: short
  assert.deepEqual(codes(report.failures), ['file/missing', 'file/missing']);
  assert.match(report.failures[0].cure, /drive/);
  assert.deepEqual(readdirSync(join(store.folder, 'volumes')), ['1.nii', '2.nii']);
});

test('paths of 300 characters in several scripts come in, and their names go out again', async (t) => {
  const folder = temporaryFolder(t);
  const deep = join(folder, 'Médecine nucléaire', '患者 七', 'x'.repeat(120), 'y'.repeat(120));
  const name = `${'扫描'.repeat(30)} Ä №7`;
  await writeVolumes(deep, { [`${name}.nii.gz`]: scanOf(1), [`${name}_seg.nii.gz`]: maskOf() });
  const store = newProject(t);
  const report = await importScans(store, folder);
  assert.deepEqual([report.added.map((scan) => scan.name), report.masks.length, report.failures], [[name], 1, []]);
  const { files } = await exportProject(store, { format: 'nifti', output: join(folder, 'aus gabe ü') });
  assert.deepEqual((await readMask(join(folder, 'aus gabe ü', files[0]))).data, maskOf().data);
});

test('a mask that vanished from its folder stops nothing', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(join(folder, 'scans'), { 'a.nii.gz': scanOf(1) });
  mkdirSync(join(folder, 'masks'));
  symlinkSync(join(folder, 'nowhere.nii.gz'), join(folder, 'masks', 'a.nii.gz'));
  const store = newProject(t);
  const report = await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  assert.deepEqual([report.added.length, codes(report.failures)], [1, ['file/missing']]);
});

test('a mask with its voxels in another order over the same box is put in the scan’s order', async (t) => {
  const folder = temporaryFolder(t);
  const mask = maskOf(1, [1, 2, 3], [3, 5, 5]);
  const [ni, nj, nk] = GRID.size;
  // The same mask stored with i running the other way, from the other end.
  const flipped = {
    size: GRID.size,
    spacing: GRID.spacing,
    origin: lpsPoint(GRID.origin[0] + (ni - 1) * GRID.spacing[0], GRID.origin[1], GRID.origin[2]),
    direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] as const,
    data: Uint8Array.from(mask.data, (_, at) => {
      const i = at % ni;
      return mask.data[at - i + (ni - 1 - i)];
    }),
  };
  assert.equal(flipped.data.length, ni * nj * nk);
  await writeVolumes(join(folder, 'scans'), { 'a.nii.gz': scanOf(1) });
  await writeVolumes(join(folder, 'masks'), { 'a.nii.gz': flipped });
  const store = newProject(t);
  const report = await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  assert.deepEqual(report.failures, []);
  const kept = await readMask(store.path(store.masks.reference(1)!.file));
  assert.deepEqual(kept.data, mask.data);
});

test('a mask shifted by whole voxels is another affine and refused', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(join(folder, 'scans'), { 'a.nii.gz': scanOf(1) });
  await writeVolumes(join(folder, 'masks'), {
    'a.nii.gz': maskOf(1, [2, 2, 2], [3, 3, 3], {
      ...GRID,
      origin: lpsPoint(GRID.origin[0] + 1, GRID.origin[1], GRID.origin[2]),
    }),
  });
  const store = newProject(t);
  const report = await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  assert.deepEqual(codes(report.failures), ['mask/other-grid']);
  assert.match(report.failures[0].message, /origin differs by 1 mm/);
});

test('an import that failed leaves no DICOM origin for the next scan that gets its number', async (t) => {
  const store = newProject(t);
  const series = temporaryFolder(t);
  writeSeries(series, { positions: [0, 1, 2, 3].map((k) => [0, 0, 2 * k]) });
  const before = store.scans.nextId();
  const fails = (work: () => unknown) =>
    store.transaction(() => {
      work();
      throw new Error('no room for the row');
    });
  const failing = { ...store, transaction: fails } as unknown as Store;
  await assert.rejects(importScans(failing, series), /no room for the row/);
  assert.equal(store.scans.nextId(), before, 'the number is free again');
  const folder = await writeVolumes(temporaryFolder(t), { 'a.nii.gz': scanOf(1) });
  const { added } = await importScans(store, folder);
  assert.deepEqual([added[0].id, keptProvenance(store, added[0].id)], [before, null]);
});
