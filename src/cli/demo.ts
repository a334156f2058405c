/** `decile demo`: the whole journey on phantoms, with the services that every other command uses. */

import { readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { newProject, type Project } from '../app.ts';
import { duration } from '../core/duration.ts';
import type { PhantomKind } from '../core/phantom/index.ts';
import { makeFolder, writeFileAtomic } from '../disk/index.ts';
import { encodePng } from '../imaging/png.ts';
import { montage } from '../project/report/montage.ts';
import { writeReport } from '../project/report/report.ts';
import type { Run } from '../project/store/index.ts';
import { DecileError } from '../shared/errors.ts';
import { predictionProgress } from '../shared/prediction-progress.ts';
import { type CohortPart, writeCohort } from './demo/cohort.ts';
import { type DemoRun, demoPage } from './demo/page.ts';
import { type ProbeResult, probe } from './demo/probe.ts';
import {
  type DemoSetting,
  demoSetting,
  fittingSteps,
  KINDS,
  LABELLED_SCANS,
  TEST_SCANS,
  TRAINING_SCANS,
} from './demo/settings.ts';
import { engineName, ensureTensorflow } from './demo/setup.ts';
import { METHOD_NAMES, scoreTable, WHAT_IT_MEANS, whatWasDone, whatWasFound } from './demo/words.ts';
import { onInterrupt } from './interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result } from './output.ts';
import { userFolder } from './place.ts';

export interface DemoOptions {
  /** Folder of project and report; `decile-demo` where the user stands without it. */
  out?: string;
  /** May TensorFlow be set up when it is missing. */
  setup: boolean;
  seed: number;
  kind?: PhantomKind;
  json: boolean;
  quiet?: boolean;
}

interface Fit {
  setting: DemoSetting;
  steps: number;
  probed: ProbeResult;
}

const METHODS = ['supervised', 'cpcl'] as const;
/** What a demo leaves in its folder; a second demo there replaces these and nothing else. */
const MARKER = 'demo.json';
const OWN = ['train', 'test', 'project', 'report.html', 'pictures.png', MARKER];

/** Runs the demo and prints what it did. Throws `demo/folder-in-use`, and Exit(130) after Ctrl-C. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const started = Date.now();
  const output: Output = { json: options.json, quiet: options.quiet ?? false };
  const kind = options.kind ?? 'ct-abdomen';
  const folder = options.out === undefined ? resolve(userFolder(), 'decile-demo') : resolve(options.out);
  const abort = new AbortController();
  const unwatch = onInterrupt(() => {
    notice(output, `\nStopping. What was made so far is in ${folder}; the next demo there starts anew.`);
    abort.abort();
  });
  let project: Project | null = null;
  try {
    await claimFolder(folder);
    await ensureTensorflow(options.setup, (line) => notice(output, line), abort.signal);
    const fit = await chooseSetting(kind, output, abort.signal);
    const cohorts = await makeCohorts(folder, kind, options.seed, fit.setting, output, abort.signal);
    const { preset, label, colour } = KINDS[kind];
    project = newProject(join(folder, 'project'), { name: `Demo ${kind}`, preset, labels: [{ name: label, colour }] });
    await importAll(project, cohorts.train.scans, cohorts.train.labelled, abort.signal);
    const runs: Run[] = [];
    for (const method of METHODS) runs.push(await train(project, method, fit, options.seed, output, abort.signal));
    // The test scans come in only now: no run can have learned from them, not even as unlabelled ones.
    await importAll(project, cohorts.test.scans, undefined, abort.signal);
    const scored = await predictAndEvaluate(project, runs, cohorts.test.masks, output, abort.signal);
    await finish({
      project,
      kind,
      folder,
      fit,
      scored,
      references: cohorts.test.masks,
      seconds: (Date.now() - started) / 1000,
      options,
      output,
    });
  } catch (error) {
    if (abort.signal.aborted) throw new Exit(EXIT.interrupted);
    throw error;
  } finally {
    await project?.close();
    unwatch();
  }
}

/** An empty or absent folder, or one that an earlier demo made. */
async function claimFolder(folder: string): Promise<void> {
  makeFolder(folder);
  const there = await readdir(folder);
  if (there.length > 0 && !there.includes(MARKER)) {
    throw new DecileError(
      'demo/folder-in-use',
      `The demo's folder must be empty or hold an earlier demo, got ${there.length} other files in ${folder}.`,
      'Name another folder with --out.',
    );
  }
  for (const name of OWN) await rm(join(folder, name), { recursive: true, force: true });
  writeFileAtomic(join(folder, MARKER), '{}\n');
}

/** The setting for the engine that computes, and the steps that fit, by measurement. */
async function chooseSetting(kind: PhantomKind, output: Output, signal: AbortSignal): Promise<Fit> {
  const engine = await engineName(signal);
  const setting = demoSetting(kind, engine);
  notice(output, `Measuring a training step (setting ${setting.name}, engine ${engine}) ...`);
  const probed = await probe(kind, setting, METHODS, engine === 'cpu' ? 2 : 6, signal);
  const steps = fittingSteps(setting, probed.seconds);
  const each = METHODS.map((method, n) => `${METHOD_NAMES[method]} ${probed.seconds[n].toFixed(2)} s`).join(', ');
  const seconds = steps * probed.seconds.reduce((a, b) => a + b);
  const slow = seconds > 1.5 * setting.trainingSeconds ? ': this machine is slow or busy' : '';
  notice(
    output,
    `${probed.device}: a step takes ${each}. ${steps} steps of both will take about ${duration(seconds)}${slow}.`,
  );
  return { setting, steps, probed };
}

async function makeCohorts(
  folder: string,
  kind: PhantomKind,
  seed: number,
  { size }: DemoSetting,
  output: Output,
  signal: AbortSignal,
): Promise<{ train: CohortPart; test: CohortPart }> {
  const progress = new Progress(output, 'Making phantoms');
  const total = TRAINING_SCANS + TEST_SCANS;
  const firstSeed = seed * 1000;
  const part = (name: 'train' | 'test', before: number, count: number, labelled: number) =>
    writeCohort(
      join(folder, name),
      kind,
      { firstSeed: firstSeed + before, count, labelled, size, prefix: name },
      (done) => progress.update(before + done, total),
      signal,
    );
  const train = await part('train', 0, TRAINING_SCANS, LABELLED_SCANS);
  const test = await part('test', TRAINING_SCANS, TEST_SCANS, 0);
  progress.end();
  return { train, test };
}

async function importAll(
  project: Project,
  scans: string,
  labels: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { failures } = await project.importScans(scans, { labels, signal });
  signal.throwIfAborted();
  if (failures.length > 0) throw new DecileError(failures[0].code, failures[0].message, failures[0].cure);
}

async function train(
  project: Project,
  method: (typeof METHODS)[number],
  { setting, steps }: Fit,
  seed: number,
  output: Output,
  signal: AbortSignal,
): Promise<Run> {
  const progress = new Progress(output, `Training ${METHOD_NAMES[method]}`);
  const options = {
    ...setting.options,
    method,
    steps,
    seed,
    spacing: 'native' as const,
    validateEvery: 1_000_000,
    checkpointEvery: steps,
  };
  const handle = project.train({ options, name: METHOD_NAMES[method] }, (event) => {
    if (event.type === 'step')
      progress.update(
        event.step,
        event.steps,
        `loss ${event.losses.total?.toFixed(3) ?? '-'}, ${duration(event.secondsLeft)} left`,
      );
  });
  return whileWatched(handle, signal, progress);
}

async function predictAndEvaluate(
  project: Project,
  runs: readonly Run[],
  references: string,
  output: Output,
  signal: AbortSignal,
): Promise<[DemoRun, DemoRun]> {
  const progress = new Progress(output, 'Predicting');
  for (const run of runs) {
    // CPCL's masks of the unlabelled training scans are what a clinician would review; supervised-only is here to compare.
    const tests = project.store.scans.list().filter((scan) => scan.name.startsWith('test_'));
    const handle = project.predict(
      { run: run.name, scans: run.options.method === 'cpcl' ? 'unlabelled' : tests.map((scan) => scan.id) },
      (event) => {
        const made = predictionProgress(event);
        if (made) progress.update(made.done, made.total, `${made.detail}, by ${run.name}`);
      },
    );
    await whileWatched(handle, signal, progress);
  }
  const [first, second] = runs;
  const supervised = await project.evaluate({ reference: references, run: first.name, signal });
  const cpcl = await project.evaluate({ reference: references, run: second.name, against: first.name, signal });
  return [
    { run: first, method: 'supervised', report: supervised },
    { run: second, method: 'cpcl', report: cpcl },
  ];
}

/** Waits for a job of the trainer; Ctrl-C cancels it. */
async function whileWatched<T>(
  handle: { cancel(): void; done: Promise<T> },
  signal: AbortSignal,
  progress: Progress,
): Promise<T> {
  const stop = () => handle.cancel();
  signal.addEventListener('abort', stop);
  try {
    if (signal.aborted) stop();
    const value = await handle.done;
    signal.throwIfAborted();
    return value;
  } finally {
    signal.removeEventListener('abort', stop);
    progress.end();
  }
}

interface Finished {
  project: Project;
  kind: PhantomKind;
  folder: string;
  fit: Fit;
  scored: [DemoRun, DemoRun];
  references: string;
  seconds: number;
  options: DemoOptions;
  output: Output;
}

async function finish({
  project,
  kind,
  folder,
  fit,
  scored,
  references,
  seconds,
  options,
  output,
}: Finished): Promise<void> {
  const { setting, steps, probed } = fit;
  const [supervised, cpcl] = scored;
  const done = whatWasDone(KINDS[kind], steps);
  const found = whatWasFound(cpcl.report, supervised.report);
  const { size, options: trained } = setting;
  const facts: [string, string][] = [
    ['Device', probed.device],
    [
      'Seconds a step',
      METHODS.map((method, n) => `${METHOD_NAMES[method]} ${probed.seconds[n].toFixed(2)}`).join(', '),
    ],
    [
      'Setting',
      `${setting.name}: phantoms of ${size.join(' x ')} voxels, patches of ${(trained.patch as readonly number[]).join(' x ')}, base width ${trained.width}`,
    ],
    ['Time in all', `${duration(seconds)} on ${availableParallelism()} cores`],
    ['Seed', String(options.seed)],
  ];
  const command = `decile demo --kind ${kind} --seed ${options.seed}`;
  const page = await demoPage({ kind, project, runs: scored, references, summary: [done, found], facts, command });
  const report = join(folder, 'report.html');
  writeReport(report, page);
  writeFileAtomic(
    join(folder, 'pictures.png'),
    encodePng(montage(page.pictures.map((row) => row.tiles.map((tile) => tile.picture)))),
  );
  const value = {
    ...{
      kind,
      seed: options.seed,
      engine: probed.engine,
      device: probed.device,
      setting: setting.name,
      steps,
      seconds,
      report,
      project: project.store.folder,
    },
    secondsPerStep: Object.fromEntries(METHODS.map((method, n) => [method, probed.seconds[n]])),
    supervised: supervised.report.overall,
    cpcl: cpcl.report.overall,
  };
  writeFileAtomic(join(folder, MARKER), `${JSON.stringify(value, null, 2)}\n`);
  result(output, value, () =>
    [
      done,
      '',
      scoreTable(scored.map(({ method, report: scores }) => ({ name: METHOD_NAMES[method], report: scores }))),
      '',
      found,
      WHAT_IT_MEANS,
      '',
      `Report:  ${report}`,
      `Project: ${project.store.folder} (try \`decile status ${project.store.folder}\`)`,
    ].join('\n'),
  );
}
