import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { type LabelMap, spacingMm } from '../../src/core/volume.ts';
import { encodeDicomSeg, writeNifti } from '../../src/imaging/index.ts';
import { exportProject } from '../../src/project/services/export/export.ts';
import { evaluateRun } from '../../src/project/services/review/evaluate.ts';
import type { CaseRole, Store } from '../../src/project/store/index.ts';
import { rtFile } from '../imaging/rt-files.ts';
import { codes, GRID, maskOf, projectWith, temporaryFolder, writeVolumes } from './helpers.ts';

/** A finished run with these predictions, by case name. */
async function predictedBy(
  store: Store,
  name: string,
  masks: Record<string, LabelMap>,
  roles: Record<string, CaseRole> = {},
): Promise<void> {
  const run = store.runs.create({
    name,
    options: resolveOptions({ steps: 2000, spacing: 'native' }),
    classes: store.labels.classes(),
    cases: Object.entries(roles).map(([scan, role]) => ({ scan: store.scans.find(scan)!.id, role, mask: null })),
  });
  store.checkpoints.add(run.id, 1, 'runs/checkpoint');
  store.runs.update(run.id, { state: 'finished', finishedAt: new Date().toISOString() });
  for (const [scanName, mask] of Object.entries(masks)) {
    const scan = store.scans.find(scanName)!.id;
    const path = store.path('masks/unfinished.nii.gz');
    await writeNifti(path, mask);
    const { id } = store.masks.keep(path, { scan, origin: 'predicted', run: run.id, accepted: false, labels: [] });
    store.predictions.put({
      run: run.id,
      scan,
      mask: id,
      entropyFile: '',
      meanEntropy: 0,
      sliceEntropy: [],
      volumesMl: [],
      seconds: 1,
    });
  }
}

const project = async (t: TestContext, labels?: string[]) => {
  const folder = temporaryFolder(t);
  return { folder, store: await projectWith(t, folder, 4, 0, labels) };
};

test('cases with a reference of the same name are scored in percent and mm with the spacing', async (t) => {
  const { folder, store } = await project(t);
  // One voxel along k, 3 mm, separates prediction and reference: of 27 voxels each, 18 are shared.
  await predictedBy(store, 'r', { case_01: maskOf(1, [2, 2, 1], [5, 5, 4]), case_02: maskOf(), case_04: maskOf() });
  const reference = await writeVolumes(join(folder, 'truth'), {
    'case_01.nii.gz': maskOf(),
    'case_02_seg.nii.gz': maskOf(),
    'case_03.nii.gz': maskOf(),
    'else.nii.gz': maskOf(),
  });
  const { overall, cases } = await evaluateRun(store, { reference });
  assert.deepEqual(
    cases.map((c) => c.name),
    ['case_01', 'case_02'],
  );
  assert.ok(Math.abs(cases[0].dice - (100 * 2 * 18) / 54) < 1e-9);
  assert.ok(Math.abs(cases[0].jaccard - (100 * 18) / 36) < 1e-9);
  assert.equal(cases[0].hd95, 3);
  assert.deepEqual(
    { ...cases[1] },
    { name: 'case_02', dice: 100, jaccard: 100, hd95: 0, asd: 0, hd95Max: 0, surfaceDice: 100, role: null },
  );
  assert.ok(Math.abs(overall.dice! - (100 + (100 * 36) / 54) / 2) < 1e-9);
  assert.deepEqual([overall.n, overall.run, overall.withoutPrediction], [2, 'r', ['case_03']]);
  assert.equal(store.evaluations.list(1).length, 2);
});

test('cases that the run learned or was chosen by are counted in a notice, unlabelled and new ones are not', async (t) => {
  const { folder, store } = await project(t);
  const masks = { case_01: maskOf(), case_02: maskOf(), case_03: maskOf(), case_04: maskOf() };
  const roles = { case_01: 'labelled', case_02: 'validation', case_03: 'unlabelled' } as const;
  await predictedBy(store, 'r', masks, roles);
  const reference = await writeVolumes(
    join(folder, 'truth'),
    Object.fromEntries(Object.entries(masks).map(([name, mask]) => [`${name}.nii.gz`, mask])),
  );
  const { cases, notices } = await evaluateRun(store, { reference });
  assert.deepEqual(
    cases.map(({ role }) => role),
    ['labelled', 'validation', 'unlabelled', null],
  );
  assert.equal(notices.length, 1);
  assert.match(notices[0], /^2 of 4 scored cases were labelled or validation cases/);
  await predictedBy(store, 'new', { case_03: maskOf(), case_04: maskOf() }, { case_03: 'unlabelled' });
  assert.deepEqual((await evaluateRun(store, { reference, run: 'new' })).notices, []);
});

