/** Masks are never taken for scans: by name, folder and voxels, in the layouts that people use. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Volume } from '../../src/core/volume.ts';
import { writeNifti, writeNrrd } from '../../src/imaging/index.ts';
import { type ImportOptions, importScans } from '../../src/project/services/import/import.ts';
import { rolesOf } from '../../src/project/services/import/roles.ts';
import { codes, maskOf, newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

/** Files to volumes: `s<n>` a scan, `m` a mask, `o` another mask; then what the import gives. */
async function imported(
  t: TestContext,
  files: Record<string, Volume>,
  options: ImportOptions = {},
  labels = ['kidney'],
) {
  const folder = join(temporaryFolder(t), 'scans');
  await writeVolumes(folder, files);
  const store = newProject(t, labels);
  const report = await importScans(store, folder, options);
  return {
    store,
    report,
    scans: report.added.map(({ name }) => name).sort(),
    masks: report.masks.map(({ scan }) => scan).sort(),
    codes: codes(report.failures),
    said: report.notices.join(' '),
  };
}
const other = maskOf(1, [1, 1, 1], [6, 5, 4]);
const count = (k: number) => maskOf(1, [1, 1, 1], [3 + k, 4, 4]);

const LAYOUTS: Record<string, { files: Record<string, Volume>; scans: number; masks: number }> = {
  'a folder a case, image and mask': {
    files: {
      'a/image.nii.gz': scanOf(1),
      'a/mask.nii.gz': maskOf(),
      'b/image.nii.gz': scanOf(2),
      'b/mask.nii.gz': other,
    },
    ...{ scans: 2, masks: 2 },
  },
  'a folder a case, ct and seg, img and label': {
    files: { 'a/ct.nii': scanOf(1), 'a/seg.nii': maskOf(), 'b/img.nii': scanOf(2), 'b/label.nii': other },
    ...{ scans: 2, masks: 2 },
  },
  'img0001 and label0001': {
    files: {
      ...{ 'img/img0001.nii.gz': scanOf(1), 'img/img0002.nii.gz': scanOf(2) },
      ...{ 'label/label0001.nii.gz': maskOf(), 'label/label0002.nii.gz': other },
    },
    ...{ scans: 2, masks: 2 },
  },
  'volume-0 and segmentation-0 in one folder': {
    files: {
      'volume-0.nii': scanOf(1),
      'segmentation-0.nii': maskOf(),
      'volume-1.nii': scanOf(2),
      'segmentation-1.nii': other,
    },
    ...{ scans: 2, masks: 2 },
  },
  'pat1_image and pat1_mask': {
    files: { 'pat1_image.nii.gz': scanOf(1), 'pat1_mask.nii.gz': maskOf(), 'pat2_image.nii.gz': scanOf(2) },
    ...{ scans: 2, masks: 1 },
  },
  'T1, T2 and one seg of a case': {
    files: { 'c/c_t1.nii.gz': scanOf(1), 'c/c_t2.nii.gz': scanOf(2), 'c/c_seg.nii.gz': maskOf() },
    ...{ scans: 2, masks: 2 },
  },
  'labels/final': {
    files: { 'pat_0.nii.gz': scanOf(1), 'labels/final/pat_0.nii.gz': maskOf(), 'labels/original/pat_0.nii.gz': other },
    ...{ scans: 1, masks: 1 },
  },
  'masks without the words of masks': {
    files: {
      'a/scan.nii.gz': scanOf(1),
      'a/kidneys.nii.gz': maskOf(),
      'b/scan.nii.gz': scanOf(2),
      'b/kidneys.nii.gz': other,
    },
    ...{ scans: 2, masks: 2 },
  },
  'the same names in the folders of cases': {
    files: {
      ...{ 'a/ct.nii.gz': scanOf(1), 'a/labels/ct.nii.gz': maskOf() },
      ...{ 'b/ct.nii.gz': scanOf(2), 'b/labels/ct.nii.gz': other },
    },
    ...{ scans: 2, masks: 2 },
  },
  'a scan that is called like a mask, with a mask of its own': {
    files: { 'x_seg.nii.gz': scanOf(1), 'labels/x_seg.nii.gz': maskOf() },
    ...{ scans: 1, masks: 1 },
  },
  'a scan that is called like a mask, alone': { files: { 'x_label.nii.gz': scanOf(1) }, ...{ scans: 1, masks: 0 } },
};
for (const [name, { files, scans, masks }] of Object.entries(LAYOUTS))
  test(`${name}: ${scans} scans, ${masks} masks`, async (t) => {
    const got = await imported(t, files);
    assert.deepEqual([got.scans.length, got.masks.length, got.codes], [scans, masks, []], got.said);
  });

