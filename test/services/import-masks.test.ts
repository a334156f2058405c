import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gridOf } from '../../src/core/geometry.ts';
import { type LabelMap, lpsPoint, type Volume } from '../../src/core/volume.ts';
import { el } from '../../src/imaging/dicom/encode.ts';
import {
  discoverScans,
  readMask,
  readScan,
  readVolume,
  type ScanSource,
  type Segment,
  writeDicomSeg,
  writeMetaImage,
  writeNifti,
  writeNrrd,
} from '../../src/imaging/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { labelsOfSegments } from '../../src/project/services/import/segment-labels.ts';
import type { Store } from '../../src/project/store/index.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { rtStruct } from '../imaging/objects.ts';
import { codes, maskOf, newProject, scanOf, temporaryFolder } from './helpers.ts';

const POSITIONS = [0, 1, 2, 3, 4].map((k) => [-3, -4, 10 + 2 * k]);

/** A made-up series as it lies in an archive's folder. */
async function series(folder: string, name: string, seed = 0, positions = POSITIONS) {
  const path = join(folder, name);
  writeSeries(path, { positions, value: (i, j, k) => seed + i + 10 * j + 100 * k, description: name });
  const [source] = (await discoverScans(path)).sources;
  return { source, volume: (await readScan(source)).volume };
}

/** Labels from `values` in a pattern without symmetry, the outer slices empty. */
function pattern(volume: Volume, values: number[]): LabelMap {
  const plane = volume.size[0] * volume.size[1];
  const data = new Uint8Array(volume.data.length);
  for (let n = plane; n < data.length - plane; n++) data[n] = [0, ...values][(n * n + (n >> 3)) % (values.length + 1)];
  return { ...gridOf(volume), data };
}

const segment = (value: number, label: string, algorithm: Segment['algorithm'] = 'MANUAL'): Segment => ({
  ...{ value, label, algorithm },
});

async function seg(path: string, mask: LabelMap, source: ScanSource | undefined, ...segments: Segment[]) {
  await writeDicomSeg(path, mask, { segments, source });
}

async function referenceOf(store: Store, name: string) {
  const mask = store.masks.reference(store.scans.find(name)!.id);
  return mask && { ...mask, data: (await readMask(store.path(mask.file))).data };
}

test('a folder straight from a PACS brings scans and the SEG objects among them, each to its own series', async (t) => {
  const folder = temporaryFolder(t);
  const pacs = join(folder, 'pacs');
  const [a, b] = [await series(pacs, 'A'), await series(pacs, 'B', 7)];
  const [maskA, maskB] = [pattern(a.volume, [1, 2]), pattern(b.volume, [2])];
  await seg(join(pacs, 'IM900'), maskA, a.source, segment(1, 'KIDNEY'), segment(2, 'Cyst'));
  await seg(join(pacs, 'IM901'), maskB, b.source, segment(2, 'cyst'));
  const store = newProject(t, ['kidney', 'cyst']);
  const report = await importScans(store, pacs);
  assert.deepEqual(report.failures, []);
  assert.deepEqual([report.added.length, report.masks.length], [2, 2]);
  assert.deepEqual((await referenceOf(store, 'CT_4_A'))!.data, maskA.data);
  assert.deepEqual((await referenceOf(store, 'CT_4_B'))!.data, maskB.data);
  const again = await importScans(store, pacs);
  assert.deepEqual([again.duplicates.length, again.masks.length, again.sameMasks], [2, 0, 2]);
});

test('segments are matched by name, then by coded term, then by number, each weaker match with a notice', () => {
  const labels = [
    { value: 1, name: 'Left Kidney', colour: '#ffffff', term: null, locked: false },
    { value: 2, name: 'liver', colour: '#ffffff', term: null, locked: false },
    { value: 3, name: 'zone', colour: '#ffffff', term: null, locked: false },
  ];
  const said = (number: number, name: string, code = '') => ({ number, name, code, algorithm: '' });
  const found = labelsOfSegments(
    [said(9, 'left_kidney'), said(1, 'Leber', '10200004^SCT'), said(3, 'Segment 3'), said(5, 'Couch')],
    labels,
    'x',
  );
  assert.deepEqual([...found.values], [[9, 1], [1, 2], [3, 3]]); // biome-ignore format: pairs
  assert.deepEqual(found.unknown.map((s) => s.name), ['Couch']); // biome-ignore format: short
  assert.equal(found.notices.length, 2);
  // A name that says something else is not overruled by its number, nor a coded term.
  assert.throws(() => labelsOfSegments([said(1, 'Spleen')], labels, 'x'), { code: 'mask/unknown-segment' });
  assert.throws(() => labelsOfSegments([said(2, 'Segment 2', '78961009^SCT')], labels, 'x'), {
    code: 'mask/unknown-segment',
  });
  assert.throws(() => labelsOfSegments([said(1, 'Liver'), said(2, 'liver ')], labels, 'x'), { code: 'mask/several' });
});

