/** Learning while somebody reviews, through the window's calls, with a trainer that is played. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { createApi } from '../../src/api/index.ts';
import { createApp } from '../../src/app.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import type { Scan } from '../../src/project/store/index.ts';
import { startServer } from '../../src/server/server.ts';
import type { CallInput, CallName, CallResult, LearningInfo, Reply } from '../../src/shared/contract/index.ts';
import type { PredictJob, TrainerEvent, TrainerJob, TrainJob } from '../../src/shared/training.ts';
import { maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { finishedRun } from './model-runs.ts';
import { keepPrediction } from './predicted.ts';

const box = (scan: Scan, far: number) => maskOf(1, [1, 1, 1], [far, 3, 3], scan);

/** Played trainings and predictions: each goes on when it is told to. */
class Trainers {
  readonly jobs: TrainerJob[] = [];
  readonly said: string[] = [];
  /** What the next training ends with. */
  end: 'finished' | 'error' = 'finished';
  private gate: Promise<void> = Promise.resolve();
  private open = () => {};
  private checkpoint: string;
  private scans: readonly Scan[];

  constructor(checkpoint: string, scans: readonly Scan[]) {
    this.checkpoint = checkpoint;
    this.scans = scans;
  }

  /** Jobs wait from now on. */
  hold(): void {
    this.gate = new Promise((resolve) => {
      this.open = resolve;
    });
  }
  release(): void {
    this.open();
    this.gate = Promise.resolve();
  }

  readonly start = (job: TrainerJob, onEvent: (event: TrainerEvent) => void) => {
    this.jobs.push(job);
    let cancelled = false;
    let cancel = () => {};
    const stop = new Promise<void>((resolve) => {
      cancel = () => {
        cancelled = true;
        resolve();
      };
    });
    const wait = () => Promise.race([this.gate, stop]);
    const done = (async (): Promise<TrainerEvent> => {
      const last = await (job.kind === 'train'
        ? this.train(job, onEvent, wait, () => cancelled)
        : this.predict(job as PredictJob, onEvent, wait, () => cancelled));
      onEvent(last);
      return last;
    })();
    const say = (what: string) => () => {
      this.said.push(what);
      if (job.kind === 'train') onEvent({ type: what === 'pause' ? 'paused' : 'resumed', step: 1 });
    };
    return { pause: say('pause'), resume: say('resume'), cancel, done };
  };

  private async train(
    { runFolder, options: { steps } }: TrainJob,
    onEvent: (event: TrainerEvent) => void,
    wait: () => Promise<void>,
    cancelled: () => boolean,
  ): Promise<TrainerEvent> {
    await wait();
    const path = join(runFolder, 'checkpoint.safetensors');
    copyFileSync(this.checkpoint, path);
    onEvent({ type: 'checkpoint', step: 1, path });
    if (cancelled()) return { type: 'cancelled', step: 1 };
    if (this.end === 'error')
      return { type: 'error', code: 'trainer/died', message: 'The trainer must run, got an end.', cure: 'Again.' };
    return { type: 'finished', step: steps, seconds: 1 };
  }

  private async predict(
    { cases, outputFolder }: PredictJob,
    onEvent: (event: TrainerEvent) => void,
    wait: () => Promise<void>,
    cancelled: () => boolean,
  ): Promise<TrainerEvent> {
    mkdirSync(outputFolder, { recursive: true });
    for (const [n, { scan, name }] of cases.entries()) {
      await wait();
      if (cancelled()) return { type: 'cancelled', step: 0 };
      const grid = this.scans.find(({ id }) => id === scan)!;
      const [maskPath, entropyPath] = [join(outputFolder, `${scan}.nii.gz`), join(outputFolder, `${scan}.e.nii.gz`)];
      await writeNifti(maskPath, box(grid, 5));
      await writeNifti(entropyPath, box(grid, 5));
      const [meanEntropy, sliceEntropy] = [0.1, grid.size[2] ? [0.1] : []];
      const measured = { meanEntropy, sliceEntropy, ownDice: [90], volumesMl: [1], seconds: 1, maskPath, entropyPath };
      onEvent({ type: 'predicted', scan, name, done: n + 1, total: cases.length, ...measured });
    }
    return { type: 'finished', step: 0, seconds: 1 };
  }
}

