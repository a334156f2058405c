import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { lpsPoint } from '../../src/core/volume.ts';
import type { MaskOrigin, Store } from '../../src/project/store/index.ts';
import { addRun, addScan, keepMask, newProject, scanNamed } from './helpers.ts';

const code = (expected: string) => ({ code: expected });
const addMask = (
  store: Store,
  scan: number,
  origin: MaskOrigin,
  accepted = true,
  run: number | null = null,
  values = [1],
) =>
  keepMask(store, {
    scan,
    origin,
    run,
    accepted,
    labels: values.map((value) => ({ value, voxels: 10, ml: 0.5 })),
  });

test('scans come in natural name order', (t) => {
  const store = newProject(t);
  for (const name of ['case 10', 'case 2', 'Case 1']) addScan(store, name);
  assert.deepEqual(
    store.scans.list().map((scan) => scan.name),
    ['Case 1', 'case 2', 'case 10'],
  );
});

test('a scan keeps its geometry exactly and its patient fields apart', (t) => {
  const store = newProject(t);
  const origin = lpsPoint(-123.4567890123, 0.1 + 0.2, 1e-9);
  const scan = store.scans.add(store.scans.nextId(), {
    ...scanNamed('a'),
    origin,
    patient: { name: 'Doe^Jane', id: '4711' },
  });
  assert.deepEqual(scan.origin, origin);
  assert.equal(JSON.stringify(scan).includes('Doe'), false);
  assert.deepEqual(store.scans.patient(scan.id), { name: 'Doe^Jane', id: '4711' });
});

test('two scans cannot share a name, and a deleted name is free again', (t) => {
  const store = newProject(t);
  const first = addScan(store, 'a');
  assert.throws(() => addScan(store, 'a'), code('scan/name-taken'));
  store.scans.delete(first.id);
  addScan(store, 'a');
  assert.throws(() => store.scans.restore(first.id), code('scan/name-taken'));
});

test('deleting a scan can be undone with its masks', (t) => {
  const store = newProject(t);
  const scan = addScan(store, 'a');
  addMask(store, scan.id, 'manual');
  store.scans.delete(scan.id);
  assert.deepEqual(store.scans.list(), []);
  assert.deepEqual(
    store.scans.deleted().map((s) => s.name),
    ['a'],
  );
  store.scans.restore(scan.id);
  assert.equal(store.masks.reference(scan.id)?.version, 1);
});

test("a scan's id is never given twice, so no file is overwritten", (t) => {
  const store = newProject(t);
  const first = addScan(store, 'a');
  store.scans.delete(first.id);
  store.scans.purge(first.id);
  assert.equal(store.scans.nextId(), first.id + 1);
});

test('the mask to learn from is the newest accepted one', (t) => {
  const store = newProject(t);
  const scan = addScan(store, 'a').id;
  assert.equal(store.masks.reference(scan), null);
  addMask(store, scan, 'manual');
  const predicted = addMask(store, scan, 'predicted', false);
  assert.equal(store.masks.reference(scan)?.version, 1);
  store.masks.setAccepted(predicted.id, true);
  assert.equal(store.masks.reference(scan)?.version, 2);
  store.masks.setAccepted(predicted.id, false);
  addMask(store, scan, 'corrected');
  assert.equal(store.masks.reference(scan)?.version, 3);
  const draft = addMask(store, scan, 'manual', false);
  assert.equal(store.masks.reference(scan)?.version, 3);
  store.masks.setAccepted(draft.id, true);
  assert.equal(store.masks.reference(scan)?.version, 4);
  assert.equal(store.masks.current(scan, 'predicted')?.version, 2);
  assert.deepEqual(
    store.masks.history(scan).map((mask) => mask.version),
    [4, 3, 2, 1],
  );
  assert.equal(store.masks.references().get(scan)?.version, 4);
});

test('a label that a mask holds cannot be deleted, another one can', (t) => {
  const store = newProject(t, ['kidney', 'tumour']);
  addMask(store, addScan(store, 'a').id, 'manual', true, null, [1]);
  assert.throws(() => store.labels.remove(1), code('label/in-use'));
  store.labels.remove(2);
  assert.deepEqual(store.labels.classes(), ['background', 'kidney']);
});

test('labels with a taken name, a bad colour or the name background are refused', (t) => {
  const store = newProject(t);
  assert.throws(() => store.labels.add({ name: 'Kidney' }), code('label/invalid'));
  assert.throws(() => store.labels.add({ name: 'x', colour: 'red' }), code('label/invalid'));
  assert.throws(() => store.labels.add({ name: 'background' }), code('label/invalid'));
  assert.throws(() => store.labels.update(9, { locked: true }), code('label/unknown'));
  assert.equal(store.labels.update(1, { locked: true, name: 'left kidney' }).locked, true);
});

test('runs are numbered by themselves, found by name, and a taken name is refused', (t) => {
  const store = newProject(t);
  assert.equal(addRun(store).name, 'run-1');
  assert.equal(addRun(store).name, 'run-2');
  assert.throws(() => addRun(store, 'run-1'), code('run/name-taken'));
  assert.throws(() => store.runs.find('nothing'), { code: 'run/unknown', message: /run-1, run-2/ });
});

