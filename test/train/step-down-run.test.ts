/** What a run does whose step does not fit, or whose device is lost, in real trainer processes. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { addSoftwareAdapter } from '../../bench/software-adapter.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { loadOf, stepBytes } from '../../src/core/train/step-bytes.ts';
import { findAdapter } from '../../src/engine/webgpu/index.ts';
import type { TrainerHost } from '../../src/shared/trainer.ts';
import type { TrainerCommand, TrainerEvent, TrainJob } from '../../src/shared/training.ts';
import { nodeHost, startTrainer } from '../../src/trainer/host/index.ts';
import { checkpointPath } from '../../src/trainer/worker/files.ts';
import { job, play, steps } from './trainer-runs.ts';

addSoftwareAdapter();
const noGpu = await findAdapter().then(
  () => false as const,
  (error: Error) => error.message,
);

/** Runs a job whose processes load one of the modules of this folder first. */
async function playWith(module: string, variables: Record<string, string>, given: TrainJob) {
  const before = { ...process.env };
  const program = pathToFileURL(join(import.meta.dirname, module)).href;
  Object.assign(process.env, { NODE_OPTIONS: `--import ${program}`, ...variables });
  try {
    const last = (event: TrainerEvent) => event.type === 'step' && event.step === 3;
    return await play(given, (event) => {
      if (variables.LOSE_DEVICE_AT && last(event)) writeFileSync(variables.LOSE_DEVICE_AT, '');
    });
  } finally {
    for (const name of ['NODE_OPTIONS', ...Object.keys(variables)]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

const starts = (events: TrainerEvent[]) =>
  events
    .filter((event) => event.type === 'started')
    .map(({ step, patch, labelledPerStep }) => [step, patch.join('x'), labelledPerStep]);
const notices = (events: TrainerEvent[]) =>
  events
    .filter((event) => event.type === 'notice')
    .map(({ message }) => message)
    .filter((message) => / in a step | for a step /.test(message));
/** Steps of the run's curve. */
const curve = ({ runFolder }: TrainJob): number[] =>
  readFileSync(join(runFolder, 'curve.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'step')
    .map(({ step }) => step);

test('a real GPU device that is lost in the middle: one notice, and the run goes on from its checkpoint with a step that takes less memory', {
  skip: noGpu,
  timeout: 840_000,
}, async () => {
  const given = job('gpu-lost', {
    network: 'unet',
    ...{ engine: 'webgpu', patch: [32, 16, 16], steps: 5, checkpointEvery: 2, validateEvery: 100 },
    ...{ labelledPerStep: 1, unlabelledPerStep: 1 },
  });
  const { events, last } = await playWith(
    './losing-device.ts',
    { LOSE_DEVICE_AT: join(given.runFolder, 'lose') },
    given,
  );
  assert.equal(last.type, 'finished', JSON.stringify(last));
  assert.deepEqual(starts(events), [
    [0, '32x16x16', 1],
    [2, '32x16x16', 1],
  ]);
  assert.deepEqual(notices(events), [
    'The graphics device was lost in a step with patch 32x16x16 and 1 + 1 patches a step. Going on from the checkpoint at step 2 with patch 32x16x16 and 1 + 1 patches a step, some maps computed again instead of kept.',
  ]);
  assert.ok(events.every(({ type }) => type !== 'error'));
  assert.deepEqual(curve(given), [1, 2, 3, 4, 5]);
});

test('an engine whose memory ends in a step: one notice a size, and the run goes on with the one that fits', async () => {
  // simd starts with 16 MiB: 48x32x32 takes more, 32x32x32 with one patch of each kind less than the limit.
  const given = job('small-memory', { engine: 'simd', width: 2, patch: [48, 32, 32], validateEvery: 100 });
  const { events, last } = await playWith('./small-memory.ts', { SMALL_MEMORY_MIB: '32' }, given);
  assert.equal(last.type, 'finished', JSON.stringify(last));
  const [first, ...others] = starts(events);
  assert.deepEqual(first, [0, '48x32x32', 2]);
  assert.ok(others.length > 0);
  assert.equal(notices(events).length, others.length);
  assert.match(notices(events)[0], /^Memory was too small for a step with patch 48x32x32 .* Starting again with /);
  assert.ok(events.every(({ type }) => type !== 'error'));
  assert.deepEqual(curve(given), [1, 2, 3, 4]);
});

test('a run whose steps are too large for the machine is planned ahead: what is computed again is told, and the weights are the same', async () => {
  const options = { engine: 'simd', patch: [32, 32, 16], steps: 2, checkpointEvery: 2, validateEvery: 100 } as const;
  const whole = job('large-machine', options);
  await play(whole);
  const weights = readFileSync(checkpointPath(whole.runFolder));
  const load = loadOf({ ...resolveOptions({ steps: 2000 }), ...whole.options });
  for (const [form, says] of [
    ['maps', 'some maps'],
    ['passes', 'whole passes'],
  ] as const) {
    const given = job(`small-machine-${form}`, options);
    const room = 2 * stepBytes([32, 32, 16], load, form) + 1e6;
    const { events, last } = await playWith('./little-room.ts', { LITTLE_ROOM_MB: String(room / 1e6) }, given);
    assert.equal(last.type, 'finished', JSON.stringify(last));
    const [{ recompute, patch }] = events.filter((event) => event.type === 'started');
    assert.deepEqual([recompute, patch], [form, [32, 32, 16]]);
    const said = events.flatMap((event) => (event.type === 'notice' ? event.message : []));
    assert.ok(
      said.includes(
        `Memory is small for steps with patch 32x32x16: ${says} computed again instead of kept, which takes longer and gives the same weights.`,
      ),
      said.join('\n'),
    );
    assert.ok(readFileSync(checkpointPath(given.runFolder)).equals(weights));
  }
});

/** A process that seems to lose its device as it reports a step. */
function failingAt(step: number, host: TrainerHost, before = () => {}): TrainerHost {
  let failed = false;
  return {
    ...host,
    onEvent: (listener) =>
      host.onEvent((event) => {
        if (failed) return;
        if (event.type !== 'step' || event.step < step) return listener(event);
        failed = true;
        before();
        listener({ type: 'error', code: 'engine/device-lost', message: 'The device must stay.', cure: '' });
        process.kill(host.pid as number, 'SIGKILL');
      }),
  };
}

test('a device that is lost in a step costs time or patch size, not the run: it goes on from its checkpoint, and so when resumed', async () => {
  const training = job('device-lost', { patch: [48, 16, 16], steps: 12 });
  const hosts: TrainerHost[] = [];
  const events: TrainerEvent[] = [];
  const trainer = startTrainer(
    training,
    (event) => {
      events.push(event);
      if (event.type === 'step' && hosts.length > 1) setImmediate(() => trainer.cancel());
    },
    () => {
      const host = nodeHost();
      hosts.push(host);
      return hosts.length > 1 ? host : failingAt(3, host);
    },
  );
  const last = await trainer.done;
  assert.equal(last.type, 'cancelled', JSON.stringify(last));
  assert.equal(hosts.length, 2);
  const told = events.filter((e) => e.type === 'started').map(({ step, patch }) => [step, ...patch]);
  assert.deepEqual(told, [
    [0, 48, 16, 16],
    [2, 48, 16, 16],
  ]);
  assert.ok(events.every((e) => e.type !== 'error'));
  assert.deepEqual(
    events
      .filter((e) => e.type === 'notice' && e.message.includes('device'))
      .map((e) => e.type === 'notice' && e.message),
    [
      'The graphics device was lost in a step with patch 48x16x16 and 2 + 2 patches a step. Going on from the checkpoint at step 2 with patch 48x16x16 and 2 + 2 patches a step, some maps computed again instead of kept.',
    ],
  );
  const resumed = await play({ ...training, resume: true });
  const [started] = resumed.events.filter((e) => e.type === 'started');
  assert.deepEqual(started.patch, [48, 16, 16]);
  assert.equal(resumed.last.type, 'finished', JSON.stringify(resumed.last));
});

test('a run that was paused as its step failed stays paused with the step that takes less, until it is told to go on', async () => {
  const given = job('paused-and-lost', { patch: [48, 16, 16], steps: 4 });
  const events: TrainerEvent[] = [];
  let parked = 0;
  let processes = 0;
  const trainer = startTrainer(
    given,
    (event) => {
      events.push(event);
      if (event.type !== 'paused') return;
      parked = steps(events).length;
      setTimeout(() => trainer.resume(), 1000);
    },
    () => {
      const host = nodeHost();
      return ++processes > 1 ? host : failingAt(3, host, () => trainer.pause());
    },
  );
  const last = await trainer.done;
  assert.equal(last.type, 'finished', JSON.stringify(last));
  const kinds = events.map(({ type }) => type);
  assert.equal(kinds.filter((type) => type === 'paused').length, 1);
  const [again] = starts(events).slice(1);
  assert.deepEqual(again, [2, '48x16x16', 2]);
  assert.ok(kinds.indexOf('paused') > kinds.lastIndexOf('started'), 'paused after the second start');
  assert.equal(steps(events.slice(0, kinds.indexOf('resumed'))).length, parked, 'no step while paused');
});

test('a run that goes on again before its step fails is not paused by the next process', async () => {
  const sent: TrainerCommand['type'][][] = [];
  const heard: { event?: (event: TrainerEvent) => void; exit?: (reason: string) => void }[] = [];
  const trainer = startTrainer(
    job('scripted'),
    () => {},
    () => {
      const [commands, listeners]: [TrainerCommand['type'][], (typeof heard)[number]] = [[], {}];
      sent.push(commands);
      heard.push(listeners);
      return {
        send: ({ type }) => void commands.push(type),
        onEvent(listener) {
          listeners.event = listener;
        },
        onExit(listener) {
          listeners.exit = listener;
        },
      };
    },
  );
  trainer.pause();
  trainer.resume();
  heard[0].event?.({
    ...{ type: 'started', device: '', engine: 'simd', parameters: 1, labelled: 1, unlabelled: 1, step: 0, steps: 9 },
    ...{ patch: [48, 16, 16], labelledPerStep: 1, unlabelledPerStep: 1 },
  });
  heard[0].event?.({ type: 'error', code: 'engine/out-of-memory', message: '', cure: '' });
  heard[0].exit?.('');
  await new Promise(setImmediate);
  assert.deepEqual(sent, [['start', 'pause', 'resume', 'end'], ['start']]);
});