/** Two labelled scans, a run, its predictions of four others, or fewer; the project open behind the window's calls. */
async function reviewing(t: TestContext, predicted = 4) {
  const store = await projectWith(t, temporaryFolder(t), 6, 2);
  const run = finishedRun(store, 'first');
  const scans = store.scans.list();
  for (const scan of scans.slice(2, 2 + predicted)) await keepPrediction(store, run, scan, box(scan, 3), [0.1, 0.2]);
  const trainers = new Trainers(store.path(store.checkpoints.latest(run.id)!.path), scans);
  store.close();
  const config = temporaryFolder(t);
  const shell = { about: () => assert.fail(), chooseFolder: async () => null, browsing: true, documents: config };
  const api = createApi(shell, createApp(trainers.start), config);
  t.after(() => api.close());
  const open = async () =>
    (await api.call('projects.open', { folder: api.registerFolder(store.folder).folder })).session;
  const session = await open();
  const call = async <N extends CallName>(name: N, input?: CallInput<N>): Promise<CallResult<N>> => {
    const answer = (await api.dispatch(name, input, session)) as Reply<CallResult<N>>;
    if (answer.ok) return answer.value;
    throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
  };
  /** Until what the project says of itself holds; asked whenever something is told. */
  const until = (holds: () => Promise<boolean>): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = async () => {
        try {
          if (!(await holds())) return;
          stop();
          resolve();
        } catch (error) {
          reject(error);
        }
      };
      const stop = api.subscribe(() => void look());
      void look();
    });
  const learning = (holds: (info: LearningInfo) => boolean) => until(async () => holds(await call('learning.get')));
  /** Which run the newest prediction of each of the four is from. */
  const from = async () => {
    const rows = new Map((await call('scans.list')).map((row) => [row.id, row.predictedBy]));
    return scans.slice(2).map(({ id }) => rows.get(id));
  };
  const states = async () => (await call('runs.list')).map(({ state }) => state).reverse();
  return { api, call, trainers, ids: scans.slice(2).map(({ id }) => id), until, learning, from, states, open };
}

const IDLE = ({ job, waits }: LearningInfo) => job === undefined && waits !== '';

test('off, nothing starts; on, an accepted mask starts a round that predicts again what nobody looked at', async (t) => {
  const { call, ids, trainers, learning, from } = await reviewing(t);
  const [accepted, seen, open, rest] = ids;
  await call('review.look', { scan: seen, window: 'w' });
  await call('review.look', { scan: accepted, window: 'w' });
  await call('review.decide', { scan: accepted, decision: 'accept' });
  assert.deepEqual([trainers.jobs.length, (await call('learning.get')).learning], [0, 'off']);
  trainers.hold();
  await call('review.look', { scan: open, window: 'w' });
  await call('learning.set', { learning: 'on' });
  await learning(({ job }) => job !== undefined);
  const before = (await call('scans.detail', { scan: open })).versions.length;
  trainers.release();
  await learning(IDLE);
  assert.deepEqual(await from(), ['first', 'first', 'first', 'run-2']);
  assert.equal((await call('scans.detail', { scan: open })).versions.length, before);
  const [train, predict] = trainers.jobs;
  assert.ok(train.kind === 'train' && predict.kind === 'predict');
  assert.equal(train.lists.labelled.length, 3);
  assert.deepEqual(
    predict.cases.map(({ scan }) => scan),
    [rest],
  );
  assert.match((await call('learning.get')).waits, /accept or correct/);
});

