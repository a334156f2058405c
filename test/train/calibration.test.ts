/** Short trainings that calibrate the expected Dice, in real trainer processes: what they hold out, kills, stops. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { foldCount, foldOptions, foldSteps, foldsOf } from '../../src/core/train/folds.ts';
import { costFrom } from '../../src/core/train/step-cost.ts';
import { readMask, writeNifti } from '../../src/imaging/index.ts';
import type { TrainerEvent, TrainJob } from '../../src/shared/training.ts';
import { calibrationFolder } from '../../src/trainer/worker/calibrate.ts';
import { job, play } from './trainer-runs.ts';

test('each fold leaves out scans that no other does, and learns from all others', () => {
  const folds = foldsOf([1, 2, 3, 4, 5], 2);
  assert.deepEqual(folds, [
    { learn: [2, 4], heldOut: [1, 3, 5] },
    { learn: [1, 3, 5], heldOut: [2, 4] },
  ]);
  assert.deepEqual(
    [
      foldCount(8, { calibrationFolds: 4 }),
      foldCount(3, { calibrationFolds: 4 }),
      foldCount(1, { calibrationFolds: 4 }),
    ],
    [4, 3, 0],
  );
  assert.equal(foldCount(8, {}), 0, 'a run of an earlier version');
  assert.equal(foldCount(8, { calibrationFolds: 1 }), 0, 'a single fold would leave nothing to learn from');
  assert.throws(() => resolveOptions({ calibrationFolds: 1 }), { code: 'option/invalid' });
  assert.equal(resolveOptions({ calibrationFolds: 2 }).calibrationFolds, 2);
});

test('a fold takes a quarter of the steps with a seed of its own, and the time that is told counts them', () => {
  const options = { steps: 2000, seed: 7, calibrationFolds: 4 };
  assert.deepEqual([foldSteps(options), foldSteps({ steps: 3 })], [500, 1]);
  assert.deepEqual(
    [0, 1].map((fold) => foldOptions(options, fold)).map(({ steps, seed }) => [steps, seed]),
    [
      [500, 8],
      [500, 9],
    ],
  );
  const cost = { ...options, method: 'supervised', labelledPerStep: 2, unlabelledPerStep: 1 } as const;
  assert.equal(costFrom(0, cost), 2000 + 4 * 500);
});

/** Two labelled scans and one without a mask. */
function folds(name: string, given: Parameters<typeof job>[1] = {}, resume = false): TrainJob {
  const made = job(name, { steps: 20, calibrationFolds: 4, seed: 3, ...given }, resume);
  const { labelled, unlabelled, validation } = made.lists;
  return { ...made, lists: { labelled: [...labelled, ...validation], unlabelled, validation: [] } };
}

const calibrated = (events: TrainerEvent[]) =>
  events.flatMap((event) => (event.type === 'calibrated' ? [event] : [])).sort((x, y) => x.scan - y.scan);
const weights = ({ runFolder }: TrainJob) => readFileSync(join(runFolder, 'checkpoint.safetensors'));

const whole = folds('calibrated');
let played: ReturnType<typeof play> | undefined;
/** The run that nothing disturbs; made once. */
const undisturbed = () => {
  played ??= play(whole);
  return played;
};

test('every labelled scan is predicted by a training that held it out; the run itself stays as it is without', async () => {
  const left = await undisturbed();
  assert.equal(left.last.type, 'finished', JSON.stringify(left.last));
  const found = calibrated(left.events);
  assert.deepEqual(
    found.map(({ scan, ownDice, dice }) => [scan, ownDice.length, dice.length]),
    [
      [1, 1, 1],
      [3, 1, 1],
    ],
  );
  for (const { ownDice, dice } of found) assert.ok([...ownDice, ...dice].every((value) => value >= 0 && value <= 100));
  const shown = left.events.flatMap((event) => (event.type === 'calibrating' ? [event] : []));
  assert.deepEqual(
    shown.map(({ fold, folds: of, step, steps: all }) => [fold, of, step, all]),
    [
      [1, 2, 0, 5],
      [1, 2, 5, 5],
      [2, 2, 0, 5],
      [2, 2, 5, 5],
    ],
  );
  assert.equal(existsSync(calibrationFolder(whole.runFolder)), false);
  const without = folds('uncalibrated', { calibrationFolds: 0 });
  assert.deepEqual(calibrated((await play(without)).events), []);
  const student = (bytes: Buffer) => bytes.subarray(bytes.readUInt32LE(0) + 8);
  assert.deepEqual(student(weights(without)), student(weights(whole)));
});