test('of labels whose names are alike a segment is the one that it names to the letter', () => {
  const labels = ['left kidney', 'left_kidney'].map((name, n) => ({
    ...{ value: n + 1, name, colour: '#ffffff', term: null, locked: false },
  }));
  const said = (number: number, name: string) => ({ number, name, code: '', algorithm: '' });
  const found = labelsOfSegments([said(7, 'left_kidney'), said(8, 'Left-Kidney')], labels, 'x');
  assert.deepEqual([...found.values], [[7, 2]]);
  assert.deepEqual(found.unknown.map(({ name }) => name), ['Left-Kidney']); // biome-ignore format: short
});

test('a segment that is no label is refused with the difference and the cure, the others come in', async (t) => {
  const folder = temporaryFolder(t);
  const { source, volume } = await series(folder, 'A');
  const mask = pattern(volume, [1, 2]);
  await seg(join(folder, 'both.dcm'), mask, source, segment(1, 'kidney'), segment(2, 'spleen'));
  const store = newProject(t, ['kidney']);
  const report = await importScans(store, folder);
  assert.equal(report.masks.length, 1);
  assert.deepEqual(codes(report.failures), ['mask/unknown-segment']);
  assert.match(report.failures[0].message, /1 kidney.*got 2 spleen/);
  assert.match(report.failures[0].cure, /Add labels/);
  assert.deepEqual(
    (await referenceOf(store, 'CT_4_A'))!.data,
    mask.data.map((v) => (v === 1 ? 1 : 0)),
  );
});

test('a SEG that comes after its images finds the scan that was imported before', async (t) => {
  const folder = temporaryFolder(t);
  const { source, volume } = await series(folder, 'A');
  const mask = pattern(volume, [1]);
  const store = newProject(t, ['kidney']);
  await importScans(store, folder);
  mkdirSync(join(folder, 'later'));
  await seg(join(folder, 'later', 'x'), mask, source, segment(1, 'kidney'));
  const report = await importScans(store, join(folder, 'later'));
  assert.deepEqual([report.added.length, report.masks.length, report.failures.length], [0, 1, 0]);
  const labelled = await importScans(newProject(t, ['kidney']), join(folder, 'A'), { labels: join(folder, 'later') });
  assert.deepEqual([labelled.added.length, labelled.masks.length], [1, 1]);
});

test('a SEG whose images are not there is refused, and one on other slices states the difference', async (t) => {
  const folder = temporaryFolder(t);
  const [a, b] = [await series(folder, 'A'), await series(join(folder, 'elsewhere'), 'B', 3)];
  await seg(join(folder, 'A', 'stray'), pattern(b.volume, [1]), b.source, segment(1, 'kidney'));
  const shifted = { ...pattern(a.volume, [1]), origin: lpsPoint(-3, -4, 11) };
  await seg(join(folder, 'A', 'shifted'), shifted, a.source, segment(1, 'kidney'));
  const report = await importScans(newProject(t, ['kidney']), join(folder, 'A'));
  assert.deepEqual([report.added.length, report.masks.length], [1, 0]);
  const by = Object.fromEntries(report.failures.map((f) => [f.path.split('/').at(-1), f]));
  assert.equal(by.stray.code, 'mask/no-scan');
  assert.match(by.stray.cure, /Import the images/);
  assert.equal(by.shifted.code, 'mask/other-grid');
  assert.match(by.shifted.message, /voxel centres lie 1 mm beside/);
});

