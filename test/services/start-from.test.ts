import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { methodOf } from '../../src/core/methods/index.ts';
import { oneChannel } from '../../src/core/model-channels.ts';
import { decodeCheckpoint, encodeNetwork, networkOf } from '../../src/core/train/checkpoint.ts';
import type { Normalisation } from '../../src/core/train/preprocess.ts';
import { disposeState, initialState } from '../../src/core/train/state.ts';
import { exportModel } from '../../src/project/services/model/export-model.ts';
import { importModel } from '../../src/project/services/model/import-model.ts';
import { startFrom } from '../../src/project/services/model/start-from.ts';
import { planTraining } from '../../src/project/services/train/plan.ts';
import { resumeTraining, startTraining } from '../../src/project/services/train/train.ts';
import type { Store } from '../../src/project/store/index.ts';
import { newProject, projectWith, scriptedTrainer, temporaryFolder } from './helpers.ts';
import { finishedRun, OPTIONS, randomNetwork } from './model-runs.ts';

async function project(t: TestContext) {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 3, 2);
  finishedRun(store, 'first');
  return { folder, store };
}

const trainer = () =>
  scriptedTrainer(async function* () {
    yield { type: 'cancelled', step: 0 };
  });

const student = (bytes: Uint8Array) => networkOf(decodeCheckpoint(bytes), 'student');
const checkpoint = (store: Store, run: number) => readFileSync(store.path(store.checkpoints.latest(run)!.path));

test('a run starts from the weights of another, with its network and voxel size, and says so', async (t) => {
  const { store } = await project(t);
  const from = await startFrom(store, 'first');
  const { jobs, start } = trainer();
  const run = await startTraining(store, start, { options: { steps: 5 }, from }).done;
  assert.deepEqual(run.startedFrom, { kind: 'run', name: 'first', step: 40 });
  assert.deepEqual([run.options.width, run.options.spacing, run.options.voxel], [1, 'native', OPTIONS.voxel]);
  const [job] = jobs;
  assert.ok(job.kind === 'train' && job.startFrom);
  assert.deepEqual(student(readFileSync(job.startFrom)), student(checkpoint(store, 1)));
  // Before its first checkpoint a resumed run starts from the same weights again.
  await resumeTraining(store, start, run.name).done;
  assert.deepEqual(
    [jobs[1].kind === 'train' && jobs[1].startFrom, jobs[1].kind === 'train' && jobs[1].resume],
    [job.startFrom, false],
  );
});

test('a run starts from a model file of another project, its outputs in the order of the labels here', async (t) => {
  const { folder, store } = await project(t);
  const other = await projectWith(t, temporaryFolder(t), 1, 1, ['kidney', 'tumour']);
  finishedRun(other, 'two', {}, 3);
  const path = join(folder, 'two.safetensors');
  await exportModel(other, { path });
  await assert.rejects(startFrom(store, 'two', path), { code: 'model/labels', message: /\(kidney\), got tumour too/ });
  const swapped = newProject(t, ['tumour', 'kidney']);
  const { origin, bytes } = await startFrom(swapped, path);
  assert.deepEqual([origin.kind, origin.name, origin.sha256?.length], ['file', 'two', 64]);
  const [before, after] = [student(checkpoint(other, 1)), student(bytes)];
  const [b0, b1, b2] = before['out.bias'].values;
  assert.deepEqual([...after['out.bias'].values], [b0, b2, b1]);
  // A label that the weights do not know is not quietly given an output that never learns.
  const more = newProject(t, ['tumour', 'kidney', 'vessel']);
  await importModel(more, { path });
  for (const named of ['two', path])
    await assert.rejects(startFrom(more, named), { code: 'model/labels', message: /got none for vessel/ });
});

test('what is both a run and a file, or neither, is an error; a path says which', async (t) => {
  const { folder, store } = await project(t);
  const path = join(folder, 'first');
  await exportModel(store, { path });
  await assert.rejects(startFrom(store, 'first', path), { code: 'model/ambiguous' });
  assert.equal((await startFrom(store, './first', path)).origin.kind, 'file');
  await assert.rejects(startFrom(store, 'second', join(folder, 'second')), {
    code: 'model/unknown',
    message: /\(first\)/,
  });
});

test('weights of another network, width or plan are refused', async (t) => {
  const { store } = await project(t);
  const from = await startFrom(store, 'first');
  const refused = (options: Parameters<typeof planTraining>[1]['options'], message: RegExp) =>
    assert.throws(() => planTraining(store, { options, from }), { code: 'model/other-network', message });
  refused({ width: 8 }, /--width 8\), got --width 1 in first/);
  refused({ network: 'vnet' }, /--network vnet\), got --network unet/);
  const plan = {
    channels: [1, 2],
    kernels: [
      [1, 3, 3],
      [3, 3, 3],
    ],
    pools: [[1, 2, 2]],
  } as never;
  finishedRun(store, 'planned', { network: 'planned', patch: [8, 8, 4], voxel: [1, 1, 3], plan });
  const planned = await startFrom(store, 'planned');
  assert.equal(planTraining(store, { options: {}, from: planned }).options.network, 'planned');
  // Not the window of a planned network, which no other could have.
  assert.throws(() => planTraining(store, { options: { network: 'unet' }, from: planned }), {
    code: 'model/other-network',
    message: /--network unet\), got --network planned in planned/,
  });
  assert.throws(() => planTraining(store, { options: { spacing: 1 }, from: planned }), {
    code: 'model/other-network',
    message: /plan/,
  });
});