test('one file an organ: those called like labels become one mask, the others are named', async (t) => {
  const got = await imported(
    t,
    {
      's1/ct.nii.gz': scanOf(1),
      's1/segmentations/kidney_left.nii.gz': maskOf(1, [1, 1, 1], [3, 3, 3]),
      's1/segmentations/kidney_right.nii.gz': maskOf(1, [5, 5, 1], [7, 7, 3]),
      's1/segmentations/spleen.nii.gz': maskOf(1, [3, 3, 3], [5, 5, 5]),
    },
    {},
    ['Kidney left', 'Kidney right'],
  );
  assert.deepEqual([got.scans.length, got.masks.length, got.codes], [1, 1, []]);
  const version = got.store.masks.reference(got.report.masks.length && got.store.scans.find(got.scans[0])!.id);
  assert.deepEqual(
    version?.labels.map(({ voxels }) => voxels),
    [8, 8],
  );
  assert.match(got.said, /1 mask files are called like no label and were left out \(spleen\)/);
});

test('a mask that found no scan is a failure, never a scan', async (t) => {
  const elsewhere = { ...maskOf(), origin: [500, 0, 0] } as unknown as Volume;
  const got = await imported(t, { 'a.nii.gz': scanOf(1), 'b_mask.nii.gz': elsewhere });
  assert.deepEqual([got.scans, got.masks, got.codes], [['a'], [], ['mask/no-scan']]);
});

test('a mask whose name does not say of which scan is refused with the flag that settles it', async (t) => {
  const files = { 'a.nii.gz': scanOf(1), 'b.nii.gz': scanOf(2), 'c.nii.gz': maskOf() };
  const got = await imported(t, files);
  assert.deepEqual([got.scans, got.masks, got.codes], [['a', 'b'], [], ['mask/unsure']]);
  assert.match(got.report.failures[0].cure, /--masks GLOB/);
  const scans = await imported(t, files, { masks: 'none' });
  assert.deepEqual([scans.scans, scans.codes], [['a', 'b', 'c'], []]);
});

test('--masks settles which files are masks', async (t) => {
  const files = { 'a_x.nii.gz': scanOf(1), 'a.nii.gz': maskOf(), 'b.nii.gz': scanOf(2) };
  const got = await imported(t, { 'p/ct.nii.gz': scanOf(1), 'p/final/ct.nii.gz': maskOf() }, { masks: 'p/final/*' });
  assert.deepEqual([got.scans.length, got.masks.length, got.codes], [1, 1, []]);
  const both = await imported(t, files, { masks: 'nothing' });
  assert.equal(both.scans.length, 3);
});

test('what --masks names is never a scan: it is the mask of the scans beside it, or has none', async (t) => {
  const files = {
    ...{ 'a/FLAIR.nii.gz': scanOf(1), 'a/T1.nii.gz': scanOf(2), 'a/wmh.nii.gz': maskOf() },
    ...{ 'b/FLAIR.nii.gz': scanOf(3), 'b/T1.nii.gz': scanOf(4), 'b/wmh.nii.gz': other },
  };
  const beside = await imported(t, files, { masks: 'wmh*' });
  assert.deepEqual([beside.scans.length, beside.masks, beside.codes], [4, beside.scans, []]);
  const far = await imported(
    t,
    { 'a/x.nii.gz': scanOf(1), 'b/y.nii.gz': scanOf(2), 'q.nii.gz': maskOf() },
    { masks: 'q' },
  );
  assert.deepEqual([far.scans, far.masks, far.codes], [['x', 'y'], [], ['mask/no-scan']]);
  // Voxels that no mask has do not make it a scan either.
  const odd = await imported(
    t,
    { 'a/x.nii.gz': scanOf(1), 'b/y.nii.gz': scanOf(2), 'q.nii.gz': scanOf(9) },
    { masks: 'q' },
  );
  assert.deepEqual([odd.scans, odd.codes], [['x', 'y'], ['mask/no-scan']]);
});

test('files that were not sure become what the user says, and what was sure stays', async (t) => {
  const folder = join(temporaryFolder(t), 'scans');
  await writeVolumes(folder, {
    ...{ 'a/FLAIR.nii.gz': scanOf(1), 'a/T1.nii.gz': scanOf(2), 'a/wmh.nii.gz': maskOf() },
    ...{ 'b/x.nii.gz': scanOf(3), 'b/x_seg.nii.gz': other },
  });
  const store = newProject(t);
  const first = await importScans(store, folder);
  assert.deepEqual([codes(first.failures), first.masks.map(({ scan }) => scan)], [['mask/unsure'], ['x']]);
  const paths = first.failures.map(({ path }) => path);
  const masks = await importScans(store, folder, { settled: { paths, as: 'mask' } });
  assert.deepEqual([masks.masks.length, masks.added.length, masks.sameMasks, codes(masks.failures)], [2, 0, 1, []]);
  const scans = await importScans(store, folder, { settled: { paths, as: 'scan' } });
  assert.deepEqual([scans.added.map(({ name }) => name), codes(scans.failures)], [['wmh'], []]);
});

