import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { addSoftwareAdapter } from '../../bench/software-adapter.ts';
import { NETWORKS } from '../../src/core/options.ts';
import { decodeCheckpoint, networkOf } from '../../src/core/train/checkpoint.ts';
import { encodeSafetensors } from '../../src/core/train/safetensors.ts';
import { describeAdapter } from '../../src/engine/webgpu/adapter.ts';
import { findAdapter } from '../../src/engine/webgpu/index.ts';
import { readMask, readVolume, writeNifti } from '../../src/imaging/index.ts';
import { encodePng } from '../../src/imaging/png.ts';
import type { TrainerEvent } from '../../src/shared/training.ts';
import { startTrainer } from '../../src/trainer/host/index.ts';
import { runTrain } from '../../src/trainer/worker/run-train.ts';
import { folder, grid, job, play, steps, b as unlabelledCase } from './trainer-runs.ts';

for (const network of NETWORKS)
  test(`a run of the ${network} validates on its own list, records the prototypes’ evolution, and predicts with that network on the scan’s grid`, async () => {
    const training = job(`whole-${network}`, { network });
    const { events, last } = await play(training);
    assert.equal(last.type, 'finished', JSON.stringify(last));
    assert.equal(steps(events).length, 4);
    assert.equal(
      decodeCheckpoint(readFileSync(last.type === 'finished' ? last.checkpoint! : '')).meta.options.network,
      network,
    );
    assert.deepEqual(
      events.filter((e) => e.type === 'validation').map((e) => e.step),
      [2, 4],
    );
    const evolution = events.find((e) => e.type === 'evolution');
    assert.ok(evolution?.type === 'evolution' && existsSync(evolution.path));
    const { panels, caption } = JSON.parse(readFileSync(evolution.path, 'utf8')) as {
      panels: string[];
      caption: string;
    };
    assert.ok(
      ['image_l', 'Y_l', 'P_l', 'image_u', 'P_u', 'P_l2u'].every((name) => panels.includes(name)),
      String(panels),
    );
    assert.match(caption, /^Step 2: /);

    const outputFolder = join(folder, `whole-${network}`, 'out');
    const prediction = await play({
      kind: 'predict',
      runFolder: training.runFolder,
      cases: [unlabelledCase],
      outputFolder,
      stride: 'auto',
      pieces: 'all',
      engine: 'auto',
    });
    assert.equal(prediction.last.type, 'finished', JSON.stringify(prediction.last));
    const mask = await readMask(join(outputFolder, '2.nii.gz'));
    assert.deepEqual([mask.size, mask.spacing, mask.origin], [[...grid.size], [...grid.spacing], [...grid.origin]]);
    const { volume: entropy } = await readVolume(join(outputFolder, '2.entropy.nii.gz'));
    assert.ok(Math.max(...entropy.data) <= Math.log(2) + 1 / 256);
  });

test('a run that is told to start from a checkpoint has its weights, not random ones', async () => {
  const studentOf = ({ last }: Awaited<ReturnType<typeof play>>) => {
    assert.ok(last.type === 'finished' && last.checkpoint, JSON.stringify(last));
    return { path: last.checkpoint, weights: networkOf(decodeCheckpoint(readFileSync(last.checkpoint)), 'student') };
  };
  const first = studentOf(await play(job('first-weights')));
  // A step of AdamW changes no weight by more than its rate.
  const given = { steps: 1, seed: 2, optimiser: 'adamw', learningRate: 1e-6, weightDecay: 0 } as const;
  const then = studentOf(await play({ ...job('from-weights', given), startFrom: first.path }));
  for (const [name, { values }] of Object.entries(first.weights))
    for (const [n, value] of values.entries())
      assert.ok(Math.abs(then.weights[name].values[n] - value) < 1e-5, `${name}, value ${n}`);
});

