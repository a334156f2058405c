import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeFileAtomic } from '../../src/disk/index.ts';
import { runForPrediction, startPrediction } from '../../src/project/services/predict/predict.ts';
import { resumeTraining, startTraining } from '../../src/project/services/train/train.ts';
import { openProject } from '../../src/project/store/index.ts';
import type { StartTrainer } from '../../src/shared/trainer.ts';
import type { PredictJob, TrainerEvent } from '../../src/shared/training.ts';
import { startTrainer } from '../../src/trainer/host/index.ts';
import { keepMask, maskOf, projectWith, scriptedTrainer, temporaryFolder, writeVolumes } from './helpers.ts';

const started = (step = 0): TrainerEvent => ({
  type: 'started',
  device: 'a device',
  engine: 'cpu',
  parameters: 10,
  patch: [16, 16, 16],
  labelledPerStep: 2,
  unlabelledPerStep: 2,
  labelled: 1,
  unlabelled: 2,
  step,
  steps: 4,
});
const step = (n: number, total = 1): TrainerEvent => ({
  type: 'step',
  step: n,
  steps: 4,
  losses: { supervised: total, total },
  lambda: 0.01,
  learningRate: 0.01,
  secondsPerStep: 1,
  secondsLeft: 4 - n,
  skipped: {},
});

/** Four steps with a checkpoint after each; stops when told to. */
const trains = () =>
  scriptedTrainer(async function* (job, cancelled) {
    if (job.kind !== 'train') throw new Error('a training job was expected');
    const from = job.resume ? 2 : 0;
    yield started(from);
    for (let n = from + 1; n <= 4; n++) {
      yield step(n, job.resume ? 2 : 1);
      yield { type: 'checkpoint', step: n, path: join(job.runFolder, `checkpoint-${n}`) };
      await new Promise((next) => setImmediate(next));
      if (cancelled()) {
        yield { type: 'cancelled', step: n };
        return;
      }
    }
    yield { type: 'validation', step: 4, dice: 81.5, perClass: [81.5] };
    yield { type: 'finished', step: 4, seconds: 4 };
  });

test('a run is written down as it goes: lists, curves, checkpoints, device and end', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 3, 1);
  const trainer = trains();
  const handle = startTraining(store, trainer.start, { options: { steps: 4 }, name: 'first', notes: 'a try' });
  assert.equal(store.runs.find('first').state, 'running');
  const run = await handle.done;
  assert.deepEqual(
    [run.state, run.step, run.device, run.engine, run.notes],
    ['finished', 4, 'a device', 'cpu', 'a try'],
  );
  assert.ok(run.startedAt && run.finishedAt);
  assert.deepEqual(
    store.runs.cases(run.id).map((c) => c.role),
    ['labelled', 'unlabelled', 'unlabelled'],
  );
  assert.deepEqual(
    store.metrics.curve(run.id, 'loss.total').map((p) => p.step),
    [1, 2, 3, 4],
  );
  assert.deepEqual(store.metrics.curve(run.id, 'validation.dice'), [{ step: 4, value: 81.5 }]);
  assert.equal(store.checkpoints.latest(run.id)?.path, `runs/${run.id}/checkpoint-4`);
  const [job] = trainer.jobs;
  assert.equal(job.kind === 'train' && job.resume, false);
  assert.equal(job.kind === 'train' && existsSync(job.runFolder), true);
});

test('a run of a taken name does not start', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const trainer = trains();
  await startTraining(store, trainer.start, { options: {}, name: 'a' }).done;
  assert.throws(() => startTraining(store, trainer.start, { options: {}, name: 'a' }), { code: 'run/name-taken' });
  assert.equal(trainer.jobs.length, 1);
});

test('an interrupted run is resumed with its own options and scans, and repeated steps replace the old ones', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 3, 2);
  const trainer = trains();
  const handle = startTraining(store, trainer.start, { options: { steps: 4, seed: 9 }, labelled: 1 }, (event) => {
    if (event.type === 'step' && event.step === 3) handle.cancel('interrupted');
  });
  assert.equal((await handle.done).state, 'interrupted');
  // A mask drawn meanwhile does not change what the run learns from.
  const later = store.scans.find('case_03')!.id;
  keepMask(store, { scan: later, origin: 'manual', accepted: true, labels: [] });
  const run = await resumeTraining(store, trainer.start).done;
  assert.equal(run.state, 'finished');
  const [first, second] = trainer.jobs;
  assert.ok(first.kind === 'train' && second.kind === 'train');
  assert.equal(second.resume, true);
  assert.deepEqual(second.lists, first.lists);
  assert.deepEqual(second.options, first.options);
  assert.deepEqual(
    store.metrics.curve(run.id, 'loss.total').map((p) => p.value),
    [1, 1, 2, 2],
  );
  assert.throws(() => resumeTraining(store, trainer.start), { code: 'run/none-to-resume' });
  assert.throws(() => resumeTraining(store, trainer.start, run.name), { code: 'run/finished' });
});