/** The same with the first scan's mask turned over where `x` says so. */
async function withOtherMask(run: TrainJob, x: (x: number) => boolean): Promise<TrainJob> {
  const [first, second] = run.lists.labelled;
  const mask = await readMask(first.maskPath!);
  const maskPath = join(run.runFolder, 'other.mask.nii.gz');
  await writeNifti(maskPath, { ...mask, data: mask.data.map((value, v) => (x(v % 20) ? 1 - value : value)) });
  return { ...run, lists: { ...run.lists, labelled: [{ ...first, maskPath }, second] } };
}

test('what is said of a scan does not depend on its own mask: the network never saw it', async () => {
  const { events } = await play(await withOtherMask(folds('other-mask'), (x) => x < 10));
  const [before, after] = [calibrated((await undisturbed()).events), calibrated(events)];
  assert.deepEqual(after[0].ownDice, before[0].ownDice);
  assert.notDeepEqual(after[0].dice, before[0].dice);
});

test('nor does it where a coarse model says which part is read: each fold has one of its own', async () => {
  const region = { region: 'auto', steps: 12, method: 'supervised' } as const;
  const alike = await play(folds('region', region));
  const other = await play(await withOtherMask(folds('region-other', region), (x) => x < 10));
  assert.equal(alike.last.type, 'finished', JSON.stringify(alike.last));
  const [before, after] = [calibrated(alike.events), calibrated(other.events)];
  assert.deepEqual(after[0].ownDice, before[0].ownDice);
  assert.notDeepEqual(after[1].ownDice, before[1].ownDice, 'the other one was learned with it');
  const told = alike.events.filter((event) => event.type === 'notice' && /coarse model looks/.test(event.message));
  assert.equal(told.length, 1);
});

test('killed in the second short training, a run that goes on ends with the same calibration', {
  skip: process.platform === 'win32' && 'there are no signals on Windows',
}, async () => {
  const killed = await play(folds('calibration-killed'), (event, _, host) => {
    if (event.type === 'calibrating' && event.fold === 2) process.kill(host.pid as number, 'SIGKILL');
  });
  assert.equal(killed.last.type, 'error');
  const { events, last } = await play(folds('calibration-killed', {}, true));
  assert.equal(last.type, 'finished', JSON.stringify(last));
  assert.deepEqual(calibrated(events), calibrated((await undisturbed()).events));
});

test('paused in a short training it waits; stopped there it says that its own steps are done', async () => {
  const { events, last } = await play(folds('calibration-stopped', { steps: 400 }), (event, trainer) => {
    if (event.type === 'calibrating' && event.step === 0) trainer.pause();
    if (event.type === 'paused') trainer.resume();
    if (event.type === 'resumed') trainer.cancel();
  });
  assert.deepEqual(last, { type: 'cancelled', step: 400 });
  assert.ok(events.some(({ type }) => type === 'paused'));
  assert.deepEqual(calibrated(events), []);
});

test('a run that starts from other weights has no calibration: they may have seen every scan', async () => {
  await undisturbed();
  const startFrom = join(whole.runFolder, 'checkpoint.safetensors');
  const { events, last } = await play({ ...folds('from-weights', { steps: 1 }), startFrom });
  assert.equal(last.type, 'finished', JSON.stringify(last));
  assert.ok(events.every(({ type }) => type !== 'calibrating'));
});
