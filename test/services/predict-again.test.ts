/** A prediction that takes the place of an earlier one: row, mask and entropy are those of one prediction, whatever fails or is killed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openExistingProject } from '../../src/app.ts';
import { startPrediction } from '../../src/project/services/predict/predict.ts';
import { readEntropy } from '../../src/project/services/review/cases.ts';
import { openProject, type Store } from '../../src/project/store/index.ts';
import type { PredictJob } from '../../src/shared/training.ts';
import { addRun } from '../store/helpers.ts';
import { maskOf, projectWith, scriptedTrainer, temporaryFolder, writeVolumes } from './helpers.ts';

/** Says of every scan an entropy of so much in each voxel, and so much on average. */
const predicts = (entropy: number, meanEntropy = entropy) =>
  scriptedTrainer(async function* (job) {
    const { cases, outputFolder } = job as PredictJob;
    for (const [index, { scan, name }] of cases.entries()) {
      const [mask, made] = [maskOf(), maskOf()];
      const uncertain = { ...made, data: new Float32Array(made.data.length).fill(entropy) };
      await writeVolumes(outputFolder, { 'mask.nii.gz': mask, 'entropy.nii.gz': uncertain });
      yield {
        ...{ type: 'predicted', scan, name, done: index + 1, total: cases.length, seconds: 0.1 },
        ...{ maskPath: join(outputFolder, 'mask.nii.gz'), entropyPath: join(outputFolder, 'entropy.nii.gz') },
        ...{ meanEntropy, sliceEntropy: [entropy, entropy], ownDice: [90], volumesMl: [27 * 0.0045] },
      };
    }
    yield { type: 'finished', step: 4, seconds: 1 };
  });

async function predictedOnce(t: TestContext): Promise<{ store: Store; run: number; scan: number }> {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const run = addRun(store, 'r');
  store.runs.update(run.id, { state: 'finished', step: run.options.steps, finishedAt: new Date().toISOString() });
  store.checkpoints.add(run.id, run.options.steps, `runs/${run.id}/checkpoint.safetensors`);
  await startPrediction(store, predicts(0.25).start, {}).done;
  return { store, run: run.id, scan: store.scans.find('case_02')!.id };
}
const files = (store: Store, folder: string) => readdirSync(store.path(folder)).map((name) => `${folder}/${name}`);
/** The row, and the files that it and its masks name, are all there is. */
async function whole(store: Store, run: number, scan: number): Promise<number> {
  const prediction = store.predictions.get(run, scan)!;
  assert.deepEqual(files(store, `runs/${run}/entropy`), [prediction.entropyFile]);
  assert.deepEqual(
    files(store, `masks/${scan}`).sort(),
    store.masks
      .history(scan)
      .map(({ file }) => file)
      .sort(),
  );
  const [entropy] = (await readEntropy(store, scan))!;
  assert.deepEqual([entropy, prediction.sliceEntropy], [prediction.meanEntropy, [entropy, entropy]]);
  return entropy;
}

test('a prediction in the place of an earlier one has its entropy, and leaves no file of it', async (t) => {
  const { store, run, scan } = await predictedOnce(t);
  assert.equal(await whole(store, run, scan), 0.25);
  await startPrediction(store, predicts(0.5).start, {}).done;
  assert.equal(await whole(store, run, scan), 0.5);
});

test('a prediction that cannot be kept leaves the earlier one as it was', async (t) => {
  const { store, run, scan } = await predictedOnce(t);
  await assert.rejects(startPrediction(store, predicts(0.5, Number.NaN).start, {}).done, /NOT NULL/);
  assert.equal(await whole(store, run, scan), 0.25);
});

test('killed before its row is written, a prediction leaves the earlier one as it was and files that a check names', async (t) => {
  const { store, run, scan } = await predictedOnce(t);
  const earlier = store.predictions.get(run, scan)!;
  await writeVolumes(store.path('.'), { 'mask.nii.gz': maskOf(), 'entropy.nii.gz': maskOf() });
  store.close();
  const from = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const script = `
    import { openProject } from ${from('project/store/index.ts')};
    const store = openProject(${JSON.stringify(store.folder)});
    store.transaction(() => {
      const mask = store.masks.keep(store.path('mask.nii.gz'), { scan: ${scan}, origin: 'predicted', run: ${run}, accepted: false, labels: [] });
      store.predictions.keep(store.path('entropy.nii.gz'), { run: ${run}, scan: ${scan}, mask: mask.id, meanEntropy: 1, sliceEntropy: [1, 1], volumesMl: [], seconds: 1 });
      process.kill(process.pid, 'SIGKILL');
    });`;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  assert.equal(signal, 'SIGKILL');
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  assert.deepEqual(project.store.predictions.get(run, scan), earlier);
  assert.equal((await readEntropy(project.store, scan))![0], 0.25);
  const { damaged, missing, leftOver } = await project.check();
  const strays = [...files(project.store, `runs/${run}/entropy`), ...files(project.store, `masks/${scan}`)].filter(
    (file) => file !== earlier.entropyFile && project.store.masks.history(scan).every((mask) => mask.file !== file),
  );
  assert.equal(strays.length, 2);
  assert.deepEqual(leftOver.sort(), strays.sort());
  assert.deepEqual(
    missing.filter(({ path }) => path.includes('entropy')),
    [],
  );
  assert.deepEqual(
    damaged.filter(({ path }) => path.includes('entropy')),
    [],
  );
});

test('what was predicted by a program that gave the entropy of a run and scan one name is read, and replaced whole', async (t) => {
  const { store, run, scan } = await predictedOnce(t);
  const old = `runs/${run}/entropy/${scan}.nii.gz`;
  const { entropyFile, ...prediction } = store.predictions.get(run, scan)!;
  writeFileSync(store.path(old), readFileSync(store.path(entropyFile)));
  store.predictions.put({ ...prediction, entropyFile: old });
  assert.equal((await readEntropy(store, scan))![0], 0.25);
  await startPrediction(store, predicts(0.5).start, {}).done;
  assert.notEqual(store.predictions.get(run, scan)!.entropyFile, old);
  assert.ok(!files(store, `runs/${run}/entropy`).includes(old));
  const again = openProject(store.folder, 'read');
  t.after(() => again.close());
  assert.equal((await readEntropy(again, scan))![0], 0.5);
});