test("the trainer's error fails the run and comes out with its code; the run can be resumed", async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const broken = scriptedTrainer(async function* () {
    yield { type: 'error', code: 'trainer/failed', message: 'The trainer must go on, got a crash.', cure: 'Resume.' };
  });
  const handle = startTraining(store, broken.start, { options: {} });
  await assert.rejects(handle.done, { code: 'trainer/failed', cure: 'Resume.' });
  const [run] = store.runs.list();
  assert.deepEqual([run.state, run.failure], ['failed', 'trainer/failed: The trainer must go on, got a crash.']);
  assert.equal((await resumeTraining(store, trains().start).done).state, 'finished');
});

test('a run that a killed process left is interrupted and can be resumed', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const trainer = trains();
  const run = await startTraining(store, trainer.start, { options: {} }).done;
  store.runs.update(run.id, { state: 'running' });
  store.close();
  const again = openProject(store.folder);
  t.after(() => again.close());
  assert.deepEqual(again.interrupted, ['run-1']);
  assert.equal((await resumeTraining(again, trainer.start).done).state, 'finished');
});

test('a checkpoint whose process was killed before the project noted it is gone on from, and predicts', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const killed = scriptedTrainer(async function* (job) {
    if (job.kind !== 'train') throw new Error('a training job was expected');
    yield started();
    for (const n of [1, 2]) yield step(n);
    writeFileAtomic(join(job.runFolder, 'checkpoint.safetensors'), 'weights of step 2');
    yield { type: 'error', code: 'trainer/died', message: 'The trainer must go on, got a kill.', cure: 'Resume.' };
  });
  await assert.rejects(startTraining(store, killed.start, { options: { steps: 4 } }).done, { code: 'trainer/died' });
  const [{ name }] = store.runs.list();
  assert.equal(runForPrediction(store, name).name, name);
  const trainer = trains();
  await resumeTraining(store, trainer.start).done;
  const [job] = trainer.jobs;
  assert.equal(job.kind === 'train' && job.resume, true, 'from its checkpoint');
});

test('a run that was killed before its first checkpoint is begun anew', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const broken = scriptedTrainer(async function* () {
    yield started();
    yield { type: 'error', code: 'trainer/died', message: 'The trainer must go on, got a kill.', cure: 'Resume.' };
  });
  await assert.rejects(startTraining(store, broken.start, { options: { steps: 4 } }).done, { code: 'trainer/died' });
  assert.throws(() => runForPrediction(store, 'run-1'), { code: 'run/no-checkpoint' });
  const trainer = trains();
  await resumeTraining(store, trainer.start).done;
  const [job] = trainer.jobs;
  assert.equal(job.kind === 'train' && job.resume, false);
});

/** Predicts the scans it is given one by one. */
const predicts = (upTo = Number.POSITIVE_INFINITY) =>
  scriptedTrainer(async function* (job, cancelled) {
    const { cases, outputFolder } = job as PredictJob;
    for (const [index, { scan, name }] of cases.entries()) {
      if (cancelled() || index >= upTo) {
        yield { type: 'cancelled', step: index };
        return;
      }
      await writeVolumes(outputFolder, { [`${scan}.nii.gz`]: maskOf(), [`${scan}.entropy.nii.gz`]: maskOf() });
      const [maskPath, entropyPath] = [
        join(outputFolder, `${scan}.nii.gz`),
        join(outputFolder, `${scan}.entropy.nii.gz`),
      ];
      yield {
        type: 'predicted',
        scan,
        name,
        done: index + 1,
        total: cases.length,
        seconds: 0.1,
        maskPath,
        entropyPath,
        meanEntropy: scan / 100,
        sliceEntropy: [0, 1],
        ownDice: [90],
        volumesMl: [27 * 0.0045],
      };
    }
    yield { type: 'finished', step: 4, seconds: 1 };
  });

test('predictions become masks of their own origin with entropy kept, and never see a mask', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 3, 1);
  await startTraining(store, trains().start, { options: {}, name: 'r' }).done;
  const trainer = predicts();
  const report = await startPrediction(store, trainer.start, {}).done;
  assert.deepEqual(
    report.predicted.map((p) => p.name),
    ['case_02', 'case_03'],
  );
  const job = trainer.jobs[0] as PredictJob;
  assert.deepEqual(
    job.cases.filter((c) => 'maskPath' in c),
    [],
  );
  const scan = store.scans.find('case_02')!.id;
  const mask = store.masks.current(scan, 'predicted')!;
  assert.deepEqual(
    [mask.origin, mask.accepted, mask.run, mask.labels[0].voxels],
    ['predicted', false, report.run.id, 27],
  );
  const prediction = store.predictions.get(report.run.id, scan)!;
  assert.equal(existsSync(store.path(mask.file)), true);
  assert.equal(existsSync(store.path(prediction.entropyFile)), true);
  assert.deepEqual(readdirSync(store.path(`runs/${report.run.id}`)), ['entropy']);
  assert.equal(store.masks.reference(scan), null);
});

