import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { about } from '../../src/api/about.ts';
import { createApi } from '../../src/api/index.ts';
import { createApp } from '../../src/app.ts';
import { modelCard } from '../../src/core/model/card.ts';
import { decodeCheckpoint, membersOf, networkOf } from '../../src/core/train/checkpoint.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/core/train/safetensors.ts';
import { spacingFor } from '../../src/core/train/spacing.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { exportModel, modelContent } from '../../src/project/services/model/export-model.ts';
import { importModel } from '../../src/project/services/model/import-model.ts';
import { encodeModel, readModel } from '../../src/project/services/model/model-file.ts';
import { startPrediction } from '../../src/project/services/predict/predict.ts';
import type { Store } from '../../src/project/store/index.ts';
import type { ModelReceipt, RunInfo } from '../../src/shared/contract/index.ts';
import { newProject, projectWith, scanOf, scriptedTrainer, temporaryFolder, writeVolumes } from './helpers.ts';
import { finishedRun } from './model-runs.ts';

const KIDNEY = { scheme: 'SCT', code: '64033007', meaning: 'Kidney' };

/** A project of two labels with a finished run, and the file of its model. */
async function exported(t: TestContext) {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 3, 1, ['kidney', 'tumour']);
  store.labels.update(1, { term: KIDNEY });
  const run = finishedRun(store, 'first');
  const path = join(folder, 'model.safetensors');
  await exportModel(store, { path });
  return { folder, store, run, path };
}

test('a model file says everything that prediction needs, and names no scan', async (t) => {
  const { store, run, path } = await exported(t);
  store.metrics.record(run.id, 40, { 'validation.dice': 80, 'validation.dice.1': 90, 'validation.dice.2': 70 });
  const [learned, other] = store.scans.list();
  for (const { id } of [learned, other])
    store.evaluations.put([{ run: run.id, scan: id, label: 1, dice: id, jaccard: 1, hd95: 2, asd: 1, reference: 'r' }]);
  await exportModel(store, { path, run: 'first' });
  const { description } = await readModel(path);
  assert.deepEqual(
    description.labels.map(({ name, term }) => [name, term?.code]),
    [
      ['kidney', '64033007'],
      ['tumour', undefined],
    ],
  );
  assert.deepEqual(
    [description.network, description.patch, description.spacing, description.voxel],
    [{ kind: 'unet', width: 1, deepSupervision: false }, [16, 16, 16], 'native', [1, 1.5, 3]],
  );
  assert.deepEqual(description.channels, [{ name: 'image', normalisation: { kind: 'mr' } }]);
  const { step, labelled, unlabelled, orientations, finished } = description.training;
  assert.deepEqual([step, labelled, unlabelled, orientations, finished], [40, 1, 2, { LAS: 1 }, '2026-03-04']);
  assert.deepEqual(description.validation, { scans: 0, step: 40, dice: 80, perLabel: [90, 70] });
  assert.deepEqual(description.heldOut, { scans: 1, labels: [{ name: 'kidney', dice: other.id, hd95: 2 }] });
  const text = readFileSync(path, 'latin1');
  for (const scan of store.scans.list()) assert.ok(!text.includes(scan.name), scan.name);
  assert.ok(!text.includes(store.folder));
});

test('a model file is its owner’s alone, and a damaged export leaves the old one', async (t) => {
  const { folder, store, path } = await exported(t);
  if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('.part')),
    [],
  );
  await assert.rejects(exportModel(store, { path: join(folder, 'none', 'm.safetensors') }), { code: 'file/missing' });
});

test('the same run exports the same bytes', async (t) => {
  const { folder, store, path } = await exported(t);
  const again = join(folder, 'again.safetensors');
  await exportModel(store, { path: again });
  assert.deepEqual(readFileSync(path), readFileSync(again));
});

/** The student of a run's checkpoint. */
const student = (store: Store, run: number) =>
  networkOf(decodeCheckpoint(readFileSync(store.path(store.checkpoints.latest(run)!.path))), 'student');

test('an imported model is a run whose outputs are the labels of the project, by name or by code', async (t) => {
  const { store, run, path } = await exported(t);
  const other = newProject(t, ['vessel', 'Tumour', 'organ']);
  other.labels.update(3, { term: KIDNEY });
  const made = await importModel(other, { path });
  assert.deepEqual([made.run.name, made.run.state, made.run.step, made.known], ['first', 'finished', 40, false]);
  assert.deepEqual(made.run.classes, ['background', 'vessel', 'Tumour', 'organ']);
  assert.match(made.notices.join(), /does not know vessel/);
  const [before, after] = [student(store, run.id), student(other, made.run.id)];
  assert.deepEqual(after['down0.conv1.weight'], before['down0.conv1.weight']);
  const [b0, kidney, tumour] = before['out.bias'].values;
  assert.deepEqual([...after['out.bias'].values], [b0, -1e4, tumour, kidney]);
  const row = before['out.weight'].values;
  assert.deepEqual([...after['out.weight'].values], [row[0], 0, row[2], row[1]]);
});

