/** De-identified exports of scans that have no DICOM: what their names, folders and references say. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { exportProject } from '../../src/project/services/export/export.ts';
import { sourceNames } from '../../src/project/services/export/source-names.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import type { Store } from '../../src/project/store/index.ts';
import { newProject, temporaryFolder } from '../store/helpers.ts';
import { maskOf, scanOf, writeVolumes } from './helpers.ts';

const FORMATS = ['nifti', 'nrrd', 'nnunet', 'msd', 'bids', 'csv'] as const;

async function project(t: TestContext, label: string): Promise<{ store: Store; folder: string }> {
  const folder = temporaryFolder(t);
  const store = newProject(t, [label]);
  const images = join(folder, 'Zwickelmann_Adelgunde', 'images');
  const labels = join(folder, 'Zwickelmann_Adelgunde', 'labels');
  await writeVolumes(images, { 'la_001.nii.gz': scanOf(1), 'la_002.nii.gz': scanOf(2) });
  await writeVolumes(labels, { 'la_001.nii.gz': maskOf(1) });
  await importScans(store, images, { labels });
  return { store, folder };
}

const said = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      return `${join(entry.parentPath, entry.name).slice(folder.length)} ${(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('latin1')}`;
    })
    .join('\n');

test('no de-identified format says what scan, folder or reference were called; clean ones leave', async (t) => {
  const { store, folder } = await project(t, 'liver');
  for (const format of FORMATS) {
    const output = join(folder, `out-${format}`);
    await exportProject(store, { format, output, deidentify: { dates: 'remove' } });
    assert.doesNotMatch(said(output), /zwickelmann|adelgunde|la_001/i, format);
  }
});

test('what a folder says of the patient is found in whatever lies in the export', async (t) => {
  const folder = temporaryFolder(t);
  const store = newProject(t, ['tumour']);
  const images = await writeVolumes(join(folder, 'Zwickelmann_Adelgunde', 'images'), { 'la_001.nii.gz': scanOf(1) });
  const labels = await writeVolumes(join(folder, 'labels'), { 'la_001.nii.gz': maskOf(1) });
  await importScans(store, images, { labels });
  const names = sourceNames(['la_001'], [join(images, 'la_001.nii.gz')], ['tumour', 'case_001']);
  for (const one of ['Zwickelmann', 'Adelgunde', 'la_001', 'Zwickelmann_Adelgunde'])
    assert.ok(names.includes(one), one);
  for (const one of ['images', 'tumour', 'case_001']) assert.ok(!names.includes(one), one);
  const output = join(folder, 'out');
  mkdirSync(output);
  writeFileSync(join(output, 'notes.txt'), 'Frau ADELGUNDE');
  await assert.rejects(exportProject(store, { format: 'nnunet', output, deidentify: { dates: 'remove' } }), {
    code: 'export/identifiers',
  });
});

test('words that data sets and exports use are no names', () => {
  assert.deepEqual(sourceNames(['case_001'], ['/home/data/images/case_001.nii.gz'], ['case_001', 'atrium']), []);
  assert.deepEqual(sourceNames([], ['/data/left-atrium/imagesTr/la_003.nii.gz'], ['left atrium']), ['la_003']);
  assert.deepEqual(sourceNames(['Doe'], ['C:\\export\\JaneDoe\\x.nii'], []).sort(), ['Doe', 'Jane', 'JaneDoe']);
});
