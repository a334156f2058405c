import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LabelMap } from '../../src/core/volume.ts';
import { readMask } from '../../src/imaging/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { maskOf, newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

/** Values 1, 2 and 4, as BraTS has them. */
const tumour = (): LabelMap => {
  const mask = maskOf();
  return { ...mask, data: mask.data.map((value, at) => value * [1, 2, 4][at % 3]) };
};

function brats(folder: string): Promise<string> {
  const files = ['BraTS19_A_1', 'BraTS19_B_1'].flatMap((name, n) => {
    const base = join(n === 0 ? 'HGG' : 'LGG', name, name);
    const scans = ['flair', 't1', 't1ce', 't2'].map((m, k) => [`${base}_${m}.nii.gz`, scanOf(10 * n + k)] as const);
    return [...scans, [`${base}_seg.nii.gz`, tumour()] as const];
  });
  return writeVolumes(join(folder, 'brats'), Object.fromEntries(files));
}

test('a BraTS folder gives one FLAIR scan a case, and the whole tumour as the one label of the project', async (t) => {
  const store = newProject(t, ['tumour']);
  const report = await importScans(store, await brats(temporaryFolder(t)));
  assert.deepEqual([report.added.map((a) => a.name), report.failures], [['BraTS19_A_1', 'BraTS19_B_1'], []]);
  assert.match(report.notices[0], /BraTS 2019 \(flair\) with 2 cases\. Every value of its masks becomes tumour/);
  const scan = store.scans.find('BraTS19_B_1')!;
  assert.match(scan.sourcePath, /BraTS19_B_1_flair\.nii\.gz$/);
  const mask = await readMask(store.path(store.masks.reference(scan.id)!.file));
  assert.deepEqual([...new Set(mask.data)].sort(), [0, 1]);
  assert.equal(
    mask.data.reduce((sum, v) => sum + v, 0),
    3 * 3 * 3,
  );
});

test("another modality's scans can be asked for", async (t) => {
  const store = newProject(t, ['tumour']);
  await importScans(store, await brats(temporaryFolder(t)), { modality: 't1ce', only: '*A_1' });
  assert.match(store.scans.find('BraTS19_A_1')!.sourcePath, /_t1ce\.nii\.gz$/);
  assert.equal(store.scans.find('BraTS19_B_1'), null);
});

test('a KiTS19 folder gives its cases with kidney and tumour as labels; a case without a mask stays unlabelled', async (t) => {
  const store = newProject(t, ['kidney', 'tumour']);
  const whole = maskOf();
  const mask = { ...whole, data: whole.data.map((value, at) => value * (1 + (at % 2))) };
  const folder = await writeVolumes(join(temporaryFolder(t), 'kits19'), {
    'data/case_00000/imaging.nii.gz': scanOf(1),
    'data/case_00000/segmentation.nii.gz': mask,
    'data/case_00210/imaging.nii.gz': scanOf(2),
  });
  const report = await importScans(store, folder);
  assert.deepEqual(
    [report.added.map((a) => a.name), report.masks.map((m) => m.scan)],
    [['case_00000', 'case_00210'], ['case_00000']],
  );
  assert.deepEqual(
    store.masks.reference(store.scans.find('case_00000')!.id)!.labels.map((label) => label.value),
    [1, 2],
  );
});