test('the networks of an ensemble travel together, each with its outputs in the order of the labels', async (t) => {
  const { folder, store } = await exported(t);
  const run = finishedRun(store, 'both', { ensemble: 2 }, 5);
  const path = join(folder, 'both.safetensors');
  await exportModel(store, { path, run: 'both' });
  const { description, tensors } = await readModel(path);
  assert.ok(modelCard(description).includes('of 2 networks, whose mean predicts'));
  const own = membersOf(decodeCheckpoint(readFileSync(store.path(store.checkpoints.latest(run.id)!.path))), 'student');
  const other = newProject(t, ['Tumour', 'kidney']);
  const { run: imported } = await importModel(other, { path });
  const brought = decodeCheckpoint(readFileSync(other.path(other.checkpoints.latest(imported.id)!.path)));
  for (const [n, member] of membersOf(brought, 'student').entries()) {
    const [there, here] = [member['out.bias'].values, own[n]['out.bias'].values];
    assert.deepEqual([...there], [here[0], here[2], here[1]]);
    assert.deepEqual(member['down0.conv1.weight'], own[n]['down0.conv1.weight']);
  }
  assert.notDeepEqual(own[0], own[1]);
  const { 'member.1/out.bias': _, ...lacking } = tensors;
  writeFileSync(path, encodeModel(description, lacking));
  await assert.rejects(readModel(path), { code: 'model/damaged' });
  // A number that nobody should count to.
  writeFileSync(path, encodeModel(description, { ...lacking, 'member.4000000000/out.bias': tensors['out.bias'] }));
  await assert.rejects(readModel(path), { code: 'model/damaged' });
});

test('a model that is there already is not brought in twice; another of its name gets a number', async (t) => {
  const { folder, store, path } = await exported(t);
  const other = newProject(t, ['kidney', 'tumour']);
  const first = await importModel(other, { path });
  const again = await importModel(other, { path });
  assert.deepEqual([again.known, again.run.id], [true, first.run.id]);
  const second = join(folder, 'second.safetensors');
  finishedRun(store, 'later', {}, 2);
  const later = await exportModel(store, { path: second, run: 'later' });
  writeFileSync(second, encodeModel({ ...later.description, name: 'first' }, (await readModel(second)).tensors));
  assert.equal((await importModel(other, { path: second })).run.name, 'first-2');
  await assert.rejects(importModel(other, { path: second, name: 'first' }), { code: 'run/name-taken' });
});

test('labels that are renamed after a model came: it still predicts, and brought in again it is for the names of now', async (t) => {
  const { path } = await exported(t);
  const other = await projectWith(t, temporaryFolder(t), 1, 0, ['kidney', 'tumour']);
  const { run } = await importModel(other, { path });
  const rename = (names: string[]) =>
    names.forEach((name, n) => {
      other.labels.update(n + 1, { name });
    });
  rename(['a', 'b']);
  const trainer = scriptedTrainer(async function* () {
    yield { type: 'finished', step: 40, seconds: 1 };
  });
  await startPrediction(other, trainer.start, { run: run.name }).done;
  rename(['tumour', 'kidney']);
  const anew = await importModel(other, { path });
  assert.deepEqual(
    [anew.known, anew.run.name, anew.run.classes],
    [false, 'first-2', ['background', 'tumour', 'kidney']],
  );
  assert.equal((await importModel(other, { path })).run.id, anew.run.id);
});

test('an imported model is handed on as it came', async (t) => {
  const { folder, path } = await exported(t);
  const other = newProject(t, ['tumour', 'kidney', 'vessel']);
  await importModel(other, { path });
  const on = join(folder, 'on.safetensors');
  await exportModel(other, { path: on });
  assert.deepEqual(readFileSync(on), readFileSync(path));
});

