import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gridOf } from '../../src/core/geometry.ts';
import { parseDicom } from '../../src/imaging/dicom/dataset.ts';
import { el } from '../../src/imaging/dicom/encode.ts';
import { findIdentifiers, readDicomSeg, readMask, readVolume } from '../../src/imaging/index.ts';
import { saveMaskVersion } from '../../src/project/services/drawing/mask-versions.ts';
import { deidentifyFolder, searchIdentifiers } from '../../src/project/services/export/deidentify.ts';
import { exportProject } from '../../src/project/services/export/export.ts';
import { provenanceOf } from '../../src/project/services/export/provenance.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import type { Store } from '../../src/project/store/index.ts';
import { missing, writeSeries } from '../imaging/helpers.ts';
import { addRun } from '../store/helpers.ts';
import { maskOf, newProject, projectWith, temporaryFolder } from './helpers.ts';

const POSITIONS = [0, 1, 2, 3, 4].map((k) => [-3, -4, 10 + 2 * k]);

/** A project of `count` DICOM series of one patient, each with a mask of two labels. */
async function dicomProject(t: TestContext, folder: string, count = 1): Promise<Store> {
  for (let n = 0; n < count; n++)
    writeSeries(join(folder, 'pacs', `S${n}`), {
      positions: POSITIONS,
      value: (i, j, k) => n + i + 10 * j + 100 * k,
      description: `series${n}`,
      extra: () => [
        el('00100010', 'PN', 'Mustermann^Erika'),
        el('00100020', 'LO', 'PAT-4711'),
        el('00100030', 'DA', '19610512'),
      ],
    });
  const store = newProject(t, ['Left Kidney', 'tumour']);
  await importScans(store, join(folder, 'pacs'));
  for (const scan of store.scans.list())
    await saveMaskVersion(store, scan, pattern(scan), { origin: 'manual', accepted: true });
  return store;
}

const pattern = (grid: Parameters<typeof gridOf>[0]) => {
  const data = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
  for (let n = 48; n < data.length - 48; n++) data[n] = (n * n + (n >> 3)) % 3;
  return { ...gridOf(grid), data };
};

const errorsOf = (path: string) =>
  execFileSync('sh', ['-c', 'dciodvfy "$1" 2>&1 || true', 'sh', path], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.startsWith('Error'));

test('DICOM SEG joins the study of its images, also when their files are gone, and imports again voxel for voxel', async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder);
  const [scan] = store.scans.list();
  const original = readFileSync(join(folder, 'pacs', 'S0', 'im003'));
  const source = parseDicom('x', original, true).dataSet;
  rmSync(join(folder, 'pacs'), { recursive: true });
  const report = await exportProject(store, { format: 'seg', output: join(folder, 'out') });
  assert.deepEqual(report.files, [`${scan.name}.seg.dcm`]);
  const path = join(folder, 'out', report.files[0]);
  const seg = await readDicomSeg(path);
  assert.deepEqual(
    seg.segments.map((s) => [s.label, s.algorithm, s.type]),
    [
      ['Left Kidney', 'MANUAL', '64033007^SCT^Kidney'],
      ['tumour', 'MANUAL', '108369006^SCT^Neoplasm'],
    ],
  );
  assert.deepEqual(seg.references, [scan.seriesUid]);
  const written = parseDicom(path, readFileSync(path)).dataSet;
  for (const tag of ['x00100010', 'x00100020', 'x00100030', 'x0020000d', 'x00200052'])
    assert.equal(written.string(tag), source.string(tag), tag);
  assert.deepEqual((await readMask(path, scan)).data, pattern(scan).data);
  const again = newProject(t, ['tumour', 'left kidney']);
  writeSeries(join(folder, 'again'), {
    positions: POSITIONS,
    value: (i, j, k) => i + 10 * j + 100 * k,
    seriesUid: scan.seriesUid!,
  });
  const back = await importScans(again, join(folder, 'again'), { labels: join(folder, 'out') });
  assert.equal(back.masks.length, 1, JSON.stringify(back.failures));
  const mask = await readMask(again.path(again.masks.reference(1)!.file));
  // The labels stand in another order there.
  assert.deepEqual(mask.data, pattern(scan).data.map((v) => [0, 2, 1][v])); // biome-ignore format: short
});

