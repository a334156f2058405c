/** Masks beside scans as further data sets and programs lay them out: as many scans and masks as there are, and no mask a scan. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Volume } from '../../src/core/volume.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { codes, maskOf, newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

const [mask, other] = [maskOf(), maskOf(1, [1, 1, 1], [6, 5, 4])];
/** Files of two cases each, `#` the number: of scans, and of masks. */
const LAYOUTS: Record<string, [scan: string, mask: string]> = {
  'images and masks apart, a suffix': ['images/x#.nii.gz', 'masks/x#_mask.nii.gz'],
  'folders of a case below images and labels': ['images/x#/x#.nii.gz', 'labels/x#/x#.nii.gz'],
  'imaging and segmentation': ['case_#/imaging.nii.gz', 'case_#/segmentation.nii.gz'],
  'image_001 and mask_001': ['image_00#.nii.gz', 'mask_00#.nii.gz'],
  PROMISE12: ['Case0#.nii', 'Case0#_segmentation.nii'],
  ACDC: ['patient00#/patient00#_frame01.nii.gz', 'patient00#/patient00#_frame01_gt.nii.gz'],
  AVT: ['Dongyang/D#/D#.nii.gz', 'Dongyang/D#/D#.seg.nii.gz'],
  'a label with a dot': ['s#.nii.gz', 's#.label.nii.gz'],
  capitals: ['S#_CT.nii.gz', 'S#_MASK.nii.gz'],
  'words with blanks': ['scan #.nii.gz', 'scan #_label.nii.gz'],
  'Segmentation of Slicer': ['p#/CT chest.nii.gz', 'p#/Segmentation.nii.gz'],
  'img and msk': ['p#/p#_img.nii.gz', 'p#/p#_msk.nii.gz'],
  'an atrium without the words of masks': ['p#/lgemri.nii.gz', 'p#/laendo.nii.gz'],
  'BIDS derivatives': ['sub-#/anat/sub-#_T1w.nii.gz', 'derivatives/manual/sub-#/anat/sub-#_T1w_dseg.nii.gz'],
  'a space of BIDS': ['sub-#/anat/sub-#_T2w.nii.gz', 'sub-#/anat/sub-#_space-orig_label-lesion_mask.nii.gz'],
  'ground truth by folder': ['data/p#.nii.gz', 'GroundTruth/p#.nii.gz'],
};

for (const [name, [scan, maskName]] of Object.entries(LAYOUTS))
  test(name, async (t) => {
    const folder = join(temporaryFolder(t), 'scans');
    const files: Record<string, Volume> = {};
    for (const n of ['1', '2']) {
      files[scan.replaceAll('#', n)] = scanOf(Number(n));
      files[maskName.replaceAll('#', n)] = n === '1' ? mask : other;
    }
    await writeVolumes(folder, files);
    const report = await importScans(newProject(t), folder);
    const got = [report.added.length, report.masks.length, codes(report.failures)];
    assert.deepEqual(got, [2, 2, []], [...report.added.map((one) => one.name), ...report.notices].join(' '));
    assert.equal(new Set(report.masks.map((one) => one.scan)).size, 2);
  });
