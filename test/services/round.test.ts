import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { saveMaskVersion } from '../../src/project/services/drawing/mask-versions.ts';
import { roundAhead, startRound } from '../../src/project/services/train/round.ts';
import type { Scan, Store } from '../../src/project/store/index.ts';
import type { TrainerEvent, TrainerJob } from '../../src/shared/training.ts';
import { maskOf, projectWith, scriptedTrainer, temporaryFolder } from './helpers.ts';
import { finishedRun } from './model-runs.ts';
import { keepPrediction } from './predicted.ts';

const box = (scan: Scan, far: number) => maskOf(1, [1, 1, 1], [far, 3, 3], scan);

/** Two labelled scans, a run that learned from them, and its predictions of three others. */
async function reviewing(t: TestContext): Promise<Store> {
  const store = await projectWith(t, temporaryFolder(t), 5, 2);
  const run = finishedRun(store, 'first');
  for (const scan of store.scans.list().slice(2)) await keepPrediction(store, run, scan, box(scan, 3), [0.1, 0.2]);
  return store;
}

const correct = (store: Store, scan: Scan) =>
  saveMaskVersion(store, scan, box(scan, 4), { origin: 'corrected', accepted: true });

const FINISHED: TrainerEvent = { type: 'finished', step: 10, seconds: 1 };
async function* ends(_: TrainerJob) {
  yield FINISHED;
}

test('a round trains on from the last run with the new masks alone being new, a quarter of its steps', async (t) => {
  const store = await reviewing(t);
  const scans = store.scans.list();
  await correct(store, scans[3]);
  const { jobs, start } = scriptedTrainer(ends);
  const round = await startRound(store, start, {});
  // Its training is over in this script before the checkpoint that a real one writes, so prediction is not reached.
  await assert.rejects(round.done, { code: 'run/no-checkpoint' });
  const [job] = jobs;
  assert.ok(job.kind === 'train');
  assert.deepEqual([job.options.steps, job.lists.labelled.length, job.lists.unlabelled.length], [10, 3, 2]);
  // Where it was corrected is known; the others are no corrections.
  const before = store.masks.current(scans[3].id, 'predicted');
  assert.deepEqual(
    job.lists.labelled.flatMap(({ scan, predictedPath }) => (predictedPath ? [[scan, predictedPath]] : [])),
    [[scans[3].id, store.path(before!.file)]],
  );
  assert.deepEqual(store.runs.list().at(-1)?.startedFrom, { kind: 'run', name: 'first', step: 40 });
});

test('what the last run read, and how, stays: optimiser, rate, region; what is asked for is changed', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 5, 2);
  const last = finishedRun(store, 'first', { optimiser: 'sgd', learningRate: 0.05, region: 'auto', seed: 7 });
  await correct(store, store.scans.list()[3]);
  const { jobs, start } = scriptedTrainer(ends);
  await (await startRound(store, start, { options: { learningRate: 0.02 } })).done.catch(() => {});
  const [job] = jobs;
  assert.ok(job.kind === 'train');
  const { steps, learningRate, ...kept } = job.options;
  assert.deepEqual([steps, learningRate], [10, 0.02]);
  for (const key of ['optimiser', 'region', 'seed', 'method', 'spacing', 'patch'] as const)
    assert.deepEqual(kept[key], last.options[key], key);
});

test('a round predicts again what nobody decided on, without the case that is looked at', async (t) => {
  const store = await reviewing(t);
  const scans = store.scans.list();
  const second = finishedRun(store, 'second');
  const { jobs, start } = scriptedTrainer(ends);
  const report = await (await startRound(store, start, { held: (scan) => scan === scans[4].id })).done;
  assert.equal(report.did, 'predicted');
  assert.equal(report.run.id, second.id);
  const [job] = jobs;
  assert.ok(job.kind === 'predict');
  assert.deepEqual(job.cases.map(({ scan }) => scan).toSorted(), [scans[2].id, scans[3].id]);
});

