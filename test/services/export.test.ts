import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gridDifference } from '../../src/core/geometry.ts';
import { toCsv } from '../../src/core/plain-text.ts';
import { readMask, readVolume } from '../../src/imaging/index.ts';
import { exportProject, safeName } from '../../src/project/services/export/export.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { GRID, maskOf, newProject, projectWith, scanOf, temporaryFolder } from './helpers.ts';

test('NIfTI export writes each mask on its scan’s own grid, voxel for voxel', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 3, 2);
  const report = await exportProject(store, { format: 'nifti', output: join(folder, 'out') });
  assert.deepEqual(report.files, ['case_01.nii.gz', 'case_02.nii.gz']);
  assert.deepEqual(report.withoutMask, ['case_03']);
  const mask = await readMask(join(folder, 'out', 'case_01.nii.gz'));
  assert.deepEqual(mask.data, maskOf().data);
  assert.equal(gridDifference(GRID, mask), null);
});

test('an exported nnU-Net folder imports again as the same project', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 3, 2);
  const output = join(folder, 'Dataset001');
  await exportProject(store, { format: 'nnunet', output });
  const dataset = JSON.parse(readFileSync(join(output, 'dataset.json'), 'utf8'));
  assert.deepEqual(dataset, {
    channel_names: { 0: 'CT' },
    labels: { background: 0, kidney: 1 },
    numTraining: 2,
    file_ending: '.nii.gz',
    name: 'project',
  });
  const again = newProject(t);
  const report = await importScans(again, output);
  assert.deepEqual([report.added.length, report.masks.length, report.failures.length], [3, 2, 0]);
  assert.deepEqual(
    again.scans.list().map((scan) => scan.contentHash),
    store.scans.list().map((scan) => scan.contentHash),
  );
  await assert.rejects(exportProject(store, { format: 'nnunet', output }), { code: 'export/exists' });
});

test('CSV export lists scans with volumes in ml', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 2, 1);
  await exportProject(store, { format: 'csv', output: join(folder, 'out') });
  const [header, first, second] = readFileSync(join(folder, 'out', 'scans.csv'), 'utf8')
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));
  const row = Object.fromEntries(header.map((name, n) => [name, first[n]]));
  assert.deepEqual(
    [row.scan, row.spacing_k_mm, row.mask_origin, row.kidney_ml],
    ['case_01', '3', 'manual', String((27 * 4.5) / 1000)],
  );
  assert.equal(second[header.indexOf('kidney_ml')], '');
});

test('a project without masks or scans has nothing to export', async (t) => {
  const folder = temporaryFolder(t);
  await assert.rejects(exportProject(newProject(t), { format: 'csv', output: folder }), { code: 'export/nothing' });
  const store = await projectWith(t, folder, 2, 0);
  await assert.rejects(exportProject(store, { format: 'nifti', output: folder }), { code: 'export/nothing' });
});

test('cells are quoted where needed and never become formulas', () => {
  assert.equal(toCsv([['a,b', 'say "hi"', '=1+1', -2.5, null]]), '"a,b","say ""hi""",\'=1+1,-2.5,\r\n');
});

test('file names lose what file systems refuse', () => {
  assert.equal(safeName('../a:b?'), '__a_b_');
  assert.equal(safeName('Fall 3 ü'), 'Fall 3 ü');
  // 255 bytes are the limit of file systems, and a name may be in any script.
  assert.equal(safeName('患'.repeat(300)), '患'.repeat(60));
});

test('an exported volume keeps its voxel type', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 1, 1);
  await exportProject(store, { format: 'nnunet', output: join(folder, 'out') });
  const { volume } = await readVolume(join(folder, 'out', 'imagesTr', 'case_01_0000.nii.gz'));
  assert.ok(volume.data instanceof Int16Array);
  assert.deepEqual(volume.data, scanOf(1).data);
});

test('scans whose names become equal as file names are both exported', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 2, 2);
  store.scans.rename(1, 'a/b');
  store.scans.rename(2, 'A:B');
  const report = await exportProject(store, { format: 'nifti', output: join(folder, 'out') });
  assert.deepEqual(report.files.toSorted(), ['A_B.nii.gz', 'a_b-2.nii.gz'].toSorted());
});