test('objects of one organ each become one mask; the same organ twice is refused', async (t) => {
  const folder = temporaryFolder(t);
  const { source, volume } = await series(folder, 'A');
  const mask = pattern(volume, [1, 2]);
  const only = (value: number) => ({ ...mask, data: mask.data.map((v) => (v === value ? v : 0)) });
  await seg(join(folder, 'k.dcm'), only(1), source, segment(1, 'kidney'));
  await seg(join(folder, 'l.dcm'), only(2), source, segment(2, 'liver'));
  await seg(join(folder, 'm.dcm'), only(2), source, segment(2, 'liver'));
  const store = newProject(t, ['kidney', 'liver']);
  const report = await importScans(store, folder);
  assert.deepEqual([report.masks.length, codes(report.failures)], [1, ['mask/several']]);
  assert.deepEqual((await referenceOf(store, 'CT_4_A'))!.data, mask.data);
});

test('the history of an imported SEG is kept: drawn, corrected, computed', async (t) => {
  const folder = temporaryFolder(t);
  const cases = { MANUAL: 'manual', SEMIAUTOMATIC: 'corrected', AUTOMATIC: 'predicted' } as const;
  for (const [n, algorithm] of (Object.keys(cases) as (keyof typeof cases)[]).entries()) {
    const { source, volume } = await series(folder, algorithm, n);
    await seg(join(folder, `${algorithm}.dcm`), pattern(volume, [1]), source, segment(1, 'kidney', algorithm));
  }
  const store = newProject(t, ['kidney']);
  await importScans(store, folder);
  for (const [algorithm, origin] of Object.entries(cases))
    assert.equal((await referenceOf(store, `CT_4_${algorithm}`))!.origin, origin);
});

test('RTSTRUCT contours become the mask of the series they refer to; structures that are no labels are named', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'A');
  writeSeries(path, { positions: POSITIONS, columns: 7, rows: 6 });
  const { sources } = await discoverScans(path);
  const { volume } = await readScan(sources[0]);
  writeFileSync(join(path, 'RS.1'), rtStruct(volume, sources[0].seriesUid));
  const store = newProject(t, ['organ']);
  const report = await importScans(store, path);
  assert.deepEqual([report.masks.length, codes(report.failures)], [1, ['mask/unknown-segment']]);
  assert.match(report.failures[0].message, /got 6 Target/);
  const mask = (await referenceOf(store, report.added[0].name))!;
  // Two 5 x 4 squares, one with a hole of 2 x 2.
  assert.deepEqual(mask.labels.map((l) => l.voxels), [5 * 4 * 2 - 2 * 2]); // biome-ignore format: short
  rmSync(join(path, 'RS.1'));
  writeFileSync(join(path, 'RS.1'), rtStruct(volume, '', sources[0].frameOfReference));
  const byFrame = await importScans(newProject(t, ['organ', 'target']), path);
  assert.deepEqual([byFrame.masks.length, byFrame.failures.length], [1, 0]);
});

test('masks and scans in NRRD, MetaImage and .seg.nrrd are found by name, with segment names where there are', async (t) => {
  const folder = temporaryFolder(t);
  const scans = join(folder, 'scans');
  const masks = join(folder, 'masks');
  mkdirSync(scans);
  mkdirSync(masks);
  await writeNrrd(join(scans, 'a.nrrd'), scanOf(1));
  await writeMetaImage(join(scans, 'b.mha'), scanOf(2));
  await writeNifti(join(scans, 'c.nii.gz'), scanOf(3));
  await writeNrrd(join(masks, 'a_seg.nrrd'), maskOf());
  await writeMetaImage(join(masks, 'b.mha'), maskOf(1, [0, 0, 0], [1, 1, 1]));
  // Slicer numbers by its own order; the name decides.
  await writeNrrd(join(masks, 'c.seg.nrrd'), maskOf(4), [{ value: 4, name: 'Kidney', colour: [1, 2, 3] }]);
  const store = newProject(t);
  const report = await importScans(store, scans, { labels: masks });
  assert.deepEqual(report.failures, []);
  assert.deepEqual(
    report.masks.map(({ scan }) => scan),
    ['a', 'b', 'c'],
  );
  assert.deepEqual((await referenceOf(store, 'c'))!.data, maskOf(1).data);
  const { volume } = await readVolume(store.path(store.scans.find('b')!.volumeFile));
  assert.deepEqual(volume.data, scanOf(2).data);
  for (const file of ['a_seg.nrrd', 'b.mha', 'c.seg.nrrd'])
    copyFileSync(join(masks, file), join(scans, file === 'b.mha' ? 'b_mask.mha' : file));
  const beside = await importScans(newProject(t), scans);
  assert.deepEqual([beside.added.length, beside.masks.length, beside.failures], [3, 3, []]);
});

