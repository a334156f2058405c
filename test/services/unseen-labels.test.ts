/** A label that no prediction has is said, not passed over in silence. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { startPrediction } from '../../src/project/services/predict/predict.ts';
import type { PredictJob } from '../../src/shared/training.ts';
import { maskOf, projectWith, scriptedTrainer, temporaryFolder, writeVolumes } from './helpers.ts';

/** What a prediction of two open scans says, where two of two labelled scans have the label. */
async function said(t: TestContext, volumesMl: (index: number) => number[], labelled = 2): Promise<string[]> {
  const store = await projectWith(t, temporaryFolder(t), labelled + 2, labelled);
  const references = [...store.masks.references()].map(([scan, { id }]) => ({
    scan,
    role: 'labelled' as const,
    mask: id,
  }));
  const run = store.runs.create({
    ...{ name: 'r', options: resolveOptions({ steps: 4, spacing: 'native' }), classes: store.labels.classes() },
    cases: references,
  });
  store.runs.update(run.id, { state: 'finished', step: run.options.steps, finishedAt: new Date().toISOString() });
  store.checkpoints.add(run.id, run.options.steps, `runs/${run.id}/checkpoint.safetensors`);
  const trainer = scriptedTrainer(async function* (job) {
    const { cases, outputFolder } = job as PredictJob;
    for (const [index, { scan, name }] of cases.entries()) {
      await writeVolumes(outputFolder, { 'mask.nii.gz': maskOf(), 'entropy.nii.gz': maskOf() });
      yield {
        ...{ type: 'predicted', scan, name, done: index + 1, total: cases.length, seconds: 0.1 },
        ...{ maskPath: join(outputFolder, 'mask.nii.gz'), entropyPath: join(outputFolder, 'entropy.nii.gz') },
        ...{ meanEntropy: 0, sliceEntropy: [0, 0], ownDice: [0], volumesMl: volumesMl(index) },
      };
    }
    yield { type: 'finished', step: 4, seconds: 1 };
  });
  const notices: string[] = [];
  const { unseen } = await startPrediction(store, trainer.start, {}, (event) => {
    if (event.type === 'notice') notices.push(event.message);
  }).done;
  assert.equal(unseen.length, notices.length);
  return notices;
}

test('a label that the labelled scans have and no prediction has is named, with what helps', async (t) => {
  const [notice] = await said(t, () => [0], 4);
  assert.match(notice, /did not learn every label: .+ is in none of 2 predicted scans, and in 4 of 4 labelled ones\./);
  assert.match(notice, /--small-structures on/);
});

test('nothing is said where one prediction has it, or where few labelled scans say little', async (t) => {
  assert.deepEqual(await said(t, (index) => [index === 1 ? 0.1 : 0], 4), []);
  assert.deepEqual(await said(t, () => [0], 2), [], '(1 - 3/4)^2 = 6 %');
});