test('the default run to predict with is the newest that has finished, by number, whatever the clock says', (t) => {
  const store = newProject(t);
  const [a, b, c] = [addRun(store, 'a'), addRun(store, 'b'), addRun(store, 'c')];
  store.runs.update(b.id, { state: 'finished', finishedAt: '2026-01-02T00:00:00Z' });
  store.runs.update(a.id, { state: 'finished', finishedAt: '2026-01-03T00:00:00Z' });
  assert.equal(store.runs.latestFinished()?.name, 'b');
  assert.equal(store.runs.latestUnfinished()?.id, c.id);
});

test('a scan has one role in a run, and an unlabelled one carries no mask', (t) => {
  const store = newProject(t);
  const scan = addScan(store, 'a').id;
  const mask = addMask(store, scan, 'manual').id;
  const create = (cases: Parameters<Store['runs']['create']>[0]['cases']) =>
    store.runs.create({
      options: resolveOptions({ steps: 2000, spacing: 'native' }),
      classes: ['background', 'kidney'],
      cases,
    });
  assert.throws(() =>
    create([
      { scan, role: 'labelled', mask },
      { scan, role: 'validation', mask },
    ]),
  );
  assert.throws(() => create([{ scan, role: 'unlabelled', mask }]));
  assert.deepEqual(store.runs.list(), []);
  const run = create([{ scan, role: 'labelled', mask }]);
  assert.deepEqual(store.runs.cases(run.id, 'labelled'), [{ scan, role: 'labelled', mask }]);
  assert.deepEqual(store.runs.cases(run.id, 'validation'), []);
});

test('curves are read from a step on, and a resumed run replaces the steps it repeats', (t) => {
  const store = newProject(t);
  const run = addRun(store).id;
  for (const step of [1, 2, 3]) store.metrics.record(run, step, { 'loss.total': step / 10, lambda: Number.NaN });
  store.metrics.record(run, 3, { 'loss.total': 9 });
  assert.deepEqual(store.metrics.names(run), ['lambda', 'loss.total']);
  assert.deepEqual(store.metrics.curve(run, 'loss.total', 1), [
    { step: 2, value: 0.2 },
    { step: 3, value: 9 },
  ]);
  assert.deepEqual(store.metrics.curve(run, 'lambda', 2), [{ step: 3, value: null }]);
  store.metrics.truncate(run, 1);
  assert.deepEqual(store.metrics.curve(run, 'loss.total'), [{ step: 1, value: 0.1 }]);
  store.checkpoints.add(run, 100, 'runs/1/checkpoint-100');
  store.checkpoints.add(run, 200, 'runs/1/checkpoint-200');
  assert.equal(store.checkpoints.latest(run)?.step, 200);
});

test('predictions are listed with the most uncertain scan first', (t) => {
  const store = newProject(t);
  const run = addRun(store).id;
  for (const [name, meanEntropy] of [
    ['sure', 0.01],
    ['unsure', 0.2],
  ] as const) {
    const scan = addScan(store, name).id;
    const mask = addMask(store, scan, 'predicted', false, run).id;
    store.predictions.put({
      run,
      scan,
      mask,
      entropyFile: 'e',
      meanEntropy,
      sliceEntropy: [0, meanEntropy],
      volumesMl: [12.5],
      seconds: 1,
    });
  }
  const names = store.predictions.list(run).map((p) => store.scans.get(p.scan).name);
  assert.deepEqual(names, ['unsure', 'sure']);
  assert.deepEqual(store.predictions.latest(store.scans.find('unsure')!.id)?.sliceEntropy, [0, 0.2]);
});

test('evaluations of a run are replaced, not doubled', (t) => {
  const store = newProject(t);
  const run = addRun(store).id;
  const scan = addScan(store, 'a').id;
  const row = { run, scan, label: 1, dice: 90, jaccard: 81.8, hd95: null, asd: null, reference: 'r' };
  store.evaluations.put([row]);
  store.evaluations.put([{ ...row, dice: 91 }]);
  assert.deepEqual(
    store.evaluations.list(run).map((e) => e.dice),
    [91],
  );
});

test('slice marks cover a range, replace each other and can be taken back', (t) => {
  const store = newProject(t);
  const scan = addScan(store, 'a').id;
  store.flags.set(scan, 2, 1, 4, 'flagged', 'look');
  store.flags.set(scan, 2, 2, 2, 'accepted');
  store.flags.clear(scan, 2, 4, 9);
  assert.deepEqual(
    store.flags.list(scan).map((f) => [f.slice, f.mark]),
    [
      [1, 'flagged'],
      [2, 'accepted'],
      [3, 'flagged'],
    ],
  );
});

test('work in a transaction that throws leaves nothing', (t) => {
  const store = newProject(t);
  assert.throws(() =>
    store.transaction(() => {
      addScan(store, 'a');
      throw new Error('stop');
    }),
  );
  assert.deepEqual(store.scans.list(), []);
});