test('a page that was closed holds its case no longer; one whose connection breaks and comes back does', async (t) => {
  const { api, call, ids, trainers, learning, until, from } = await reviewing(t, 3);
  const server = await startServer(api, { pages: temporaryFolder(t), port: 0 });
  t.after(() => server.close());
  const connect = (): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      const protocols = ['decile-events', `decile-key.${server.token}`, 'decile-window.tab'];
      const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/events`, protocols, {
        origin: server.origin,
      });
      socket.once('open', () => resolve(socket));
      socket.once('error', reject);
    });
  const open = ids[3];
  const first = await connect();
  await call('review.look', { scan: open, window: 'tab' });
  // The page found the server again before the server saw the old connection end.
  const again = await connect();
  await new Promise((resolve) => first.once('close', resolve).close());
  await call('learning.set', { learning: 'on' });
  await call('review.decide', { scan: ids[0], decision: 'accept' });
  await learning(IDLE);
  assert.deepEqual(await from(), ['first', 'run-2', 'run-2', undefined], 'held while the page is there');
  again.close();
  await until(async () => (await from())[3] === 'run-2');
  await learning(IDLE);
  assert.equal(trainers.jobs.length, 3);
});

test('held while it trains and while it predicts, it goes on from there', async (t) => {
  const { call, ids, trainers, learning, until, from } = await reviewing(t);
  trainers.hold();
  await call('learning.set', { learning: 'on' });
  await call('review.decide', { scan: ids[0], decision: 'accept' });
  await learning(({ run }) => run !== undefined);
  const { run } = await call('learning.get');
  // As Train and the line of jobs do.
  await call('train.pause', { run: run! });
  assert.equal((await call('learning.get')).learning, 'paused');
  await call('train.resume', { run: run! });
  assert.deepEqual(trainers.said, ['pause', 'resume']);
  trainers.release();
  trainers.hold();
  await until(async () => trainers.jobs.at(-1)?.kind === 'predict');
  await call('learning.set', { learning: 'paused' });
  await until(async () =>
    (await call('jobs.list')).some(({ kind, status }) => kind === 'learn' && status === 'paused'),
  );
  trainers.release();
  await call('learning.set', { learning: 'on' });
  await learning(IDLE);
  assert.deepEqual(await from(), ['first', 'run-2', 'run-2', 'run-2']);
});

test('turned off it stops at a checkpoint, and turned on it goes on with the same run', async (t) => {
  const { call, ids, trainers, learning, until, states } = await reviewing(t);
  trainers.hold();
  await call('learning.set', { learning: 'on' });
  await call('review.decide', { scan: ids[0], decision: 'accept' });
  await learning(({ run }) => run !== undefined);
  await call('learning.set', { learning: 'off' });
  await until(async () => (await states())[1] === 'interrupted');
  await learning(({ job }) => job === undefined);
  await call('learning.set', { learning: 'on' });
  trainers.release();
  await learning(IDLE);
  assert.deepEqual(await states(), ['finished', 'finished']);
  const trained = trainers.jobs.flatMap((job) => (job.kind === 'train' ? [job.resume] : []));
  assert.deepEqual(trained, [false, true]);
});

test('a project that is left in the middle of a round is left at a checkpoint; opened again it goes on', async (t) => {
  const { call, ids, trainers, learning, states, open } = await reviewing(t);
  trainers.hold();
  await call('learning.set', { learning: 'on' });
  await call('review.decide', { scan: ids[0], decision: 'accept' });
  await learning(({ run }) => run !== undefined);
  // Nothing would be lost: nobody is asked.
  await call('projects.close');
  await open();
  assert.equal((await call('learning.get')).learning, 'on');
  trainers.release();
  await learning(IDLE);
  assert.deepEqual(await states(), ['finished', 'finished']);
});

test('one job at a time: a round waits for a training, and a training is refused while a round goes on', async (t) => {
  const { call, ids, trainers, learning } = await reviewing(t);
  trainers.hold();
  await call('train.start', { options: { steps: 7, patch: [16, 16, 16], spacing: 'native', engine: 'cpu' } });
  await call('learning.set', { learning: 'on' });
  await call('review.decide', { scan: ids[0], decision: 'accept' });
  assert.match((await call('learning.get')).waits, /^Waits for the end of: Training run-2/);
  assert.equal(trainers.jobs.length, 1);
  trainers.release();
  trainers.hold();
  await learning(({ run }) => run !== undefined);
  await assert.rejects(call('train.start', { options: {} }), { code: 'train/busy' });
  trainers.release();
  await learning(IDLE);
});

test('a round that fails is told and not tried for ever', async (t) => {
  const { call, ids, trainers, learning, until } = await reviewing(t);
  trainers.end = 'error';
  await call('learning.set', { learning: 'on' });
  await call('review.decide', { scan: ids[0], decision: 'accept' });
  await until(async () =>
    (await call('jobs.list')).some(({ kind, status }) => kind === 'learn' && status === 'failed'),
  );
  await learning(({ learning: now }) => now === 'off');
  await call('review.decide', { scan: ids[1], decision: 'accept' });
  assert.equal(trainers.jobs.length, 1);
});

test('without a finished run it waits for a first training', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  store.close();
  const config = temporaryFolder(t);
  const shell = { about: () => assert.fail(), chooseFolder: async () => null, browsing: true, documents: config };
  const api = createApi(
    shell,
    createApp(() => assert.fail()),
    config,
  );
  t.after(() => api.close());
  await api.call('projects.open', { folder: api.registerFolder(store.folder).folder });
  assert.match((await api.call('learning.set', { learning: 'on' })).waits, /first training/);
});
