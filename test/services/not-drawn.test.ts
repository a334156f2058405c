import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { type LabelMap, NOT_DRAWN } from '../../src/core/volume.ts';
import { readMask } from '../../src/imaging/index.ts';
import { exportProject } from '../../src/project/services/export/export.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { evaluateRun } from '../../src/project/services/review/evaluate.ts';
import { codes, GRID, maskOf, newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

const AREA = GRID.size[0] * GRID.size[1];
/** Slice 3 alone is drawn, `ignore` in all others. */
function slices(ignore: number): LabelMap {
  const mask = maskOf();
  return { ...mask, data: mask.data.map((value, v) => (Math.floor(v / AREA) === 3 ? value : ignore)) };
}

async function nnunet(folder: string, masks: Record<string, LabelMap>, labels: object): Promise<string> {
  const scans = Object.keys(masks).map((name, n) => [`imagesTr/${name}_0000.nii.gz`, scanOf(n)] as const);
  const drawn = Object.entries(masks).map(([name, mask]) => [`labelsTr/${name}.nii.gz`, mask] as const);
  await writeVolumes(folder, Object.fromEntries([...scans, ...drawn]));
  writeFileSync(
    join(folder, 'dataset.json'),
    JSON.stringify({ channel_names: { 0: 'MR' }, labels, numTraining: 1, file_ending: '.nii.gz' }),
  );
  return folder;
}

async function withSlices(t: TestContext) {
  const store = newProject(t);
  const folder = await nnunet(
    join(temporaryFolder(t), 'in'),
    { a: slices(2), b: maskOf() },
    { background: 0, kidney: 1, ignore: 2 },
  );
  return { store, report: await importScans(store, folder) };
}

test("nnU-Net's ignore label comes in as what nobody drew, and goes out again as the highest number", async (t) => {
  const { store, report } = await withSlices(t);
  assert.deepEqual([codes(report.failures), report.masks.length], [[], 2]);
  const mask = store.masks.reference(store.scans.find('a')!.id)!;
  assert.equal(mask.notDrawn, AREA * (GRID.size[2] - 1));
  assert.deepEqual(
    mask.labels.map(({ value, voxels }) => [value, voxels]),
    [[1, 9]],
  );
  assert.deepEqual((await readMask(store.path(mask.file))).data, slices(NOT_DRAWN).data);
  assert.equal(store.masks.reference(store.scans.find('b')!.id)!.notDrawn, 0);
  const output = join(temporaryFolder(t), 'out');
  const written = await exportProject(store, { format: 'nnunet', output });
  assert.match(written.notices.join(), /Drawn in part: a\. What nobody drew has the ignore label/);
  const { labels } = JSON.parse(readFileSync(join(output, 'dataset.json'), 'utf8')) as { labels: object };
  assert.deepEqual(labels, { background: 0, kidney: 1, ignore: 2 });
  assert.deepEqual((await readMask(join(output, 'labelsTr/a.nii.gz'))).data, slices(2).data);
  const again = newProject(t);
  await importScans(again, output);
  assert.equal(again.masks.reference(again.scans.find('a')!.id)!.notDrawn, mask.notDrawn);
});

test('other formats say what becomes of what nobody drew', async (t) => {
  const { store } = await withSlices(t);
  const out = async (format: 'nifti' | 'msd' | 'nrrd' | 'csv') => {
    const output = join(temporaryFolder(t), format);
    const { notices } = await exportProject(store, { format, output });
    return { output, notices: notices.join() };
  };
  const nifti = await out('nifti');
  assert.match(nifti.notices, /value 255; import it with --ignore-label 255/);
  assert.deepEqual((await readMask(join(nifti.output, 'a.nii.gz'))).data, slices(NOT_DRAWN).data);
  const msd = await out('msd');
  const again = newProject(t);
  await importScans(again, msd.output);
  assert.ok(again.masks.reference(again.scans.find('a')!.id)!.notDrawn > 0, 'MSD brings it back');
  const csv = await out('csv');
  assert.match(csv.notices, /volumes are of the voxels that were drawn/);
  const [header, row] = readFileSync(join(csv.output, 'scans.csv'), 'utf8').split(/\r?\n/);
  const mask = store.masks.reference(store.scans.find('a')!.id)!;
  assert.equal(row.split(',')[header.split(',').indexOf('not_drawn_voxels')], String(mask.notDrawn));
  const nrrd = await out('nrrd');
  assert.match(nrrd.notices, /leaves as background/);
  assert.ok(!(await readMask(join(nrrd.output, 'a.seg.nrrd'))).data.includes(NOT_DRAWN));
});

test('255 is no ignore label unless somebody says so, and masks of nothing else are refused', async (t) => {
  const folder = temporaryFolder(t);
  const scans = await writeVolumes(join(folder, 'scans'), { 'a.nii.gz': scanOf(1), 'b.nii.gz': scanOf(2) });
  const nothing = { ...maskOf(), data: new Uint8Array(maskOf().data.length).fill(NOT_DRAWN) };
  const labels = await writeVolumes(join(folder, 'masks'), { 'a.nii.gz': slices(NOT_DRAWN), 'b.nii.gz': nothing });
  const store = newProject(t);
  const refused = await importScans(store, scans, { labels });
  assert.deepEqual(codes(refused.failures), ['mask/unknown-value', 'mask/unknown-value']);
  assert.match(refused.failures[0].cure, /--ignore-label 255/);
  const taken = await importScans(store, scans, { labels, ignoreLabel: NOT_DRAWN });
  assert.deepEqual([codes(taken.failures), taken.masks.map(({ scan }) => scan)], [['mask/nothing-drawn'], ['a']]);
});

test('Dice counts drawn voxels alone, and distances are left open', async (t) => {
  const { store } = await withSlices(t);
  const run = store.runs.create({
    name: 'r',
    options: resolveOptions({ steps: 2000, spacing: 'native' }),
    classes: store.labels.classes(),
    cases: [],
  });
  store.checkpoints.add(run.id, 1, 'runs/checkpoint');
  store.runs.update(run.id, { state: 'finished', finishedAt: new Date().toISOString() });
  const scan = store.scans.find('a')!.id;
  const path = store.path('masks/unfinished.nii.gz');
  // Right on slice 3, wrong on all others.
  const { writeNifti } = await import('../../src/imaging/index.ts');
  await writeNifti(path, slices(1));
  const { id: mask } = store.masks.keep(path, { scan, origin: 'predicted', run: run.id, accepted: false, labels: [] });
  store.predictions.put({
    ...{ run: run.id, scan, mask, entropyFile: '', meanEntropy: 0, sliceEntropy: [], volumesMl: [], seconds: 1 },
  });
  const reference = await nnunet(
    join(temporaryFolder(t), 'truth'),
    { a: slices(2) },
    { background: 0, kidney: 1, ignore: 2 },
  );
  const { cases, failures } = await evaluateRun(store, { reference });
  assert.deepEqual(failures, []);
  assert.deepEqual([cases[0].dice, cases[0].hd95, cases[0].surfaceDice], [100, null, null]);
});