test('where no labelled scan can be read, the first one says why', async () => {
  const { lists, ...training } = job('unread');
  const labelled = lists.labelled.map((one) => ({ ...one, maskPath: join(folder, 'absent.nii.gz') }));
  const { last } = await play({ ...training, lists: { ...lists, labelled } });
  assert.ok(last.type === 'error', JSON.stringify(last));
  assert.equal(last.code, 'train/no-labels');
  assert.match(last.message, /none that can be read \(case 1: .*got none at .*absent\.nii\.gz/);
});

test('a run that goes on keeps the channels and the range that it began with', async () => {
  const channels = [{ name: 'CT', normalisation: { kind: 'ct' as const, clip: [0, 200] as const } }];
  const short = { method: 'supervised', steps: 2, checkpointEvery: 1 } as const;
  await play({ ...job('range-changed', short), channels }, (event, trainer) => {
    if (event.type === 'step' && event.step === 1) trainer.cancel();
  });
  const wider = [{ name: 'CT', normalisation: { kind: 'ct' as const, clip: [-500, 900] as const } }];
  const { last } = await play({ ...job('range-changed', short, true), channels: wider });
  assert.ok(last.type === 'finished' && last.checkpoint, JSON.stringify(last));
  assert.deepEqual(decodeCheckpoint(readFileSync(last.checkpoint)).meta.channels, channels);
});

test('with --predict-with teacher a supervised run keeps a moving average, with AdamW both moments; resumed it repeats the whole run, and the average predicts', async () => {
  const options = { method: 'supervised', predictWith: 'teacher', optimiser: 'adamw', learningRate: 0.001 } as const;
  const more = { ...options, clipNorm: 1, schedule: 'cosine', network: 'planned', deepSupervision: 'on' } as const;
  const whole = await play(job('average', more));
  assert.equal(whole.last.type, 'finished', JSON.stringify(whole.last));
  const first = await play(job('average-resumed', more), (event, trainer) => {
    if (event.type === 'step' && event.step === 1) trainer.cancel();
  });
  const resumed = await play(job('average-resumed', more, true));
  assert.equal(resumed.last.type, 'finished', JSON.stringify([first.last, resumed.last]));
  const checkpointOf = (name: string) =>
    decodeCheckpoint(readFileSync(join(folder, name, 'runs', '1', 'checkpoint.safetensors')));
  const [a, b] = [checkpointOf('average'), checkpointOf('average-resumed')];
  assert.deepEqual(b.tensors, a.tensors);
  const prefixes = new Set(Object.keys(a.tensors).map((key) => key.split('/')[0]));
  assert.deepEqual([...prefixes].sort(), ['student', 'teacher', 'velocity.student', 'velocity.student.second']);
  assert.notDeepEqual(a.tensors['teacher/out.weight'], a.tensors['student/out.weight']);

  const predictedBy = async (predictWith: 'student' | 'teacher') => {
    const training = job(`average`, { ...more, predictWith });
    const outputFolder = join(folder, 'average', predictWith);
    const path = join(training.runFolder, 'checkpoint.safetensors');
    writeFileSync(
      path,
      encodeSafetensors(a.tensors, {
        decile: JSON.stringify({ ...a.meta, options: { ...a.meta.options, predictWith } }),
      }),
    );
    const request = { kind: 'predict' as const, runFolder: training.runFolder, cases: [unlabelledCase], outputFolder };
    const { last } = await play({ ...request, stride: 'auto', pieces: 'all', engine: 'auto' });
    assert.equal(last.type, 'finished', JSON.stringify(last));
    return (await readVolume(join(outputFolder, '2.entropy.nii.gz'))).volume.data;
  };
  assert.notDeepEqual(await predictedBy('student'), await predictedBy('teacher'));
});

test('an end signal that reaches the trainer too leaves the decision to its parent', {
  skip: process.platform === 'win32' && 'there are no signals on Windows',
}, async () => {
  const { events, last } = await play(job('signal'), (event, _, host) => {
    if (event.type === 'step' && event.step === 1) process.kill(host.pid as number, 'SIGTERM');
  });
  assert.equal(last.type, 'finished', JSON.stringify(last));
  assert.equal(steps(events).length, 4);
});

test('a cancelled run leaves a checkpoint, and resumed it repeats the losses of an uninterrupted run', async () => {
  const whole = await play(job('uninterrupted'));
  const first = await play(job('interrupted'), (event, trainer) => {
    if (event.type === 'step' && event.step === 1) trainer.cancel();
  });
  assert.equal(first.last.type, 'cancelled', JSON.stringify(first.last));
  const resumed = await play(job('interrupted', {}, true));
  assert.equal(resumed.last.type, 'finished', JSON.stringify(resumed.last));
  const losses = (events: TrainerEvent[]) => new Map(steps(events).map((e) => [e.step, e.losses]));
  assert.deepEqual(new Map([...losses(first.events), ...losses(resumed.events)]), losses(whole.events));
  const curve = readFileSync(join(folder, 'interrupted', 'runs', '1', 'curve.jsonl'), 'utf8')
    .trim()
    .split('\n');
  assert.deepEqual(
    curve.map((line) => JSON.parse(line)).map(({ type, step }) => `${type} ${step}`),
    ['step 1', 'step 2', 'validation 2', 'step 3', 'step 4', 'validation 4'],
  );
});

test('stopped while its scans are read again, a run is at the step of its checkpoint', async () => {
  const options = { method: 'supervised', steps: 2 } as const;
  assert.equal((await play(job('stopped-early', options))).last.type, 'finished');
  let last: TrainerEvent | undefined;
  const control = { cancelled: false, paused: false, whileParked: async () => {} };
  const report = (event: TrainerEvent) => {
    last = event;
    if (event.type === 'preparing') control.cancelled = true;
  };
  const files = { readVolume, readMask, writeVolume: writeNifti, encodePng };
  await runTrain(job('stopped-early', options, true), report, control, files);
  assert.deepEqual(last, { type: 'cancelled', step: 2 });
});

test('a paused run says so, waits, and goes on', async () => {
  const { events, last } = await play(job('paused'), (event, trainer) => {
    if (event.type === 'started') trainer.pause();
    if (event.type === 'paused') setTimeout(() => trainer.resume(), 300);
  });
  assert.equal(last.type, 'finished', JSON.stringify(last));
  const kinds = events.map((e) => e.type);
  assert.ok(kinds.indexOf('paused') < kinds.indexOf('resumed'));
  assert.equal(steps(events).length, 4);
});

test('a trainer that dies is an error with a cure, not a crash', async () => {
  const { last } = await play(job('killed', { steps: 1000 }), (event, _, host) => {
    if (event.type === 'step' && event.step === 1) process.kill(host.pid as number, 'SIGKILL');
  });
  assert.ok(last.type === 'error');
  assert.equal(last.code, 'trainer/died');
  assert.match(last.message, /SIGKILL/);
  assert.match(last.cure, /Resume/);
});

test('a damaged checkpoint and no labelled scan are coded errors, a vanished scan is left out by name', async () => {
  const damaged = job('damaged', {}, true);
  writeFileSync(join(damaged.runFolder, 'checkpoint.safetensors'), 'no checkpoint');
  const code = ({ last }: { last: TrainerEvent }) => (last.type === 'error' ? last.code : JSON.stringify(last));
  assert.equal(code(await play(damaged)), 'checkpoint/corrupt');
  const vanished = job('vanished');
  vanished.lists.unlabelled = [{ scan: 9, name: 'gone', volumePath: join(folder, 'gone.nii') }];
  const { events, last } = await play(vanished);
  assert.equal(last.type, 'finished', JSON.stringify(last));
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'left-out' ? [[event.name, event.code]] : [])),
    [['gone', 'scan/missing']],
  );
  const unlabelled = job('unlabelled');
  unlabelled.lists.labelled = [];
  assert.equal(code(await play(unlabelled)), 'train/no-labels');
});

test('the trainer’s process tells what GPU there is, and an emulated one from a real one', async (t) => {
  addSoftwareAdapter();
  const here = await findAdapter().then(describeAdapter, (error: Error) => error.message);
  if (typeof here === 'string') return t.skip(here);
  const { events, last } = await play({ kind: 'adapter' });
  assert.equal(last.type, 'finished', JSON.stringify(last));
  assert.deepEqual(
    events.filter(({ type }) => type === 'adapter'),
    [{ type: 'adapter', name: here.name, software: here.software }],
  );
});

test('the last event is heard however late it is read', async () => {
  const runFolder = join(folder, 'x'.repeat(1_000_000));
  const { done } = startTrainer(
    {
      kind: 'predict',
      runFolder,
      cases: [],
      outputFolder: join(folder, 'late'),
      stride: 'auto',
      pieces: 'all',
      engine: 'auto',
    },
    () => {},
  );
  // Nothing is read meanwhile, and a line between processes holds less than this event.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  const last = await done;
  assert.equal(last.type === 'error' && last.code, 'run/no-checkpoint');
});