const predicted = (scan: number): TrainerEvent => ({
  ...{ type: 'predicted', scan, name: '', done: 1, total: 2, seconds: 1, maskPath: '/none', entropyPath: '/none' },
  ...{ meanEntropy: 0, sliceEntropy: [], ownDice: [], volumesMl: [] },
});

test('what somebody looked at keeps the mask that was seen, also where the look came while it was predicted', async (t) => {
  const store = await reviewing(t);
  const [, , seen, meanwhile, decided] = store.scans.list();
  const before = store.predictions.newest();
  finishedRun(store, 'second');
  store.predictions.see(seen.id);
  const { jobs, start } = scriptedTrainer(async function* () {
    store.predictions.see(meanwhile.id);
    yield predicted(meanwhile.id);
    store.scans.setReview(decided.id, 'rejected');
    yield predicted(decided.id);
    yield FINISHED;
  });
  const report = await (await startRound(store, start)).done;
  const [job] = jobs;
  assert.ok(job.kind === 'predict');
  assert.deepEqual(
    job.cases.map(({ scan }) => scan),
    [meanwhile.id, decided.id],
  );
  assert.deepEqual([report.refreshed, report.stopped], [[], false]);
  const after = store.predictions.newest();
  for (const { id } of [seen, meanwhile, decided]) assert.equal(after.get(id)?.mask, before.get(id)?.mask);
  assert.equal(store.scans.get(decided.id).review, 'rejected');
});

test('a round after a round takes as many steps as that one: a share of the first run, not of a share', async (t) => {
  const store = await reviewing(t);
  const scans = store.scans.list();
  const stepsOf = async (scan: Scan) => {
    await correct(store, scan);
    const { jobs, start } = scriptedTrainer(ends);
    await (await startRound(store, start)).done.catch(() => {});
    const run = store.runs.list().at(-1)!;
    store.checkpoints.add(run.id, run.step, store.checkpoints.latest(store.runs.find('first').id)!.path);
    return jobs[0].kind === 'train' ? jobs[0].options.steps : null;
  };
  assert.deepEqual([await stepsOf(scans[2]), await stepsOf(scans[3])], [10, 10]);
});

test('a round that was paused when its program was killed is gone on with', async (t) => {
  const store = await reviewing(t);
  await correct(store, store.scans.list()[2]);
  const pausing = scriptedTrainer(async function* (_, cancelled) {
    yield { type: 'paused', step: 3 };
    while (!cancelled()) await new Promise(setImmediate);
    yield { type: 'cancelled', step: 3 };
  });
  const round = await startRound(store, pausing.start);
  round.cancel();
  const { run } = await round.done;
  // As the row is left by a kill.
  store.runs.update(run.id, { state: 'paused' });
  assert.equal(roundAhead(store)?.did, 'resumed');
});

test('a round that was stopped is resumed, not begun anew', async (t) => {
  const store = await reviewing(t);
  await correct(store, store.scans.list()[2]);
  const stopping = scriptedTrainer(async function* (_, cancelled) {
    while (!cancelled()) await new Promise(setImmediate);
    yield { type: 'cancelled', step: 4 };
  });
  const round = await startRound(store, stopping.start, {});
  round.cancel();
  const stopped = await round.done;
  assert.deepEqual([stopped.stopped, stopped.run.state, stopped.refreshed], [true, 'interrupted', []]);
  const again = scriptedTrainer(ends);
  await (await startRound(store, again.start, {})).done.catch(() => {});
  assert.equal(store.runs.list().length, 2);
  assert.ok(again.jobs[0].kind === 'train');
});

test('without a new mask and with nothing to predict again there is no round', async (t) => {
  const store = await reviewing(t);
  await assert.rejects(startRound(store, scriptedTrainer(ends).start, {}), { code: 'round/nothing-new' });
});