test('prediction with an imported model brings scans of another grid to the voxels that it learned from', async (t) => {
  const { path } = await exported(t);
  const folder = temporaryFolder(t);
  const other = await projectWith(t, folder, 1, 0, ['kidney', 'tumour']);
  const { run } = await importModel(other, { path });
  const trainer = scriptedTrainer(async function* () {
    yield { type: 'finished', step: 40, seconds: 1 };
  });
  await startPrediction(other, trainer.start, { run: run.name }).done;
  const [job] = trainer.jobs;
  assert.deepEqual(job.kind === 'predict' && job.cases[0].spacing, 'native');
  assert.deepEqual(spacingFor('native', { spacing: [1.05, 1.5, 3] }, [1, 1.5, 3]), 'native');
  assert.deepEqual(spacingFor('native', { spacing: [1, 1.5, 5] }, [1, 1.5, 3]), [1, 1.5, 3]);
  assert.deepEqual(spacingFor(2, { spacing: [1, 1.5, 5] }, [1, 1.5, 3]), 2);
});

test('the connected objects that labelled scans show travel with a model, and its predictions keep as many', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 3, 2, ['kidney', 'tumour']);
  finishedRun(store, 'first');
  const path = join(folder, 'model.safetensors');
  await exportModel(store, { path });
  const { description, tensors } = await readModel(path);
  assert.equal(description.pieces, 1, 'both labelled masks are one object');
  const { pieces: _, ...earlier } = description;
  for (const [told, together] of [
    [description, 1],
    [{ ...earlier, name: 'earlier' }, null],
  ] as const) {
    writeFileSync(path, encodeModel(told, tensors));
    const other = await projectWith(t, temporaryFolder(t), 1, 0, ['kidney', 'tumour']);
    const { run } = await importModel(other, { path });
    const trainer = scriptedTrainer(async function* () {
      yield { type: 'finished', step: 40, seconds: 1 };
    });
    await startPrediction(other, trainer.start, { run: run.name }).done;
    const labels = description.labels.map(({ pieces }) => pieces);
    assert.deepEqual(trainer.jobs[0].kind === 'predict' && trainer.jobs[0].pieces, { together, labels });
  }
});

test('labels that patches rarely held in training travel with a model, whatever values they get', async (t) => {
  const { store, run, path } = await exported(t);
  const file = store.path(store.checkpoints.file(run.id)!);
  const { tensors, meta } = decodeCheckpoint(readFileSync(file));
  const own = { decile: JSON.stringify({ ...meta, rare: [2] }) };
  writeFileSync(file, encodeSafetensors(tensors, own));
  await exportModel(store, { path });
  assert.deepEqual(
    (await readModel(path)).description.labels.map(({ name, rare }) => [name, rare]),
    [
      ['kidney', undefined],
      ['tumour', true],
    ],
  );
  const other = await projectWith(t, temporaryFolder(t), 1, 0, ['tumour', 'kidney']);
  const imported = await importModel(other, { path });
  const bytes = readFileSync(other.path(other.checkpoints.file(imported.run.id)!));
  assert.deepEqual(decodeCheckpoint(bytes).meta.rare, [1]);
});

test('a model that can see no scan of the project does not become a run of it', async (t) => {
  const { folder, store } = await exported(t);
  const run = finishedRun(store, 'two', {}, 1, ['T1', 'pet']);
  const path = join(folder, 'two.safetensors');
  await exportModel(store, { path, run: run.name });
  const plain = await projectWith(t, temporaryFolder(t), 1, 0, ['kidney', 'tumour']);
  await assert.rejects(importModel(plain, { path }), {
    code: 'channels/none',
    message: /one of the channels T1, pet, got a single one without a name in case_01/,
  });
  const others = newProject(t, ['kidney', 'tumour']);
  assert.deepEqual((await importModel(others, { path })).notices, [], 'scans may come');
  const scans = await writeVolumes(temporaryFolder(t), {
    'a_t1.nii': scanOf(1),
    'a_ct.nii': scanOf(2),
    'b_t1.nii': scanOf(3),
    'b_ct.nii': scanOf(4),
  });
  const channelled = newProject(t, ['kidney', 'tumour']);
  await importScans(channelled, scans, { channels: [{ name: 't1' }, { name: 'ct' }] });
  const { notices } = await importModel(channelled, { path });
  assert.deepEqual(notices, ['The model also learned from pet, which no scan here has.']);
  const one = join(folder, 'one.safetensors');
  await exportModel(store, { path: one, run: 'first' });
  await assert.rejects(importModel(channelled, { path: one }), { code: 'channels/none', message: /got t1, ct in a/ });
  assert.equal(channelled.runs.list().length, 1);
});