test('all scans can be predicted, and a second prediction is a new version', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 2);
  await startTraining(store, trains().start, { options: { method: 'supervised' } }).done;
  assert.throws(() => startPrediction(store, predicts().start, {}), { code: 'predict/no-scans' });
  await startPrediction(store, predicts().start, { scans: 'all' }).done;
  await startPrediction(store, predicts().start, { scans: 'all' }).done;
  const scan = store.scans.find('case_01')!.id;
  assert.deepEqual(
    store.masks.history(scan).map((m) => m.origin),
    ['predicted', 'predicted', 'manual'],
  );
  assert.equal(store.predictions.list(1).length, 2);
  assert.equal(store.masks.get(store.predictions.get(1, scan)!.mask).version, 3);
});

test('a cancelled prediction keeps the scans that were done', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 4, 1);
  await startTraining(store, trains().start, { options: {} }).done;
  const report = await startPrediction(store, predicts(2).start, {}).done;
  assert.deepEqual([report.predicted.length, report.left, report.cancelled], [2, 1, true]);
  assert.equal(store.predictions.list(1).length, 2);
});

test('prediction without a finished run, or with an unknown one, says so', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  assert.throws(() => startPrediction(store, predicts().start, {}), { code: 'run/none-finished' });
  assert.throws(() => startPrediction(store, predicts().start, { run: 'x' }), { code: 'run/unknown' });
});

test('each scan of a prediction is told of, with what became of it, and counted', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 5, 1);
  await startTraining(store, trains().start, { options: {} }).done;
  const [, drawn, looked, unread, last] = store.scans.list();
  const cases = predicts();
  const trainer = scriptedTrainer(async function* (job, cancelled) {
    keepMask(store, { scan: drawn.id, origin: 'manual', accepted: false, labels: [] });
    for await (const event of cases.script(job, cancelled)) {
      if (event.type !== 'predicted' || event.scan !== unread.id) yield event;
      else {
        const { scan, name, done, total } = event;
        yield { type: 'left-out', scan, name, code: 'scan/unreadable', message: 'No.', cure: 'Another.', done, total };
      }
    }
  });
  const told: unknown[][] = [];
  const held = (scan: number) => scan === looked.id;
  const report = await startPrediction(store, trainer.start, { held }, (event) => {
    if ('scan' in event && 'done' in event) told.push([event.type, event.scan, event.done, event.total]);
  }).done;
  assert.deepEqual(told, [
    ['left-out', drawn.id, 1, 4],
    ['held', looked.id, 2, 4],
    ['left-out', unread.id, 3, 4],
    ['predicted', last.id, 4, 4],
  ]);
  assert.deepEqual(
    report.leftOut.map(({ scan, code }) => [scan, code]),
    [
      [drawn.id, 'predict/drawing'],
      [unread.id, 'scan/unreadable'],
    ],
  );
  assert.deepEqual([report.predicted.length, report.left], [1, 0]);
});

test('a mask that could not be kept is not told of as predicted', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 3, 1);
  await startTraining(store, trains().start, { options: {} }).done;
  const trainer = scriptedTrainer(async function* (job, cancelled) {
    for await (const event of predicts().script(job, cancelled))
      yield event.type === 'predicted' ? { ...event, maskPath: join(store.folder, 'none') } : event;
  });
  const told: string[] = [];
  await assert.rejects(startPrediction(store, trainer.start, {}, ({ type }) => told.push(type)).done);
  assert.ok(!told.includes('predicted'), told.join());
});

test('a run whose trainer cannot be started has failed, and a prediction leaves no folder', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const none: StartTrainer = (job, onEvent) =>
    startTrainer(job, onEvent, () => {
      throw new Error('no process');
    });
  await assert.rejects(startTraining(store, none, { options: {}, name: 'r' }).done, { code: 'trainer/died' });
  const { state, failure } = store.runs.find('r');
  assert.equal(state, 'failed');
  assert.match(failure ?? '', /no process/);
  await resumeTraining(store, trains().start, 'r').done;
  await assert.rejects(startPrediction(store, none, {}).done, { code: 'trainer/died' });
  assert.deepEqual(readdirSync(store.path(`runs/${store.runs.find('r').id}`)), []);
});
