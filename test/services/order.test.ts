import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { runForPrediction } from '../../src/project/services/predict/predict.ts';
import { maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { keepPrediction } from './predicted.ts';

test('the newest run and prediction are those of the highest number, whatever the clock says (clock-back)', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 1);
  const [scan] = store.scans.list();
  const finished = async (name: string, day: number, entropy: number) => {
    t.mock.timers.enable({ apis: ['Date'], now: new Date(2030, 0, day) });
    const options = resolveOptions({ steps: 2000, spacing: 'native' });
    const run = store.runs.create({ name, options, classes: store.labels.classes(), cases: [] });
    store.checkpoints.add(run.id, 1, `runs/${run.id}/checkpoint.safetensors`);
    store.runs.update(run.id, { state: 'finished', finishedAt: new Date().toISOString() });
    await keepPrediction(store, run, scan, maskOf(), [entropy]);
    t.mock.timers.reset();
  };
  await finished('first', 3, 0.1);
  await finished('after the clock went back', 1, 0.2);
  assert.equal(store.predictions.latest(scan.id)?.meanEntropy, 0.2);
  assert.equal(store.predictions.newest().get(scan.id)?.meanEntropy, 0.2);
  assert.equal(runForPrediction(store).name, 'after the clock went back');
});