test('RTSTRUCT and label-map SEG leave a project and come back voxel for voxel', async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder);
  const [scan] = store.scans.list();
  const run = addRun(store);
  await saveMaskVersion(store, scan, pattern(scan), { origin: 'predicted', accepted: true, run: run.id });
  for (const [format, suffix] of [
    ['rtstruct', 'rtstruct.dcm'],
    ['seg-labelmap', 'seg.dcm'],
  ] as const) {
    const output = join(folder, format);
    const report = await exportProject(store, { format, output });
    assert.deepEqual([report.files, report.notices], [[`${scan.name}.${suffix}`], []]);
    const bytes = readFileSync(join(output, report.files[0])).toString('latin1');
    assert.ok(bytes.includes(`run ${run.name};`) && bytes.includes(`seed ${run.options.seed}`), format);
    const again = newProject(t, ['Left Kidney', 'tumour']);
    const back = await importScans(again, join(folder, 'pacs'), { labels: output });
    assert.deepEqual([back.masks.length, back.failures], [1, []], format);
    assert.deepEqual((await readMask(again.path(again.masks.reference(1)!.file))).data, pattern(scan).data, format);
  }
});

test('a de-identified SEG says what made its segments, not which run it was', {
  skip: missing('dciodvfy'),
}, async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder);
  const [scan] = store.scans.list();
  const run = addRun(store);
  await saveMaskVersion(store, scan, pattern(scan), { origin: 'predicted', accepted: true, run: run.id });
  const output = join(folder, 'out');
  const { files } = await exportProject(store, { format: 'seg', output, deidentify: { dates: 'remove' } });
  const path = join(output, files[0]);
  assert.deepEqual(errorsOf(path), []);
  const text = readFileSync(path).toString('latin1');
  assert.ok(text.includes(`Decile ${run.options.method}`));
  assert.ok(!text.includes(`run ${run.name}`));
});

test('a de-identified RTSTRUCT comes with its images, reads back equal and names nobody', {
  skip: missing('dciodvfy'),
}, async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder);
  const [scan] = store.scans.list();
  const run = addRun(store);
  await saveMaskVersion(store, scan, pattern(scan), { origin: 'predicted', accepted: true, run: run.id });
  const output = join(folder, 'out');
  const report = await exportProject(store, { format: 'rtstruct', output, deidentify: { dates: 'remove' } });
  const path = join(output, report.files[0]);
  assert.match(report.files[0], /\.rtstruct\.dcm$/);
  assert.deepEqual(errorsOf(path), []);
  const text = readFileSync(path).toString('latin1');
  const { studyUid, seriesUid, frameOfReference } = (await provenanceOf(store, scan))!;
  for (const secret of [studyUid, seriesUid, frameOfReference, `run ${run.name}`])
    assert.ok(secret !== '' && !text.includes(secret), secret);
  const again = newProject(t, ['Left Kidney', 'tumour']);
  const back = await importScans(again, output);
  assert.deepEqual([back.added.length, back.masks.length, back.failures], [1, 1, []]);
  assert.deepEqual((await readMask(again.path(again.masks.reference(1)!.file))).data, pattern(scan).data);
});