test('a .seg.nrrd without its scan is no scan', async (t) => {
  const folder = temporaryFolder(t);
  await writeNrrd(join(folder, 'x.seg.nrrd'), maskOf(), [{ value: 1, name: 'kidney', colour: [1, 2, 3] }]);
  await writeNifti(join(folder, 'y.nii'), scanOf(1));
  const report = await importScans(newProject(t), folder);
  assert.deepEqual([report.added.map((s) => s.name), codes(report.failures)], [['y'], ['mask/no-scan']]);
});

test('a plain mask beside a DICOM series is found by the name of the series’ folder', async (t) => {
  const folder = temporaryFolder(t);
  const { volume } = await series(folder, 'case07');
  await writeNifti(join(folder, 'case07_seg.nii.gz'), pattern(volume, [1]));
  const store = newProject(t, ['kidney']);
  const report = await importScans(store, folder);
  assert.deepEqual([report.added.length, report.masks.length, report.failures.length], [1, 1, 0]);
  const labels = join(folder, 'labels');
  mkdirSync(labels);
  await writeNifti(join(labels, 'case07.nii.gz'), pattern(volume, [1]));
  const named = await importScans(newProject(t, ['kidney']), join(folder, 'case07'), { labels });
  assert.deepEqual([named.added.length, named.masks.length], [1, 1]);
});

test('of two volumes in one series a SEG goes to the one whose instances it names', async (t) => {
  const folder = temporaryFolder(t);
  writeSeries(join(folder, 'two'), {
    positions: [...POSITIONS, ...POSITIONS],
    value: (i, j, k) => i + 10 * j + 100 * k,
    extra: (k) => [el('00180086', 'IS', k < POSITIONS.length ? '1' : '2')],
  });
  const { sources } = await discoverScans(folder);
  assert.equal(sources.length, 2);
  for (const [n, source] of sources.entries()) {
    const { volume } = await readScan(source);
    await seg(join(folder, `s${n}`), pattern(volume, [n + 1]), source, segment(n + 1, ['kidney', 'liver'][n]));
  }
  const store = newProject(t, ['kidney', 'liver']);
  const report = await importScans(store, folder);
  assert.deepEqual([report.masks.length, report.failures], [2, []]);
  for (const [n, source] of sources.entries())
    assert.deepEqual((await referenceOf(store, source.name))!.labels.map((l) => l.value), [n + 1]); // biome-ignore format: short
});

test('the DICOM origin of a scan is kept in the project, and the source is where it came from', async (t) => {
  const folder = temporaryFolder(t);
  const { source } = await series(folder, 'A');
  const store = newProject(t);
  await importScans(store, folder, { from: 'https://pacs.example/dicom-web' });
  const kept = JSON.parse(readFileSync(store.path('volumes/1.dicom.json'), 'utf8'));
  assert.equal(kept.seriesUid, source.seriesUid);
  assert.equal(kept.instances.length, POSITIONS.length);
  assert.equal(store.scans.get(1).sourcePath, 'https://pacs.example/dicom-web');
});

test('a SEG that refers to nothing is found by its name, also for a scan in NIfTI of left-handed voxels', async (t) => {
  const folder = temporaryFolder(t);
  await writeNifti(join(folder, 'case07.nii.gz'), scanOf(1));
  await writeNifti(join(folder, 'case08.nii.gz'), scanOf(2));
  await seg(join(folder, 'case07.seg.dcm'), maskOf(), undefined, segment(1, 'kidney'));
  mkdirSync(join(folder, 'case08'));
  await seg(join(folder, 'case08', '1.dcm'), maskOf(1, [0, 0, 0], [2, 1, 1]), undefined, segment(1, 'kidney'));
  const store = newProject(t);
  const report = await importScans(store, folder);
  assert.deepEqual(report.failures, []);
  assert.deepEqual((await referenceOf(store, 'case07'))!.data, maskOf().data);
  assert.deepEqual((await referenceOf(store, 'case08'))!.data, maskOf(1, [0, 0, 0], [2, 1, 1]).data);
});
