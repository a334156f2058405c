/** Which masks leave a project, and which scans a data set learns from. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openExistingProject, type Project } from '../../src/app.ts';
import { readMask } from '../../src/imaging/index.ts';
import { countChoices } from '../../src/project/services/export/export.ts';
import { decile } from '../cli/run.ts';
import { addRun } from '../store/helpers.ts';
import { maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { keepPrediction } from './predicted.ts';

const ENTROPY = [0, 0, 0.1, 0, 0, 0];
/** What runs 1 and 2 predict: told apart by their boxes. */
const FIRST = maskOf(1, [1, 1, 1], [3, 3, 3]);
const SECOND = maskOf(1, [3, 3, 3], [5, 5, 5]);

/**
 * case_01 is labelled by hand, 02 accepted as predicted, 03 rejected, 04 predicted alone, 05 has nothing; run-1 predicted
 * 02 to 04, run-2 case_04 alone.
 */
async function mixed(t: TestContext): Promise<{ project: Project; folder: string }> {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 5, 1);
  const [first, second] = [addRun(store, 'run-1'), addRun(store, 'run-2')];
  const scans = store.scans.list();
  for (const n of [1, 2, 3]) await keepPrediction(store, first, scans[n], FIRST, ENTROPY);
  await keepPrediction(store, second, scans[3], SECOND, ENTROPY);
  store.close();
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  await project.review.decide(scans[1].id, 'accept');
  await project.review.decide(scans[2].id, 'reject', { reason: 'missing part' });
  return { project, folder };
}
const names = (files: readonly string[]) => files.map((file) => file.replace('.nii.gz', ''));

test('accepted masks, predictions and all are different sets, and rejected ones leave only where asked for', async (t) => {
  const { project, folder } = await mixed(t);
  const files = async (n: number, request: object) =>
    names((await project.export({ format: 'nifti', output: join(folder, String(n)), ...request })).files);
  assert.deepEqual(await files(1, { which: 'accepted' }), ['case_01', 'case_02']);
  assert.deepEqual(await files(2, { which: 'predictions' }), ['case_02', 'case_04']);
  assert.deepEqual(await files(3, { which: 'all' }), ['case_01', 'case_02', 'case_04']);
  assert.deepEqual(await files(4, {}), await files(3, { which: 'all' }));
  assert.deepEqual(await files(5, { withRejected: true }), ['case_01', 'case_02', 'case_03', 'case_04']);
  assert.deepEqual(await files(6, { run: 'run-1' }), ['case_02', 'case_04']);
  assert.deepEqual(await files(7, { run: 'run-2' }), ['case_04']);
  assert.deepEqual(await files(8, { scans: ['case_04', 'case_01'] }), ['case_04', 'case_01']);
  assert.deepEqual(
    (await readMask(join(folder, '6', 'case_04.nii.gz'))).data,
    FIRST.data,
    "run-1's own, not the newest",
  );
  assert.deepEqual((await readMask(join(folder, '2', 'case_04.nii.gz'))).data, SECOND.data);
});

test('the counts beside the choices are those of the files', async (t) => {
  const { project } = await mixed(t);
  const { store } = project;
  assert.deepEqual(countChoices(store, store.scans.list()), {
    ...{ accepted: 2, predictions: 2, all: 3 },
    ...{ unseen: 1, rejected: 1 },
  });
  assert.deepEqual(countChoices(store, store.scans.list(), store.runs.find('run-2')).predictions, 1);
});

test('nnU-Net and MSD learn from accepted masks alone: undecided and rejected scans are test images', async (t) => {
  const { project, folder } = await mixed(t);
  for (const format of ['nnunet', 'msd'] as const) {
    const output = join(folder, format);
    await project.export({ format, output });
    const has = (sub: string) => names(readdirSync(join(output, sub))).map((name) => name.replace('_0000', ''));
    assert.deepEqual(has('labelsTr'), ['case_01', 'case_02'], format);
    assert.deepEqual(has('imagesTr'), ['case_01', 'case_02'], format);
    assert.deepEqual(has('imagesTs'), ['case_03', 'case_04', 'case_05'], format);
    assert.deepEqual(has('predictionsTs'), ['case_04'], format);
  }
  const asked = join(folder, 'asked');
  await project.export({ format: 'nnunet', output: asked, which: 'accepted', withRejected: true });
  assert.deepEqual(names(readdirSync(join(asked, 'labelsTr'))), ['case_01', 'case_02', 'case_03']);
  assert.equal(existsSync(join(asked, 'predictionsTs')), false);
});

test('a prediction that was rejected stays so when a later run predicts the scan anew', async (t) => {
  const { project, folder } = await mixed(t);
  const scan = project.store.scans.find('case_03')!;
  await keepPrediction(project.store, project.store.runs.find('run-2'), scan, SECOND, ENTROPY);
  const files = async (run: string) =>
    names((await project.export({ format: 'nifti', output: join(folder, run), run })).files);
  assert.deepEqual(await files('run-1'), ['case_02', 'case_04']);
  assert.deepEqual(await files('run-2'), ['case_03', 'case_04']);
});

test('the command line says how many masks nobody has looked at, and refuses what does not fit', async (t) => {
  const { project, folder } = await mixed(t);
  const at = project.store.folder;
  await project.close();
  const out = (name: string) => join(folder, name);
  const all = await decile(['export', at, out('a'), '--format', 'nifti']);
  assert.equal(all.status, 0);
  assert.match(all.stderr, /1 of the masks are predictions that nobody has looked at/);
  assert.match(all.stderr, /1 rejected masks were left out; --with-rejected/);
  const json = await decile([
    'export',
    at,
    out('b'),
    '--format',
    'nifti',
    '--which',
    'accepted',
    '--scans',
    'case_01',
    'case_04',
    '--json',
  ]);
  const report = JSON.parse(json.stdout);
  assert.deepEqual(
    [report.files, report.withoutMask, report.unseen, report.rejected],
    [['case_01.nii.gz'], ['case_04'], [], []],
  );
  const unknown = await decile(['export', at, out('c'), '--format', 'nifti', '--scans', 'case_99']);
  assert.match(unknown.stderr, /scan\/unknown: .*case_99/);
  const both = await decile(['export', at, out('d'), '--format', 'nifti', '--run', 'run-1', '--which', 'accepted']);
  assert.match(both.stderr, /option\/invalid: --run must come with the predictions, got --which accepted/);
});