test('an empty prediction has Dice 0 and no distances, and is counted', async (t) => {
  const { folder, store } = await project(t);
  await predictedBy(store, 'r', { case_01: maskOf(0), case_02: maskOf() });
  const reference = await writeVolumes(join(folder, 'truth'), {
    'case_01.nii.gz': maskOf(),
    'case_02.nii.gz': maskOf(),
  });
  const { overall, cases } = await evaluateRun(store, { reference });
  assert.deepEqual([cases[0].dice, cases[0].hd95, cases[0].asd], [0, null, null]);
  assert.deepEqual([overall.emptyPredictions, overall.dice, overall.hd95], [1, 50, 0]);
});

test('a reference may be an RTSTRUCT or a SEG: labels by name, and what was left out of it is told', async (t) => {
  const { folder, store } = await project(t, ['tumour', 'kidney']);
  await predictedBy(store, 'r', { case_01: maskOf(2), case_02: maskOf(2) });
  const reference = join(folder, 'truth');
  mkdirSync(reference);
  // In voxels of GRID: x from 1.5 to 4.5 and so on; its second axis points to -y.
  const corner = (i: number, j: number, k: number) => [-12.5 + i, 30 - 1.5 * j, 4 + 3 * k] as const;
  const square = (k: number) => [corner(1.5, 1.5, k), corner(4.5, 1.5, k), corner(4.5, 4.5, k), corner(1.5, 4.5, k)];
  const contours = [...[2, 3, 4].map((k) => ({ points: square(k) })), { type: 'POINT', points: [corner(3, 3, 3)] }];
  writeFileSync(join(reference, 'case_01.rtstruct.dcm'), rtFile([{ name: 'Kidney', contours }]));
  const segments = [{ value: 2, label: 'kidney', algorithm: 'MANUAL' as const }];
  writeFileSync(join(reference, 'case_02.seg.dcm'), await encodeDicomSeg(maskOf(2), { segments }));
  const { cases, notices, failures } = await evaluateRun(store, { reference });
  assert.deepEqual(failures, []);
  assert.deepEqual(
    cases.map((c) => [c.name, c.labels?.[1].dice]),
    [
      ['case_01', 100],
      ['case_02', 100],
    ],
  );
  assert.match(notices.join(), /case_01, its reference: Kidney: 1 POINT contour on slice 4 is no closed outline/);
});

test('cases that were missed, or found where nothing is, are counted beside the means: JSON, store, CSV', async (t) => {
  const { folder, store } = await project(t);
  const masks = { case_01: maskOf(0), case_02: maskOf(), case_03: maskOf(1, [2, 2, 1], [5, 5, 4]), case_04: maskOf() };
  await predictedBy(store, 'r', masks);
  const reference = await writeVolumes(join(folder, 'truth'), {
    ...{
      'case_01.nii.gz': maskOf(),
      'case_02.nii.gz': maskOf(0),
      'case_03.nii.gz': maskOf(),
      'case_04.nii.gz': maskOf(),
    },
  });
  const { overall } = await evaluateRun(store, { reference, tolerance: 3 });
  assert.deepEqual([overall.n, overall.emptyPredictions, overall.spurious, overall.tolerance], [4, 1, 1, 3]);
  // Two of four have distances: 0 and one voxel along k, 3 mm; at 3 mm their surfaces agree.
  assert.deepEqual([overall.hd95Max, overall.surfaceDice], [1.5, 50]);
  const kept = store.evaluations.list(1).map((e) => [e.hd95Max, e.surfaceDice, e.tolerance, e.missed, e.spurious]);
  assert.deepEqual(kept, [[null, 0, 3, true, false], [null, 0, 3, false, true], [3, 100, 3, false, false], [0, 100, 3, false, false]]); // biome-ignore format: a table
  const output = join(folder, 'out');
  await exportProject(store, { format: 'csv', output });
  const table = (name: string) => {
    const [header, ...rows] = readFileSync(join(output, name), 'utf8').trim().split('\r\n');
    return rows.map((row) => Object.fromEntries(row.split(',').map((cell, n) => [header.split(',')[n], cell])));
  };
  const metrics = table('metrics.csv').map((r) => [r.hd95Max_mm, r.surfaceDice_percent, r.tolerance_mm, r.finding]);
  assert.deepEqual(metrics, [['', '0', '3', 'missed'], ['', '0', '3', 'spurious'], ['3', '100', '3', ''], ['0', '100', '3', '']]); // biome-ignore format: a table
  const [means] = table('means.csv');
  const { run, cases, hd95Max_mm, surfaceDice_percent, missed, spurious } = means;
  assert.deepEqual([run, cases, hd95Max_mm, surfaceDice_percent, missed, spurious], ['r', '4', '1.5', '50', '1', '1']);
});

