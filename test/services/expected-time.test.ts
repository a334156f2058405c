import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { keepAdapter, knownAdapter } from '../../src/engine/choose/known-adapter.ts';
import { availableEngines, fastestEngine, keepStepTime } from '../../src/engine/choose/step-times.ts';
import { expectedTime, likelyFit, settleEngine } from '../../src/project/services/train/expected-time.ts';
import { measureSteps } from '../../src/project/services/train/measured-steps.ts';
import type { TrainerJob } from '../../src/shared/training.ts';
import { projectWith, temporaryFolder } from './helpers.ts';
import { machine, probes } from './machine.ts';

const kinds = (jobs: TrainerJob[]) => jobs.map((job) => (job.kind === 'probe' ? job.options.engine : job.kind));
const GPU = { name: 'Some GPU', software: false };

test('with several engines and nothing measured, each does a step, and auto takes the faster one from then on', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ steps: 100, spacing: 'native', unlabelledFrom: 0 });
  const { jobs, start } = probes({ tensorflow: 2, simd: 0.5 });
  const said: string[] = [];
  const expected = await settleEngine(store, start, options, 2, (text) => said.push(text));
  assert.deepEqual([expected.seconds, expected.on], [0.5 * 100, 'device of simd']);
  assert.equal(fastestEngine(), 'simd');
  assert.deepEqual(kinds(jobs), ['adapter', 'tensorflow', 'simd']);
  assert.match(said.join('\n'), /simd: 0\.50 s a step \(device of simd\)\.\ntensorflow: 2\.00 s a step/);
  await settleEngine(store, start, options, 2);
  assert.equal(jobs.length, 3, 'measured once for this machine');
  const chosen = expectedTime(store, { ...options, engine: 'tensorflow' });
  assert.equal(chosen.seconds, 2 * 100);
  assert.match(chosen.faster[0], /simd takes 0\.50 s a step here, tensorflow 2\.00 s/);
});

test('a time that was measured while other programs were busy says so', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ steps: 2000, spacing: 'native' });
  const time = { engine: 'simd', device: 'd', seconds: 30, bytes: 1, measuredAt: Date.now(), busy: true } as const;
  keepStepTime(options, likelyFit(store, options).patch, time);
  assert.match(
    expectedTime(store, options).basis,
    /^30\.00 s a step, .* kept this computer busy; faster when they rest\.$/,
  );
});

test('an engine that cannot compute is left out; none that computes is an error', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ steps: 2000, spacing: 'native' });
  const times = await measureSteps(probes({ simd: 1 }).start, options, likelyFit(store, options), 2);
  assert.deepEqual(
    times.map((time) => time.engine),
    ['simd'],
  );
  const nothing = measureSteps(probes({}).start, { ...options, width: 16 }, likelyFit(store, options), 2);
  await assert.rejects(nothing, { code: 'engine/broken' });
});

test('a real GPU is measured as the others, also where those were compared before, and auto takes it where it is fastest', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ steps: 100, spacing: 'native', unlabelledFrom: 0 });
  await settleEngine(store, probes({ tensorflow: 2, simd: 0.5 }).start, options, 2);
  assert.deepEqual(availableEngines(), ['tensorflow', 'simd']);
  keepAdapter(null, Date.now() - 25 * 3600 * 1000); // a driver is installed on the next day
  const said: string[] = [];
  const { jobs, start } = probes({ webgpu: 0.1 }, GPU);
  const expected = await settleEngine(store, start, options, 2, (text) => said.push(text));
  assert.deepEqual(kinds(jobs), ['adapter', 'webgpu']);
  assert.deepEqual([expected.seconds, expected.on, fastestEngine()], [0.1 * 100, 'device of webgpu', 'webgpu']);
  assert.match(said[0], /on tensorflow, webgpu, simd/);
  await settleEngine(store, start, options, 2);
  assert.equal(jobs.length, 2, 'found and measured once for this machine');
});

test('an emulated GPU is measured only when it is asked for by name', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ steps: 100, spacing: 'native', unlabelledFrom: 0 });
  const { jobs, start } = probes({ tensorflow: 2, simd: 0.5, webgpu: 90 }, { name: 'SwiftShader', software: true });
  await settleEngine(store, start, options, 2);
  assert.deepEqual(kinds(jobs), ['adapter', 'tensorflow', 'simd']);
  const named = await measureSteps(start, { ...options, engine: 'webgpu' }, likelyFit(store, options), 2);
  assert.deepEqual(
    named.map(({ engine }) => engine),
    ['webgpu'],
  );
  assert.equal(fastestEngine(), 'simd');
});

test('a GPU that cannot do the steps is left out, and not asked again at every training', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ steps: 100, spacing: 'native', unlabelledFrom: 0 });
  const { jobs, start } = probes({ tensorflow: 2, simd: 0.5 }, GPU);
  await settleEngine(store, start, options, 2);
  assert.deepEqual(kinds(jobs), ['adapter', 'tensorflow', 'webgpu', 'simd']);
  assert.equal(fastestEngine(), 'simd');
  assert.equal(knownAdapter(), null);
  await settleEngine(store, start, options, 2);
  assert.equal(jobs.length, 4);
});

test('what would be faster is told with the time: TensorFlow where there is none', async (t) => {
  const cache = machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ steps: 2000, spacing: 'native' });
  assert.ok(!expectedTime(store, options).faster.some((line) => line.includes('installs TensorFlow')));
  rmSync(join(cache, 'tensorflow'), { recursive: true });
  const { faster, seconds } = expectedTime(store, options);
  assert.equal(seconds, null);
  assert.match(faster[0], /setup:tensorflow` installs TensorFlow/);
});

test('an earlier run tells the time where a step costs the same, and not where its batch was another', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ spacing: 'native', steps: 10, unlabelledFrom: 0.4, engine: 'simd' });
  const run = store.runs.create({ options: { ...options, labelledPerStep: 2 }, classes: ['kidney'], cases: [] });
  store.runs.update(run.id, { step: 3 });
  for (let step = 1; step <= 3; step++) store.metrics.record(run.id, step, { secondsPerStep: 2 });
  assert.equal(expectedTime(store, options).seconds, null);
  const alike = expectedTime(store, { ...options, labelledPerStep: 2 });
  // Three steps of three labelled patches alone, 9 passes; one with four mixed patches and the teacher's has 13 and takes 2.89 s.
  assert.ok(Math.abs((alike.seconds ?? 0) - (4 * 2 + (6 * 2 * 13) / 9)) < 1e-9);
  assert.match(alike.basis, new RegExp(`2.89 s a step, measured in ${run.name}`));
});

test('a run on an engine that auto does not take, or that nobody compared, tells no time: engines are measured', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const options = resolveOptions({ steps: 100, spacing: 'native', unlabelledFrom: 0 });
  const run = store.runs.create({ options, classes: store.labels.classes(), cases: [] });
  store.runs.update(run.id, { step: 3, engine: 'tensorflow', device: 'device of tensorflow' });
  for (let step = 1; step <= 3; step++) store.metrics.record(run.id, step, { secondsPerStep: 2 });
  assert.equal(expectedTime(store, options).seconds, null, 'then the window measures a step');
  const { start } = probes({ tensorflow: 2, simd: 0.5 });
  const expected = await settleEngine(store, start, options, 2);
  assert.deepEqual([expected.seconds, expected.on], [0.5 * 100, 'device of simd']);
  assert.match(expectedTime(store, { ...options, engine: 'tensorflow' }).basis, /short probe/);
});
