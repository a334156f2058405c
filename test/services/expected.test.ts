import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openExistingProject } from '../../src/app.ts';
import { inSample } from '../../src/core/predict/sample.ts';
import { decile } from '../cli/run.ts';
import { addRun } from '../store/helpers.ts';
import { maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { keepPrediction } from './predicted.ts';

/** case_01 is labelled; 02 to 12 are predicted alike, and each says 80 of itself. */
async function project(t: TestContext) {
  const store = await projectWith(t, temporaryFolder(t), 12, 1);
  const run = addRun(store, 'run-1');
  for (const [n, scan] of store.scans.list().entries()) {
    if (n === 0) continue;
    await keepPrediction(store, run, scan, maskOf(), [0, 0, 0.1, 0, 0, 0]);
    const prediction = store.predictions.latest(scan.id);
    if (prediction) store.predictions.put({ ...prediction, ownDice: [80] });
  }
  const { folder } = store;
  store.close();
  const opened = openExistingProject(folder);
  t.after(() => opened.close());
  return opened;
}

test('a prediction is expected to be what it says of itself until nine like it were reviewed, then what reviews say', async (t) => {
  const { review, compare, store } = await project(t);
  const scans = store.scans.list().slice(1);
  const last = scans[10].id;
  assert.deepEqual((await compare.expected()).byScan.get(last), {
    value: 80,
    low: null,
    high: null,
    rough: true,
    reviewed: 0,
    calibrated: 0,
  });
  for (const scan of scans.slice(0, 9)) await review.decide(scan.id, 'accept');
  assert.equal(compare.expectedSoFar().byScan.get(last)?.rough, true, 'nothing was measured yet');
  // Accepted as they are: each had a Dice of 100, 20 more than it said.
  const expected = await compare.expected();
  assert.deepEqual(expected.byScan.get(last), {
    value: 100,
    low: 60,
    high: 100,
    rough: false,
    reviewed: 9,
    calibrated: 0,
  });
  assert.deepEqual(compare.expectedSoFar(), expected);
  assert.equal(expected.left, 0);
});

test('the report says what the predictions are expected to be that nobody has decided on, the least first', async (t) => {
  const { review, compare, store } = await project(t);
  const scans = store.scans.list().slice(1);
  const worse = store.predictions.latest(scans[10].id);
  assert.ok(worse);
  store.predictions.put({ ...worse, ownDice: [60] });
  for (const scan of scans.slice(0, 9)) await review.decide(scan.id, 'accept');
  const { expected, leftToReview } = await compare.summary();
  assert.deepEqual(
    expected.map(({ name, expected: { value } }) => [name, value]),
    [
      [scans[10].name, 80],
      [scans[9].name, 100],
    ],
  );
  assert.equal(leftToReview, 1);
  const out = join(temporaryFolder(t), 'out');
  const ran = await decile(['export', store.folder, out, '--format', 'html']);
  assert.equal(ran.status, 0, ran.stderr);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  assert.match(page, /Not reviewed yet/);
  assert.ok(page.includes(`<td>${scans[10].name}</td><td>run-1</td><td>80, 40 to 80</td>`));
  assert.match(page, /1 case is left to review/);
});

test('a prediction of which an earlier version could not tell its own Dice says nothing of itself', async (t) => {
  const { compare, store } = await project(t);
  const last = store.scans.list()[11].id;
  const prediction = store.predictions.latest(last);
  assert.ok(prediction);
  store.predictions.put({ ...prediction, ownDice: [Number.NaN] });
  assert.equal((await compare.expected()).byScan.get(last), undefined);
});

test('the command line says what is expected of each prediction, and how many are left to review', async (t) => {
  const opened = await project(t);
  const { folder } = opened.store;
  opened.close();
  const list = (await decile(['review', 'list', folder, '--json'])).json() as {
    queue: { expectedDice: { value: number; rough: boolean } }[];
    left: number;
  };
  assert.deepEqual(list.queue.map(({ expectedDice: { value, rough } }) => [value, rough])[0], [80, true]);
  // 12 cases, one labelled: 95 % are 12 of 12.
  assert.equal(list.left, 11);
  const status = (await decile(['status', folder, '--json'])).json() as { expected: object };
  assert.deepEqual(status.expected, { cases: 11, left: 11, reviewed: 0, calibrated: 0 });
});

test('before the first review the calibration of its run says what a prediction is, then of the run before', async (t) => {
  const { review, compare, store } = await project(t);
  const scans = store.scans.list();
  const run = store.runs.find('run-1').id;
  // Labelled scans of which short trainings said 70, and had 60, 62 and 64.
  for (const [n, { id }] of scans.slice(0, 3).entries())
    store.calibrations.put({ run, scan: id, ownDice: [70], dice: [60 + 2 * n] });
  const last = scans[11].id;
  const rough = { low: null, high: null, rough: true };
  assert.deepEqual(compare.expectedSoFar().byScan.get(last), { ...rough, value: 72, reviewed: 0, calibrated: 3 });
  for (const { id } of scans.slice(1, 7)) await review.decide(id, 'accept');
  const both = (await compare.expected()).byScan.get(last);
  assert.deepEqual(both, { value: 100, low: 60, high: 100, rough: false, reviewed: 6, calibrated: 3 });
  for (const { id } of scans.slice(7, 10)) await review.decide(id, 'accept');
  assert.equal((await compare.expected()).byScan.get(last)?.calibrated, 0, 'nine reviewed cases stand alone');
  const status = async () => (await decile(['status', store.folder])).stdout;
  assert.match(await status(), /told by 9 reviewed cases of this run\./);
  await keepPrediction(store, addRun(store, 'run-2'), scans[11], maskOf(), [0, 0, 0.1, 0, 0, 0]);
  const second = store.predictions.latest(last);
  if (second) store.predictions.put({ ...second, ownDice: [80] });
  const each = 'of run-1 by 9 reviewed cases of this run, of run-2 by nothing but the predictions themselves.';
  assert.ok((await status()).includes(`told ${each}`), await status());
});

test('a calibration is kept once for each scan, and goes with its run', async (t) => {
  const { store } = await project(t);
  const [{ id }] = store.scans.list();
  const run = store.runs.find('run-1').id;
  store.calibrations.put({ run, scan: id, ownDice: [70], dice: [60] });
  store.calibrations.put({ run, scan: id, ownDice: [71], dice: [61] });
  assert.deepEqual(store.calibrations.list(), [{ run, scan: id, ownDice: [71], dice: [61] }]);
  store.runs.delete(run);
  assert.deepEqual(store.calibrations.list(), []);
});

test('once nine of the random sample were reviewed, they alone say what the others are: the worst were looked at first', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 90, 1);
  const run = addRun(store, 'run-1');
  for (const [n, scan] of store.scans.list().entries()) {
    if (n === 0) continue;
    await keepPrediction(store, run, scan, maskOf(), [0, 0, 0.1, 0, 0, 0]);
    const prediction = store.predictions.latest(scan.id);
    if (prediction) store.predictions.put({ ...prediction, ownDice: [inSample(run.id, scan.id) ? 90 : 60] });
  }
  const { folder } = store;
  store.close();
  const opened = openExistingProject(folder);
  t.after(() => opened.close());
  const scans = opened.store.scans.list().slice(1);
  const sample = scans.filter(({ id }) => inSample(run.id, id));
  const others = scans.filter(({ id }) => !inSample(run.id, id));
  assert.ok(sample.length >= 10, `${sample.length} of 89`);
  const queue = opened.review.queue();
  assert.ok(inSample(run.id, queue[4].scan), 'the fifth place');
  assert.ok(!inSample(run.id, queue[0].scan), 'the least expected Dice first');
  for (const { id } of others.slice(0, 9)) await opened.review.decide(id, 'accept');
  const last = others[20].id;
  assert.equal(
    (await opened.compare.expected()).byScan.get(last)?.value,
    100,
    'until then all reviewed ones count: 60 + 40',
  );
  for (const { id } of sample.slice(0, 9)) await opened.review.decide(id, 'accept');
  const { byScan } = await opened.compare.expected();
  assert.deepEqual([byScan.get(last)?.value, byScan.get(last)?.reviewed], [70, 9], 'the sample said 10 too little');
});