test('with several labels a case is the mean over its labels, and each label is listed', async (t) => {
  const { folder, store } = await project(t, ['kidney', 'tumour']);
  const both = maskOf(1);
  both.data.set([2, 2, 2, 2]);
  const kidney = maskOf(1);
  await predictedBy(store, 'r', { case_01: kidney });
  const reference = await writeVolumes(join(folder, 'truth'), { 'case_01.nii.gz': both });
  const { overall, cases } = await evaluateRun(store, { reference });
  assert.deepEqual(
    cases[0].labels?.map((l) => [l.name, l.dice]),
    [
      ['kidney', 100],
      ['tumour', 0],
    ],
  );
  assert.deepEqual([cases[0].dice, cases[0].hd95], [50, 0]);
  assert.deepEqual([overall.labels?.tumour.dice, overall.labels?.kidney.dice], [0, 100]);
});

test('a reference on another grid or with unknown values is listed, and the others are scored', async (t) => {
  const { folder, store } = await project(t);
  await predictedBy(store, 'r', { case_01: maskOf(), case_02: maskOf(), case_03: maskOf() });
  const reference = await writeVolumes(join(folder, 'truth'), {
    'case_01.nii.gz': maskOf(1, [0, 0, 0], [1, 1, 1], { ...GRID, spacing: spacingMm(1, 1, 1) }),
    'case_02.nii.gz': maskOf(3),
    'case_03.nii.gz': maskOf(),
  });
  const report = await evaluateRun(store, { reference });
  assert.deepEqual(codes(report.failures), ['mask/other-grid', 'mask/unknown-value']);
  assert.match(report.failures[0].message, /spacing/);
  assert.equal(report.overall.n, 1);
});

test('two runs are compared case by case with a paired t-test', async (t) => {
  const { folder, store } = await project(t);
  const shifted = (by: number) => maskOf(1, [2, 2, 2 - by], [5, 5, 5 - by]);
  await predictedBy(store, 'worse', { case_01: shifted(1), case_02: shifted(2), case_03: shifted(1) });
  await predictedBy(store, 'better', { case_01: maskOf(), case_02: shifted(1), case_03: maskOf(), case_04: maskOf() });
  const reference = await writeVolumes(
    join(folder, 'truth'),
    Object.fromEntries([1, 2, 3, 4].map((n) => [`case_0${n}.nii.gz`, maskOf()])),
  );
  const { overall } = await evaluateRun(store, { reference, run: 'better', against: 'worse' });
  const dice = overall.against!.tests.dice!;
  // Dice of better minus worse: 100 - 66.67, 66.67 - 33.33, 100 - 66.67: equal differences of a third.
  assert.equal(dice.pairs, 3);
  assert.ok(Math.abs(dice.meanDifference - 100 / 3) < 1e-9);
  await assert.rejects(evaluateRun(store, { reference, against: 'nobody' }), { code: 'run/unknown' });
});

test('no matching reference, no prediction and no folder are told apart', async (t) => {
  const { folder, store } = await project(t);
  await predictedBy(store, 'r', {});
  const other = await writeVolumes(join(folder, 'other'), { 'x.nii.gz': maskOf() });
  const same = await writeVolumes(join(folder, 'same'), { 'case_01.nii.gz': maskOf() });
  await assert.rejects(evaluateRun(store, { reference: other }), { code: 'evaluate/no-cases', message: /named like/ });
  await assert.rejects(evaluateRun(store, { reference: same }), {
    code: 'evaluate/no-cases',
    message: /predicted by r/,
  });
  await assert.rejects(evaluateRun(store, { reference: join(folder, 'gone') }), { code: 'import/no-folder' });
  assert.equal(existsSync(join(folder, 'gone')), false);
});