test('the window takes a model out of one project and into another as bytes', async (t) => {
  const { store, path } = await exported(t);
  const other = newProject(t, ['tumour', 'kidney']);
  for (const project of [store, other]) project.close();
  const shell = { about: () => about('server'), chooseFolder: async () => null, browsing: true, documents: path };
  const api = createApi(shell, createApp(), temporaryFolder(t));
  t.after(() => api.close());
  const ask = async (method: string, url: string, session: string, content = new Uint8Array()) =>
    api.data({
      method,
      url: new URL(`http://x/data/${url}project=${session}`),
      contentType: '',
      body: async () => content,
    });
  const open = async (folder: string) =>
    (await api.call('projects.open', { folder: api.registerFolder(folder).folder })).session;
  const got = await ask('GET', 'model/1?', await open(store.folder));
  const content = new Uint8Array(await got.arrayBuffer());
  assert.deepEqual(content, new Uint8Array(readFileSync(path)));
  const session = await open(other.folder);
  const put = await ask('PUT', 'model/0?name=m.safetensors&', session, content);
  const { notices, ...receipt } = (await put.json()) as ModelReceipt;
  assert.deepEqual(receipt, { run: 1, name: 'first', known: false });
  assert.match(notices.join(), /learned from MR, and the project is for CT/);
  const listed = await api.dispatch('runs.list', undefined, session);
  assert.deepEqual(listed.ok && (listed.value as RunInfo[]).map(({ name, state }) => [name, state]), [
    ['first', 'finished'],
  ]);
  const half = await ask('PUT', 'model/0?name=half.safetensors&', session, content.subarray(0, 5000));
  const said = (await half.json()) as { code: string; message: string };
  assert.equal(said.code, 'model/damaged');
  assert.match(said.message, /half.safetensors/);
});

/** What each kind of wrong file is told. */
test('a file that is no whole model of this version is refused with its reason and a cure', async (t) => {
  const { folder, path, store, run } = await exported(t);
  const bytes = readFileSync(path);
  const wrong = join(folder, 'wrong.safetensors');
  const refused = async (content: Uint8Array | string, code: string, message: RegExp) => {
    writeFileSync(wrong, content);
    await assert.rejects(importModel(store, { path: wrong }), (error: Error & { code: string; cure: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.notEqual(error.cure, '');
      return true;
    });
  };
  await refused('', 'model/not-a-model', /an empty file/);
  await refused('1234', 'model/not-a-model', /4 bytes/);
  const { content } = await modelContent(store, { format: 'onnx' });
  await refused(content, 'model/not-a-model', /an ONNX file/);
  await refused(readFileSync(store.path(store.scans.list()[0].volumeFile)), 'model/not-a-model', /another format/);
  await refused(encodeSafetensors({}, {}), 'model/not-a-model', /another program/);
  await refused(readFileSync(store.path(store.checkpoints.latest(run.id)!.path)), 'model/not-a-model', /checkpoint/);
  for (const length of [10, 500, bytes.length >> 1, bytes.length - 1])
    await refused(bytes.subarray(0, length), 'model/damaged', /model file must be whole/);
  const flipped = Uint8Array.from(bytes);
  flipped[bytes.length - 100] ^= 1;
  await refused(flipped, 'model/damaged', /checksum/);
  // A digit of the description: the data are whole, what it says of them is not.
  const text = bytes.toString('latin1');
  const at = text.indexOf('steps\\":40') + 'steps\\":'.length;
  const changed = Uint8Array.from(bytes);
  changed[at] ^= 1;
  await refused(changed, 'model/damaged', /checksum/);

  const { description, tensors } = await readModel(path);
  const later = { ...description, format: 2, program: 'Decile 9.0' };
  await refused(encodeModel(later as never, tensors), 'model/version', /format 1, got 2, written by Decile 9.0/);
  const { 'out.bias': _, ...without } = tensors;
  await refused(encodeModel(description, without), 'model/damaged', /no weight out.bias/);
  const wide = { ...description, network: { ...description.network, width: 2 } };
  await refused(encodeModel(wide, tensors), 'model/damaged', /other sides/);
  const odd = { ...description, patch: [17, 16, 16] as [number, number, number] };
  await refused(encodeModel(odd, tensors), 'model/damaged', /description/);
  const spine = { ...description, labels: [{ ...description.labels[0], name: 'spine', term: null }] };
  const one = decodeSafetensors(encodeModel(spine, tensors)).tensors;
  for (const name of ['out.weight', 'out.bias'])
    one[name] = { shape: [...one[name].shape.slice(0, -1), 2], values: one[name].values.slice(0, 2) };
  await refused(encodeModel(spine, one), 'model/labels', /\(kidney, tumour\), got spine/);
  assert.deepEqual(
    store.runs.list().map(({ name }) => name),
    ['first'],
  );
});