test('masks that --masks does not name are no scans either, but scans in folders of masks are', async (t) => {
  const files = {
    ...{ 'c1.nii.gz': scanOf(1), 'c2.nii.gz': scanOf(2), 'masks/c3.nii.gz': scanOf(3) },
    ...{ 'labels/final/c1.nii.gz': maskOf(), 'labels/final/c2.nii.gz': other, 'labels/original/c1.nii.gz': count(1) },
  };
  const got = await imported(t, files, { masks: 'labels/final/*' });
  assert.deepEqual([got.scans, got.masks, got.codes], [['c1', 'c2', 'c3'], ['c1', 'c2'], []]);
  assert.match(got.said, /c1.nii.gz in original was left out: by name or folder it is a mask, it holds 2 whole values/);
});

test("names of BIDS, VerSe and ITK-SNAP, and BTCV's by --labels", async (t) => {
  const files = {
    ...{ 'sub-1/anat/sub-1_T1w.nii.gz': scanOf(1), 'sub-2/sub-2_ct.nii.gz': scanOf(2) },
    'derivatives/manual/sub-1/anat/sub-1_desc-manual_dseg.nii.gz': maskOf(),
    'derivatives/sub-2/sub-2_seg-vert_msk.nii.gz': other,
    ...{ 'snap/MRI1.nii.gz': scanOf(3), 'snap/MRI12.nii.gz': scanOf(4), 'snap/MRI1_lesion_AB_seg.nii.gz': count(2) },
  };
  const got = await imported(t, files);
  assert.deepEqual([got.masks, got.codes], [['MRI1', 'sub-1_T1w', 'sub-2_ct'], []]);
  const labels = join(temporaryFolder(t), 'label');
  await writeVolumes(labels, { 'label0001.nii.gz': maskOf(), 'label0002.nii.gz': other });
  const btcv = await imported(t, { 'img0001.nii.gz': scanOf(1), 'img0002.nii.gz': scanOf(2) }, { labels });
  assert.deepEqual([btcv.masks, btcv.report.unmatchedMasks], [['img0001', 'img0002'], []]);
});

test('two masks of one scan: neither is guessed', async (t) => {
  const got = await imported(t, { 'a.nii.gz': scanOf(1), 'a_seg.nii.gz': count(1), 'a_mask.nii.gz': count(2) });
  assert.deepEqual([got.scans, got.masks, got.codes], [['a'], [], ['mask/several']]);
});

test('a file of few whole values alone is a scan, with a word', async (t) => {
  const got = await imported(t, { 'phantom.nii.gz': maskOf() });
  assert.deepEqual([got.scans, got.codes], [['phantom'], []]);
  assert.match(got.said, /holds 2 whole values alone/);
});

test('names are compared in one form of accents', async (t) => {
  const [scan, mask] = ['Müller'.normalize('NFC'), 'Müller'.normalize('NFD')];
  const beside = await imported(t, { [`${scan}.nii.gz`]: scanOf(1), [`labels/${mask}.nii.gz`]: maskOf() });
  assert.deepEqual([beside.scans, beside.masks], [[scan], [scan]]);
  const labels = join(temporaryFolder(t), 'masks');
  await writeVolumes(labels, { [`${mask}_seg.nii.gz`]: maskOf() });
  const apart = await imported(t, { [`${scan}.nii.gz`]: scanOf(1) }, { labels });
  assert.deepEqual([apart.masks, apart.report.unmatchedMasks], [[scan], []]);
});

test("Slicer's and ITK-SNAP's names", async (t) => {
  const folder = join(temporaryFolder(t), 'scans');
  await writeVolumes(folder, { 'a/MRHead.nii.gz': scanOf(1), 'a/Segmentation-label.nii.gz': maskOf() });
  await writeVolumes(folder, { 'b/t2.nii.gz': scanOf(2), 'b/Segmentation.nii.gz': other });
  await writeNifti(join(folder, 'c.nii.gz'), scanOf(3));
  await writeNrrd(join(folder, 'c.seg.nrrd'), count(3), [{ value: 1, name: 'kidney', colour: [1, 2, 3] }]);
  const report = await importScans(newProject(t), folder);
  assert.deepEqual([report.added.length, report.masks.length, codes(report.failures)], [3, 3, []]);
});

test('a mask beside one scan of another name is not its mask', () => {
  const roles = rolesOf('/r', ['/r/a.nii', '/r/a_seg.nii', '/r/labels/b.nii'], new Map());
  assert.deepEqual([...roles.masks], [['/r/a.nii', '/r/a_seg.nii']]);
  assert.deepEqual([[...roles.orphans], roles.organs.size], [['/r/labels/b.nii'], 0]);
});
