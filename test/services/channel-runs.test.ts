import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeCheckpoint } from '../../src/core/train/checkpoint.ts';
import type { Volume } from '../../src/core/volume.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { startPrediction } from '../../src/project/services/predict/predict.ts';
import { planTraining } from '../../src/project/services/train/plan.ts';
import { startTraining } from '../../src/project/services/train/train.ts';
import type { TrainerEvent } from '../../src/shared/training.ts';
import { startTrainer } from '../../src/trainer/host/index.ts';
import { GRID, maskOf, newProject, temporaryFolder, writeVolumes } from './helpers.ts';
import { finishedRun } from './model-runs.ts';

/** Of three cases the last has no PET; the structure is seen in it alone, T1 and CT are noise. */
async function project(t: Parameters<typeof newProject>[0]) {
  const noise = (seed: number): Volume => ({
    ...GRID,
    data: Int16Array.from({ length: 336 }, (_, n) => 100 + ((n * 37 + seed * 101) % 97)),
  });
  const seen: Volume = { ...GRID, data: Int16Array.from(maskOf().data, (v) => 10 + 500 * v) };
  const files = Object.fromEntries(
    ['a', 'b', 'c'].flatMap((name, n) => [
      [`${name}_t1.nii`, noise(n)],
      [`${name}_ct.nii`, noise(n + 10)],
      ...(name === 'c' ? [] : [[`${name}_pet.nii`, { ...seen, data: seen.data.map((v) => v + n) }]]),
    ]),
  ) as Record<string, Volume>;
  const folder = await writeVolumes(temporaryFolder(t), { ...files, 'labels/a.nii': maskOf() });
  const store = newProject(t);
  await importScans(store, folder, { channels: [{ name: 't1' }, { name: 'ct' }, { name: 'pet' }] });
  return store;
}

const TINY = { steps: 3, width: 1, patch: [16, 16, 16], spacing: 'native', prototypeFeatures: 'decoder-1/2' } as const;

test('a run learns from every channel, its checkpoint says which, and a scan without one is predicted and named', async (t) => {
  const store = await project(t);
  const events: TrainerEvent[] = [];
  const said = () => events.flatMap((event) => (event.type === 'notice' ? [event.message] : [])).join('\n');
  const handle = startTraining(store, startTrainer, { options: TINY }, (event) => events.push(event));
  assert.match(handle.plan?.notices.join('\n') ?? '', /The network sees the channels t1, ct, pet\./);
  assert.match(handle.plan?.notices.join('\n') ?? '', /lack channels are learnt from without them: c \(pet\)/);
  const run = await handle.done;
  assert.match(said(), /without them: c \(pet\)/);
  const checkpoint = decodeCheckpoint(readFileSync(store.path(join('runs', String(run.id), 'checkpoint.safetensors'))));
  assert.deepEqual(checkpoint.meta.channels, [
    { name: 't1', normalisation: { kind: 'mr' } },
    { name: 'ct', normalisation: { kind: 'ct', clip: [-75, 175] } },
    { name: 'pet', normalisation: { kind: 'pet' } },
  ]);
  const input = Object.entries(checkpoint.tensors).find(([name]) => /^student\/.*(kernel|weight)/i.test(name));
  assert.equal(input?.[1].shape.at(-2), 3, `${input?.[0]} sees three channels`);
  events.length = 0;
  const predicted = await startPrediction(store, startTrainer, { run: run.name, scans: 'all' }, (event) =>
    events.push(event),
  ).done;
  assert.deepEqual(
    predicted.predicted.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  assert.match(said(), /c has no pet: predicted without\.$/m);
});

test('without channel dropout a missing channel is refused before training starts', async (t) => {
  const store = await project(t);
  assert.throws(() => planTraining(store, { options: { ...TINY, channelDropout: 0 } }), {
    code: 'channels/missing',
    message: /the channels t1, ct, pet, got scans without some: c \(pet\)/,
  });
});

test('a scan that a model sees nothing of is left out, and the others are predicted', async (t) => {
  const store = await project(t);
  // c has no PET, and the model sees that alone.
  const run = finishedRun(store, 'pet', {}, 1, ['pet']);
  const report = await startPrediction(store, startTrainer, { run: run.name, scans: 'all' }).done;
  assert.deepEqual(
    report.predicted.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(
    report.leftOut.map(({ name, code }) => [name, code]),
    [['c', 'channels/none']],
  );
});

test('mirrored averaging with a network that never saw a mirrored scan is said', async (t) => {
  const store = await project(t);
  const said = async (augmentation: 'warp' | 'strong', flips?: [boolean, boolean, boolean]) => {
    const run = finishedRun(store, `${augmentation}${store.runs.list().length}`, { augmentation }, 1, ['t1']);
    const notices: string[] = [];
    await startPrediction(store, startTrainer, { run: run.name, scans: [1], flips }, (event) => {
      if (event.type === 'notice') notices.push(event.message);
    }).done;
    return notices.join('\n');
  };
  assert.match(await said('warp', [true, false, false]), /never saw a mirrored scan \(--augmentation warp\)/);
  assert.doesNotMatch(await said('strong', [true, true, true]), /mirrored/);
  assert.doesNotMatch(await said('warp'), /mirrored/);
});
