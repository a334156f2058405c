import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { build, MAIN } from '../../scripts/build.ts';
import type { Batch } from '../../src/core/methods/method.ts';
import type { SettledOptions, TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { type BatchOptions, type Drawing, disposeBatch, TwoStreamSampler } from '../../src/core/train/batch.ts';
import { decodeCheckpoint } from '../../src/core/train/checkpoint.ts';
import { train } from '../../src/core/train/loop.ts';
import type { PatchMaker } from '../../src/core/train/made-patch.ts';
import { PatchThreads, threadsBeside } from '../../src/trainer/worker/patch-threads.ts';
import { engine, kernels, SETTLED } from './short-run.ts';
import { storedCohort } from './stored-cohort.ts';

type Cohort = Awaited<ReturnType<typeof storedCohort>>;

function started(t: TestContext, lost: string[] = []): PatchMaker {
  const threads = new PatchThreads((reason) => lost.push(reason));
  t.after(() => threads.close());
  return threads.start(2) as PatchMaker;
}

const OPTIONS: BatchOptions = {
  ...{ patch: [32, 16, 16], classes: 2, labelledPerStep: 2, unlabelledPerStep: 2, seed: 3 },
  ...{ augmentation: 'warp', intensity: 'off', foregroundShare: 0.4 },
};

const sampler = ({ labelled, unlabelled }: Cohort, maker?: PatchMaker, given: Partial<BatchOptions> = {}) =>
  new TwoStreamSampler(labelled, unlabelled, { ...OPTIONS, ...given }, maker);

function voxels(batch: Batch) {
  const { labelled, unlabelled } = batch;
  const found = {
    images: [...labelled.images, ...unlabelled.images].map((t) => [...t.dataSync()]),
    masks: labelled.oneHot.map((t) => [...t.dataSync()]),
    voxels: labelled.voxels,
  };
  disposeBatch(batch);
  return found;
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

const STEPS: Drawing[] = [
  { atHalf: true, labelledOnly: true },
  { labelledOnly: true },
  { labelledOnly: true },
  {},
  {},
  { atHalf: true },
  {},
  {},
];

for (const [name, several, given] of [
  ['warped patches', false, {}],
  ['smooth deformations', false, { augmentation: 'elastic' }],
  ['quarter turns', false, { augmentation: 'turns' }],
  ['varied intensities of two channels, some left out', true, { intensity: 'on', channelDropout: 0.3 }],
] as [string, boolean, Partial<BatchOptions>][])
  test(`threads make the very patches of the step, and the state is that before what is drawn ahead: ${name}`, async (t) => {
    const cohort = await storedCohort(t, several);
    const [alone, threaded] = [sampler(cohort, undefined, given), sampler(cohort, started(t), given)];
    const seen = new Uint8Array(32 * 16 * 16).fill(1);
    for (const [n, drawing] of STEPS.entries()) {
      const [here, there] = [await alone.next(drawing), await threaded.next(drawing)];
      // One step in three asks otherwise than was foretold; what is remembered takes back what was drawn by less.
      threaded.ahead(n % 3 === 2 ? [{ atHalf: true }, {}] : STEPS.slice(n + 1, n + 3));
      assert.deepEqual(voxels(there), voxels(here), `step ${n}`);
      assert.deepEqual(plain(threaded.state), plain(alone.state), `state after step ${n}`);
      if (n === 4) for (const one of [alone, threaded]) one.remember([seen, seen]);
      assert.deepEqual(plain(threaded.state), plain(alone.state));
    }
    threaded.ahead([{}, {}]);
    const again = sampler(cohort, undefined, given);
    again.state = plain(threaded.state);
    for (let n = 0; n < 3; n++) assert.deepEqual(voxels(await again.next()), voxels(await threaded.next()));
  });

test('scans that are in no file of their own are made in the step', async (t) => {
  const cohort = await storedCohort(t);
  const inMemory = { ...cohort, labelled: cohort.labelled.map(({ stored: _, ...source }) => source as never) };
  const [alone, threaded] = [sampler(cohort), sampler(inMemory, started(t))];
  for (let n = 0; n < 3; n++) {
    threaded.ahead([{}]);
    assert.deepEqual(voxels(await threaded.next()), voxels(await alone.next()));
  }
});

/** Trains a few steps; gives the losses and the last checkpoint. */
async function trained(
  { labelled, unlabelled }: Cohort,
  given: Partial<TrainingOptions>,
  maker?: PatchMaker,
  checkpoint?: Uint8Array,
  stopBefore = Number.POSITIVE_INFINITY,
) {
  const options: SettledOptions = {
    ...resolveOptions({ network: 'unet', width: 2, steps: 9, checkpointEvery: 100, validateEvery: 100, ...given }),
    ...SETTLED,
  };
  const losses: Record<string, number>[] = [];
  let saved: Uint8Array | undefined;
  await train({
    ...{ options, classes: ['background', 'ball'], labelled, unlabelled, kernels, maker },
    resumeFrom: checkpoint && decodeCheckpoint(checkpoint),
    hooks: {
      mayContinue: async ({ step }) => (step >= stopBefore ? 'cancel' : 'go'),
      onStep: (report) => void losses.push(report.losses),
      onCheckpoint: async (bytes) => {
        saved = bytes;
      },
    },
  });
  return { losses, saved: saved as Uint8Array };
}

// Nine steps: at half the resolution, with labelled scans alone, and one that is remembered.
const PARTS = { unlabelledFrom: 0.3, coarseShare: 0.2, foregroundShare: 0.5 };
for (const given of [
  { method: 'bcp', ...PARTS },
  { method: 'cpcl', ...PARTS },
  { method: 'mean-teacher', ensemble: 2 },
] as Partial<TrainingOptions>[])
  test(`${given.method} has the very weights with threads and without, resumed in the middle too (${engine})`, async (t) => {
    const cohort = await storedCohort(t);
    const maker = started(t);
    const whole = await trained(cohort, given);
    const threaded = await trained(cohort, given, maker);
    assert.deepEqual(threaded.losses, whole.losses);
    assert.ok(Buffer.from(threaded.saved).equals(Buffer.from(whole.saved)), 'the last checkpoints must be equal');
    const first = await trained(cohort, given, maker, undefined, 4);
    const second = await trained(cohort, given, maker, first.saved);
    assert.deepEqual([...first.losses, ...second.losses], whole.losses);
    assert.ok(Buffer.from(second.saved).equals(Buffer.from(whole.saved)), 'and after a resumed run');
  });

test('a prepared scan that is damaged meanwhile ends the step with its code, message and cure', async (t) => {
  const cohort = await storedCohort(t);
  const threaded = sampler(cohort, started(t), { labelledPerStep: 4 });
  voxels(await threaded.next());
  for (const { stored } of cohort.labelled) truncateSync(`${stored.base}.f32`, 8);
  threaded.ahead([{}]);
  await assert.rejects(threaded.next(), {
    name: 'DecileError',
    code: 'cache/damaged',
    message: /^A prepared scan must be as it was written, got fewer voxels in .*\.f32\.$/,
    cure: /^Start again/,
  });
  for (const { stored } of cohort.labelled) truncateSync(`${stored.base}.places`, 0);
  const placed = sampler(cohort, started(t), { foregroundShare: 1 });
  placed.ahead([{}]);
  await assert.rejects(placed.next(), { code: 'cache/damaged', message: /\.places\.$/ });
});

test('a thread that cannot run is told of, and its patches are made here', async (t) => {
  const cohort = await storedCohort(t);
  const lost: string[] = [];
  const threads = new PatchThreads((reason) => lost.push(reason));
  t.after(() => threads.close());
  const maker = threads.start(2, join(import.meta.dirname, 'no-such-thread.ts'));
  const [alone, threaded] = [sampler(cohort), sampler(cohort, maker)];
  for (let n = 0; n < 3; n++) {
    threaded.ahead([{}]);
    assert.deepEqual(voxels(await threaded.next()), voxels(await alone.next()));
  }
  assert.equal(lost.length, 2);
  assert.match(lost[0], /no-such-thread/);
});

test('closed threads are gone, with patches still asked for, and leave no file open', async (t) => {
  const cohort = await storedCohort(t);
  const workers = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const threads = new PatchThreads();
  const threaded = sampler(cohort, threads.start(3));
  voxels(await threaded.next());
  threaded.ahead([{}, {}]);
  assert.ok(workers() >= 3);
  await threads.close();
  assert.equal(workers(), 0);
  assert.deepEqual(openFiles(dirname(cohort.labelled[0].stored.base)), []);
  voxels(await sampler(cohort, threads).next()); // made in the step
});

/** Of this process in a folder; none where the system does not tell. */
function openFiles(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return []; // the one that listed them
    }
  });
}

test('threads are as many as cores are free beside a graphics card, and none beside an engine of the processor', () => {
  const card = { gpu: true } as const;
  assert.deepEqual(
    [1, 2, 3, 4, 8, 16, 64].map((cores) => threadsBeside(card, cores)),
    [0, 0, 1, 2, 6, 8, 8],
  );
  assert.equal(threadsBeside({}, 64), 0);
  assert.equal(new PatchThreads().start(0), undefined);
});

test('the built program has the thread beside its trainer', async (t) => {
  build();
  const cohort = await storedCohort(t);
  const threads = new PatchThreads(assert.fail);
  t.after(() => threads.close());
  const maker = threads.start(1, join(MAIN, '..', 'patch-thread.js'));
  assert.deepEqual(voxels(await sampler(cohort, maker).next()), voxels(await sampler(cohort).next()));
});
