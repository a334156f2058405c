/** What a project suggests to do next is what it then does. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { projectStatus } from '../../src/project/services/status.ts';
import { leaveOut } from '../../src/project/services/train/leave-out.ts';
import type { Store } from '../../src/project/store/index.ts';
import { addRun } from '../store/helpers.ts';
import { maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { keepPrediction } from './predicted.ts';

const project = (t: TestContext, labelled: number, labels?: string[]) =>
  projectWith(t, temporaryFolder(t), 3, labelled, labels);

const finished = (store: Store) => store.runs.update(addRun(store).id, { state: 'finished' });

test('a training that would be refused is not suggested: the reason is', async (t) => {
  assert.equal(projectStatus(await project(t, 2)).next, 'Train: decile train DIR.');
  const lacking = projectStatus(await project(t, 2, ['kidney', 'tumour'])).next;
  assert.match(lacking, /^Before training: Every label must be drawn .* got none with tumour\. Draw it in one/);
  const leftOut = await project(t, 1);
  leaveOut(leftOut, leftOut.scans.list(), 'another kind');
  assert.match(projectStatus(leftOut).next, /^Before training: A project must hold scans to train on/);
});

test('without labels here, masks that a model from elsewhere made are to be reviewed', async (t) => {
  const store = await project(t, 0);
  assert.match(projectStatus(store).next, /^Label 1 of the 3 scans/);
  const run = finished(store);
  assert.equal(projectStatus(store).next, 'Predict the other scans: decile predict DIR.');
  await keepPrediction(store, run, store.scans.list()[0], maskOf(), [0, 0, 0.1, 0, 0, 0]);
  assert.match(projectStatus(store).next, /^Review the predictions/);
});

test('where every scan is labelled the prediction that is suggested names them all', async (t) => {
  const store = await project(t, 3);
  finished(store);
  assert.equal(projectStatus(store).next, 'Predict: decile predict DIR --scans all.');
});