test('each segment says MANUAL, SEMIAUTOMATIC or AUTOMATIC as its voxels came to be', async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder);
  const [scan] = store.scans.list();
  const run = addRun(store);
  const predicted = pattern(scan);
  const algorithms = async () => {
    const { files } = await exportProject(store, { format: 'seg', output: join(folder, 'out') });
    return (await readDicomSeg(join(folder, 'out', files[0]))).segments.map((s) => s.algorithm);
  };
  const saved = await saveMaskVersion(store, scan, predicted, { origin: 'predicted', accepted: true, run: run.id });
  store.predictions.put({
    ...{ run: run.id, scan: scan.id, mask: saved.id, entropyFile: 'x', meanEntropy: 0, sliceEntropy: [] },
    ...{ volumesMl: [], seconds: 0 },
  });
  assert.deepEqual(await algorithms(), ['AUTOMATIC', 'AUTOMATIC']);
  const corrected = { ...predicted, data: predicted.data.slice() };
  corrected.data[corrected.data.indexOf(2)] = 0;
  await saveMaskVersion(store, scan, corrected, { origin: 'corrected', accepted: true, run: run.id });
  assert.deepEqual(await algorithms(), ['AUTOMATIC', 'SEMIAUTOMATIC']);
  await saveMaskVersion(store, scan, maskOf(1, [0, 0, 0], [1, 1, 1], scan), { origin: 'corrected', accepted: true });
  assert.deepEqual(await algorithms(), ['SEMIAUTOMATIC', 'SEMIAUTOMATIC']);
});

test('dciodvfy finds no error in exported SEG, plain and de-identified', { skip: missing('dciodvfy') }, async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder);
  const plain = await exportProject(store, { format: 'seg', output: join(folder, 'plain') });
  const clean = await exportProject(store, {
    ...{ format: 'seg', output: join(folder, 'clean'), deidentify: { dates: 'remove' } },
  });
  assert.deepEqual(errorsOf(join(folder, 'plain', plain.files[0])), []);
  assert.deepEqual(errorsOf(join(folder, 'clean', clean.files[0])), []);
});

test('a scan that came from NIfTI cannot be a SEG: it is refused with the cure, the others are exported', async (t) => {
  const folder = temporaryFolder(t);
  const only = await projectWith(t, folder, 1, 1);
  await assert.rejects(exportProject(only, { format: 'seg', output: join(folder, 'a') }), { code: 'export/not-dicom' });
  const store = await dicomProject(t, join(folder, 'mixed'));
  await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  const report = await exportProject(store, { format: 'seg', output: join(folder, 'b') });
  assert.equal(report.files.length, 1);
  assert.deepEqual(report.refused.map(({ scan, code }) => [scan, code]), [['case_01', 'export/not-dicom']]); // biome-ignore format: short
  assert.match(report.refused[0].cure, /Import its DICOM series/);
});

for (const format of ['nrrd', 'msd', 'bids', 'nnunet'] as const) {
  test(`${format} export holds each mask on its scan’s own grid, voxel for voxel`, async (t) => {
    const folder = temporaryFolder(t);
    const store = await projectWith(t, folder, 2, 1);
    const output = join(folder, 'out');
    const report = await exportProject(store, { format, output });
    const path = {
      nrrd: 'case_01.seg.nrrd',
      msd: 'labelsTr/case_01.nii.gz',
      nnunet: 'labelsTr/case_01.nii.gz',
      bids: 'sub-case01/ct/sub-case01_desc-manual_dseg.nii.gz',
    }[format];
    assert.ok(report.files.includes(path), report.files.join());
    assert.deepEqual(await readMask(join(output, path), store.scans.get(1)), maskOf());
    for (const file of report.files) assert.ok(readFileSync(join(output, file)).length > 0);
    if (format !== 'nrrd') await assert.rejects(exportProject(store, { format, output }), { code: 'export/exists' });
  });
}

test('an exported MSD folder imports again as the same project', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 3, 2);
  await exportProject(store, { format: 'msd', output: join(folder, 'Task01') });
  const again = newProject(t);
  const report = await importScans(again, join(folder, 'Task01'));
  assert.deepEqual([report.added.length, report.masks.length, report.failures.length], [3, 2, 0]);
});