test('weights that learned from other intensities are a start, and that is said', async (t) => {
  const { store } = await project(t);
  const from = await startFrom(store, 'first');
  const notices = (normalisation: Normalisation) =>
    planTraining(store, { options: {}, from: { ...from, channels: oneChannel(normalisation) } }).notices.filter(
      (text) => text.startsWith('first learned from'),
    );
  assert.deepEqual(notices({ kind: 'mr' }), [
    'first learned from MR, this run from CT of -75 to 175 HU: what it knows of intensities has to be learned anew.',
  ]);
  // A run goes on with the range of its weights unless the project has one of its own.
  assert.deepEqual(notices({ kind: 'ct', clip: [-75, 400] }), []);
  store.project.setRange([0, 300]);
  assert.deepEqual(notices({ kind: 'ct', clip: [0, 300] }), []);
  assert.deepEqual(notices({ kind: 'ct', clip: [-75, 400] }), [
    'first learned from CT of -75 to 400 HU, this run from CT of 0 to 300 HU: what it knows of intensities has to be learned anew.',
  ]);
});

test('student and teacher start as the weights; what they do not have is drawn', (t) => {
  const plan = {
    channels: [1, 2, 4],
    kernels: [
      [1, 3, 3],
      [3, 3, 3],
      [3, 3, 3],
    ],
    pools: [
      [1, 2, 2],
      [2, 2, 2],
    ],
  } as never;
  const options = {
    ...OPTIONS,
    network: 'planned' as const,
    method: 'mean-teacher' as const,
    plan,
    engine: 'cpu' as const,
  };
  const weights = randomNetwork(options, 2, 5);
  const from = decodeCheckpoint(encodeNetwork(weights, { step: 3, options, classes: ['background', 'kidney'] }));
  const deep = { ...options, deepSupervision: 'on' as const };
  const state = initialState(methodOf(deep), deep, 2, 1, from);
  t.after(() => disposeState(state));
  for (const network of [state.networks.student, state.networks.teacher])
    for (const [name, { values }] of Object.entries(weights)) assert.deepEqual(network[name].dataSync(), values, name);
  assert.ok(state.networks.student['out1.weight'], 'heads of coarser levels are new');
  assert.equal(state.step, 0);
});

test('weights that are damaged are no start', async (t) => {
  const { folder, store } = await project(t);
  const path = join(folder, 'm.safetensors');
  await exportModel(store, { path });
  writeFileSync(path, readFileSync(path).subarray(0, 2000));
  await assert.rejects(startFrom(store, path), { code: 'model/damaged' });
});

test('a run begins in an empty folder, and one whose first files cannot be written never was', async (t) => {
  const { folder, store } = await project(t);
  const path = join(folder, 'm.safetensors');
  await exportModel(store, { path });
  const left = store.path('runs/2');
  // As a killed import of a model leaves it: its number is given again.
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, 'region.safetensors'), 'of another model');
  const from = await startFrom(store, 'first');
  const { start } = trainer();
  const bytes = null as unknown as Uint8Array;
  assert.throws(() => startTraining(store, start, { options: { steps: 5 }, from: { ...from, bytes } }));
  assert.deepEqual([store.runs.list().length, existsSync(left)], [1, false]);
  mkdirSync(left);
  writeFileSync(join(left, 'region.safetensors'), 'of another model');
  await startTraining(store, start, { options: { steps: 5 }, from }).done;
  assert.deepEqual(readdirSync(left), ['start.safetensors']);
  mkdirSync(store.path('runs/3'));
  writeFileSync(join(store.path('runs/3'), 'region.safetensors'), 'of another model');
  await importModel(store, { path, name: 'brought' });
  assert.deepEqual(readdirSync(store.path('runs/3')).sort(), ['checkpoint.safetensors', 'model.safetensors']);
});

test('a run whose labels were renamed since is a start for them: outputs belong to values', async (t) => {
  const { folder } = await project(t);
  const store = await projectWith(t, temporaryFolder(t), 3, 2, ['left', 'right']);
  const own = finishedRun(store, 'own');
  const path = join(folder, 'own.safetensors');
  await exportModel(store, { path });
  await importModel(store, { path, name: 'brought' });
  const before = student(checkpoint(store, own.id));
  const [left, right] = store.labels.list();
  store.labels.update(left.value, { name: 'right kidney' });
  store.labels.update(right.value, { name: 'left' });
  for (const named of ['own', 'brought']) {
    const { bytes } = await startFrom(store, named);
    assert.deepEqual(student(bytes)['out.bias'], before['out.bias'], named);
  }
});
