import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { IDENTITY } from '../../src/core/geometry.ts';
import { NETWORKS, resolveOptions, type TrainingOptions } from '../../src/core/options.ts';
import { decodeCheckpoint } from '../../src/core/train/state.ts';
import type { Volume } from '../../src/core/volume.ts';
import { readMask, readVolume, writeNifti } from '../../src/main/imaging/index.ts';
import { nodeHost, startTrainer, type TrainerHost } from '../../src/main/trainer/index.ts';
import type { TrainerEvent, TrainingCase, TrainJob } from '../../src/shared/training.ts';

const folder = mkdtempSync(join(tmpdir(), 'decile-trainer-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const grid = { size: [20, 18, 17], spacing: [1, 1, 2], origin: [5, -3, 7], direction: IDENTITY } as const;

async function makeCase(scan: number, labelled: boolean): Promise<TrainingCase> {
  const data = new Int16Array(20 * 18 * 17);
  const mask = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [x, y, z] = [i % 20, Math.floor(i / 20) % 18, Math.floor(i / 360)];
    mask[i] = (x - 9 - scan) ** 2 + (y - 9) ** 2 + (z - 8) ** 2 < 30 ? 1 : 0;
    data[i] = 100 + 200 * mask[i] + Math.round(40 * Math.sin(i));
  }
  const volumePath = join(folder, `${scan}.nii`);
  const maskPath = join(folder, `${scan}.mask.nii.gz`);
  await writeNifti(volumePath, { ...grid, data } as Volume);
  if (labelled) await writeNifti(maskPath, { ...grid, data: mask } as Volume);
  return { scan, name: `case ${scan}`, volumePath, ...(labelled ? { maskPath } : {}) };
}

const [a, b, c] = [await makeCase(1, true), await makeCase(2, false), await makeCase(3, true)];

function job(name: string, given: Partial<TrainingOptions> = {}, resume = false): TrainJob {
  const runFolder = join(folder, name, 'runs', '1');
  mkdirSync(runFolder, { recursive: true });
  const options = resolveOptions({
    steps: 4,
    width: 1,
    patch: [16, 16, 16],
    spacing: 'native',
    prototypeFeatures: 'decoder-1/2',
    checkpointEvery: 2,
    validateEvery: 2,
    ...given,
  });
  return {
    kind: 'train',
    runFolder,
    options,
    lists: { labelled: [a], unlabelled: [b], validation: [c] },
    classes: ['background', 'ball'],
    normalisation: { kind: 'mr' },
    resume,
  };
}

/** Runs a job; `act` hears each event and may send commands. */
async function play(
  job: Parameters<typeof startTrainer>[0],
  act: (event: TrainerEvent, trainer: ReturnType<typeof startTrainer>, host: TrainerHost) => void = () => {},
) {
  const events: TrainerEvent[] = [];
  let host: TrainerHost | undefined;
  const trainer = startTrainer(
    job,
    (event) => {
      events.push(event);
      setImmediate(() => act(event, trainer, host as TrainerHost));
    },
    () => {
      host = nodeHost();
      return host;
    },
  );
  return { events, last: await trainer.done };
}

const steps = (events: TrainerEvent[]) => events.filter((e) => e.type === 'step');

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
      cases: [b],
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
    curve.map((line) => JSON.parse(line).step),
    [1, 2, 3, 4],
  );
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

test('a device that is lost in a step costs patch size, not the run: it goes on from its checkpoint, and so when resumed', async () => {
  const training = job('device-lost', { patch: [48, 16, 16], steps: 12 });
  const starts: TrainerHost[] = [];
  const events: TrainerEvent[] = [];
  const trainer = startTrainer(
    training,
    (event) => {
      events.push(event);
      if (event.type === 'step' && starts.length > 1) setImmediate(() => trainer.cancel());
    },
    () => {
      const host = nodeHost();
      starts.push(host);
      if (starts.length > 1) return host;
      return {
        ...host,
        onEvent: (listener) =>
          host.onEvent((event) => {
            if (event.type !== 'step' || event.step < 3) return listener(event);
            listener({ type: 'error', code: 'engine/device-lost', message: 'The device must stay.', cure: '' });
            process.kill(host.pid as number, 'SIGKILL');
          }),
      };
    },
  );
  const last = await trainer.done;
  assert.equal(last.type, 'cancelled', JSON.stringify(last));
  assert.equal(starts.length, 2);
  const told = events.filter((e) => e.type === 'started').map(({ step, patch }) => [step, ...patch]);
  assert.deepEqual(told, [
    [0, 48, 16, 16],
    [2, 32, 16, 16],
  ]);
  assert.ok(events.every((e) => e.type !== 'error'));
  assert.deepEqual(
    events
      .filter((e) => e.type === 'notice' && e.message.includes('device'))
      .map((e) => e.type === 'notice' && e.message),
    [
      'The graphics device was lost in a step with patch 48x16x16 and 2 + 2 patches a step. Going on from the checkpoint at step 2 with patch 32x16x16 and 2 + 2 patches a step.',
    ],
  );
  const resumed = await play({ ...training, resume: true });
  const [started] = resumed.events.filter((e) => e.type === 'started');
  assert.deepEqual(started.patch, [32, 16, 16]);
  assert.equal(resumed.last.type, 'finished', JSON.stringify(resumed.last));
});

test('a damaged checkpoint, a vanished scan and no labelled scan are coded errors', async () => {
  const damaged = job('damaged', {}, true);
  writeFileSync(join(damaged.runFolder, 'checkpoint.safetensors'), 'no checkpoint');
  const code = ({ last }: { last: TrainerEvent }) => (last.type === 'error' ? last.code : JSON.stringify(last));
  assert.equal(code(await play(damaged)), 'checkpoint/corrupt');
  const vanished = job('vanished');
  vanished.lists.unlabelled = [{ scan: 9, name: 'gone', volumePath: join(folder, 'gone.nii') }];
  assert.equal(code(await play(vanished)), 'scan/missing');
  const unlabelled = job('unlabelled');
  unlabelled.lists.labelled = [];
  assert.equal(code(await play(unlabelled)), 'train/no-labels');
});