test('a de-identified export holds no identifier; images and SEG agree with each other, and dates are shifted alike', async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder, 2);
  const output = join(folder, 'out');
  const report = await exportProject(store, { format: 'seg', output, deidentify: { dates: 'shift' } });
  assert.deepEqual(report.renamed.map(({ name }) => name), ['case_001', 'case_002']); // biome-ignore format: short
  assert.equal(report.files.length, 2 * (1 + POSITIONS.length));
  assert.deepEqual(await findIdentifiers(output, ['Mustermann', 'Erika', 'PAT-4711', '19610512', '20200131']), []);
  assert.ok((await searchIdentifiers(output, output)).length > 0, 'a search for its own UIDs finds them');
  assert.deepEqual(await searchIdentifiers(output, join(folder, 'pacs')), []);
  const dates = new Set<string | undefined>();
  for (const name of ['case_001', 'case_002']) {
    const images = await readVolume(join(output, name, 'images'));
    const seg = join(output, name, `${name}.seg.dcm`);
    assert.deepEqual((await readMask(seg, images.volume)).data, pattern(images.volume).data);
    const image = parseDicom('x', readFileSync(join(output, name, 'images', '00001.dcm')), true).dataSet;
    const { dataSet } = parseDicom('x', readFileSync(seg));
    for (const tag of ['x00100010', 'x00100020', 'x0020000d', 'x00200052', 'x00080020'])
      assert.equal(dataSet.string(tag), image.string(tag), tag);
    assert.deepEqual((await readDicomSeg(seg)).references, [image.string('x0020000e')]);
    dates.add(image.string('x00080020'));
  }
  assert.equal(dates.size, 1);
  assert.match([...dates][0]!, /^20(19|20)\d{4}$/);
  // They come back as a project of their own.
  const again = newProject(t, ['Left Kidney', 'tumour']);
  const back = await importScans(again, output);
  assert.deepEqual([back.added.length, back.masks.length, back.failures], [2, 2, []]);
});

test('a key makes two exports agree, and may not lie among what is handed on', async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder);
  const key = join(folder, 'key.json');
  const uids = [];
  for (const out of ['a', 'b']) {
    const { files } = await exportProject(store, {
      ...{ format: 'seg', output: join(folder, out), deidentify: { dates: 'remove', key } },
    });
    uids.push((await readDicomSeg(join(folder, out, files[0]))).references[0]);
  }
  assert.equal(uids[0], uids[1]);
  assert.match(readFileSync(key, 'utf8'), /CT_4_series0/);
  const inside = { dates: 'remove' as const, key: join(folder, 'c', 'key.json') };
  await assert.rejects(exportProject(store, { format: 'seg', output: join(folder, 'c'), deidentify: inside }), {
    code: 'export/key',
  });
});

test('names of scans become numbers in every de-identified format, and what lay in the folder is searched too', async (t) => {
  const folder = temporaryFolder(t);
  const store = await dicomProject(t, folder);
  store.scans.rename(1, 'Mustermann Erika');
  for (const format of ['nifti', 'nrrd', 'nnunet', 'msd', 'bids', 'csv'] as const) {
    const output = join(folder, format);
    const { files } = await exportProject(store, { format, output, deidentify: { dates: 'remove' } });
    assert.deepEqual(await findIdentifiers(output, ['Mustermann', 'Erika']), [], format);
    assert.ok(files.every((file) => !/muster/i.test(file)));
  }
  const output = join(folder, 'csv');
  writeFileSync(join(output, 'old.txt'), 'Frau Mustermann');
  await assert.rejects(
    exportProject(store, { format: 'csv', output, deidentify: { dates: 'remove' } }),
    (e: Error & { code: string }) => {
      assert.equal(e.code, 'export/identifiers');
      assert.doesNotMatch(e.message, /Mustermann/);
      return true;
    },
  );
});

test('a folder of DICOM files is de-identified without a project', async (t) => {
  const folder = temporaryFolder(t);
  await dicomProject(t, folder);
  const out = join(folder, 'out');
  const report = await deidentifyFolder(join(folder, 'pacs'), out, { dates: 'remove' });
  assert.deepEqual([report.files.length, report.failures.length], [POSITIONS.length, 0]);
  assert.deepEqual((await readVolume(out)).volume, (await readVolume(join(folder, 'pacs'))).volume);
  await assert.rejects(deidentifyFolder(join(folder, 'pacs'), out, { dates: 'remove' }), { code: 'export/exists' });
});
