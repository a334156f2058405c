import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  discoverDataset,
  type ExportCase,
  exportBids,
  exportMsd,
  exportNnunet,
  readMask,
  readVolume,
} from '../../src/imaging/index.ts';
import { counting, GRIDS, rejectsWith, scratch } from './helpers.ts';

const volume = counting(GRIDS.oblique);
const mask = { ...GRIDS.oblique, data: Uint8Array.from(volume.data, (_, n) => n % 3) };
const CASES: ExportCase[] = [
  { name: 'Case 1', image: async () => volume, mask: async () => mask, origin: 'corrected' },
  { name: 'case_1', image: async () => volume, mask: async () => mask },
  { name: 'new', image: async () => volume },
];
const OPTIONS = {
  name: 'Kidneys',
  modality: 'CT',
  labels: [
    { value: 1, name: 'kidney', colour: [255, 0, 16] as const },
    { value: 2, name: 'tumor' },
  ],
};

for (const [layout, write] of [
  ['nnunet', exportNnunet],
  ['msd', exportMsd],
] as const) {
  test(`an ${layout} folder is read back as what was written`, async () => {
    const folder = scratch();
    await write(folder, CASES, OPTIONS);
    const dataset = await discoverDataset(folder);
    assert.equal(dataset?.layout, layout);
    assert.deepEqual(dataset?.labels, [
      { value: 0, name: 'background' },
      { value: 1, name: 'kidney' },
      { value: 2, name: 'tumor' },
    ]);
    // Names that differ in capitals alone stay two files on every file system.
    assert.deepEqual(
      dataset?.cases.map((c) => [c.name, c.mask !== undefined]),
      [
        ['Case_1', true],
        ['case_1-2', true],
        ['new', false],
      ],
    );
    assert.deepEqual((await readVolume(dataset!.cases[0].image)).volume.data, volume.data);
    assert.deepEqual((await readMask(dataset!.cases[0].mask!, GRIDS.oblique)).data, mask.data);
  });
}

test('labels with gaps are refused for nnU-Net', async () => {
  await rejectsWith(exportNnunet(scratch(), CASES, { ...OPTIONS, labels: [{ value: 2, name: 'x' }] }), 'export/labels');
});

test('a BIDS derivative has description, label table, and masks with sidecars', async () => {
  const folder = scratch();
  await exportBids(folder, CASES, OPTIONS);
  const description = JSON.parse(readFileSync(join(folder, 'dataset_description.json'), 'utf8'));
  assert.equal(description.DatasetType, 'derivative');
  assert.equal(
    readFileSync(join(folder, 'dseg.tsv'), 'utf8'),
    'index\tname\tcolor\n1\tkidney\t#ff0010\n2\ttumor\tn/a\n',
  );
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((f) => f.includes('dseg.nii')).sort();
  assert.deepEqual(files, [
    'sub-Case1/ct/sub-Case1_desc-corrected_dseg.nii.gz',
    'sub-case1x2/ct/sub-case1x2_desc-manual_dseg.nii.gz',
  ]);
  assert.deepEqual((await readMask(join(folder, files[0]), GRIDS.oblique)).data, mask.data);
  assert.equal(
    JSON.parse(readFileSync(join(folder, files[0].replace('.nii.gz', '.json')), 'utf8')).SourceName,
    'Case 1',
  );
});
