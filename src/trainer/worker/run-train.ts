/** A training job in the trainer's process: prepares cases, runs the loop, writes the run folder. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flatChannels, type ModelChannel, missingChannels, oneChannel } from '../../core/model-channels.ts';
import { makesPseudoMasks, type SettledOptions, usesUnlabelled } from '../../core/options.ts';
import { validate } from '../../core/predict/validate.ts';
import { type CheckpointMeta, decodeCheckpoint } from '../../core/train/checkpoint.ts';
import { type Fit, fitOf, recomputationOf } from '../../core/train/fit-patch.ts';
import { foldCount } from '../../core/train/folds.ts';
import { train } from '../../core/train/loop.ts';
import { disposeAll } from '../../core/train/optimiser.ts';
import { rareLabels } from '../../core/train/rare-labels.ts';
import { finishedOf } from '../../core/train/state.ts';
import { loadOf, patchesTogether } from '../../core/train/step-bytes.ts';
import { doingError, FILE_MODE, makeFolder, writeFileAtomic } from '../../disk/index.ts';
import { startEngine } from '../../engine/choose/index.ts';
import { kernelsOf } from '../../engine/choose/kernels-of.ts';
import { roomOf } from '../../engine/choose/room.ts';
import { DecileError } from '../../shared/errors.ts';
import { type LeftOut, leftOut } from '../../shared/left-out.ts';
import { recomputationText } from '../../shared/recomputation.ts';
import type { CurveLine, TrainingCase, TrainJob } from '../../shared/training.ts';
import { calibrate, shownPieces } from './calibrate.ts';
import { channelFiles } from './case-channels.ts';
import { withRegions } from './coarse-model.ts';
import type { Control, Report, TrainerFiles } from './dependencies.ts';
import { evolutionRecorder } from './evolution.ts';
import { checkpointPath } from './files.ts';
import { withLabelRanges } from './label-range.ts';
import { parkWhilePaused } from './park.ts';
import { pastingText } from './pasting-text.ts';
import { PatchThreads, threadsBeside } from './patch-threads.ts';
import { type PreparedCase, prepareCase } from './prepared-case.ts';
import { rareText } from './rare-text.ts';
import { keepNormalisation } from './run-predict.ts';
import { CheckpointClock, StepClock } from './step-clock.ts';

export async function runTrain(job: TrainJob, report: Report, control: Control, files: TrainerFiles): Promise<void> {
  const threads = new PatchThreads((reason) => report({ type: 'notice', message: lostThread(reason) }));
  try {
    await runWith(threads, job, report, control, files);
  } finally {
    await threads.close();
  }
}

const lostThread = (reason: string): string =>
  `A thread that makes patches ended (${reason}): steps may take longer, and the weights stay the same.`;

async function runWith(
  threads: PatchThreads,
  job: TrainJob,
  report: Report,
  control: Control,
  files: TrainerFiles,
): Promise<void> {
  const began = performance.now();
  const { classes, runFolder } = job;
  makeFolder(runFolder);
  // At once, for a run that is killed while its labels are read; then with the window that they ask for.
  keepNormalisation(runFolder, job.normalisation);
  const resumeFrom = job.resume ? decodeCheckpoint(readFileSync(checkpointPath(runFolder))) : undefined;
  const done = resumeFrom?.meta.step ?? 0;
  // A run that goes on sees what it began with, whatever the project's channels and range are now.
  const startFrom = job.startFrom && !resumeFrom ? decodeCheckpoint(readFileSync(job.startFrom)) : undefined;
  const channels = resumeFrom?.meta.channels ?? (await channelsOf(job, startFrom?.meta, report, control, files));
  keepNormalisation(runFolder, channels[0].normalisation);
  const engine = await startEngine(job.options.engine);
  if (engine.notice) report({ type: 'notice', message: engine.notice });
  const kernels = kernelsOf(engine);

  const lists = await prepareLists(job, channels, report, control, files);
  if (control.cancelled) return report({ type: 'cancelled', step: done });
  if (lists.labelled.length === 0) {
    const [first] = lists.without;
    throw new DecileError(
      'train/no-labels',
      `Training must have at least one labelled scan, got none${first ? ` that can be read (${first.name}: ${first.message})` : ''}.`,
      first?.cure ?? 'Label a scan first, or import masks with --labels.',
    );
  }
  warnOfMissingClasses(lists.labelled, classes, report);

  const room = roomOf(engine);
  const cases = [...lists.labelled, ...lists.unlabelled];
  const { patch, plan, recompute, ...batch } = fitOfRun(job, resumeFrom?.meta, cases, room);
  const options: SettledOptions = { ...job.options, ...batch, patch, ...(plan && { plan }) };
  if (batch.labelledPerStep < job.options.labelledPerStep && !resumeFrom && !job.fit)
    report({ type: 'notice', message: 'Memory is small: one patch of each kind a step.' });
  if (recompute && !job.fit)
    report({
      type: 'notice',
      message: `Memory is small for steps with patch ${patch.join('x')}: ${recomputationText(recompute)}, which takes longer and gives the same weights.`,
    });
  const coarse = options.region === 'auto' && {
    ...{ cache: cacheOf(runFolder), options, channels, kernels, report, control, files, step: done },
    scanOf: ({ scan }: PreparedCase) => scanOf(job, scan),
  };
  const bounded = coarse ? await withRegions(lists, { ...coarse, runFolder }) : lists;
  if (!bounded) return report({ type: 'cancelled', step: done });
  const { labelled, unlabelled, validation } = bounded;
  const evolution = evolutionRecorder({
    runFolder,
    patch,
    classes,
    labelled: labelled[0],
    unlabelled: unlabelled[0],
    kernels,
    options,
    encodePng: files.encodePng,
  });
  const curve = join(runFolder, 'curve.jsonl');
  const clock = new StepClock(options);
  const due = new CheckpointClock();
  truncateCurve(curve, done);

  const together = patchesTogether(patch, loadOf(options), room, recompute);
  const maker = threads.start(threadsBeside(engine));
  const rare = rareLabels(lists.labelled, patch, classes.length);
  const inputs = { options, classes, channels, rare, kernels, recompute, together, unlabelled, maker };
  const { outcome, step } = await train({
    ...inputs,
    labelled,
    ...(makesPseudoMasks(options.method) && { pieces: shownPieces(labelled, classes.length) }),
    resumeFrom,
    startFrom,
    hooks: {
      onStart({ step, parameters, foregroundShare, pasting }) {
        report({
          type: 'started',
          device: engine.device,
          engine: engine.name,
          parameters,
          patch,
          ...(plan && { plan }),
          ...(recompute && { recompute }),
          ...batch,
          labelled: labelled.length,
          unlabelled: unlabelled.length,
          step,
          steps: options.steps,
        });
        const names = rare.map((label) => classes[label]);
        const about = rareText(names, options, foregroundShare);
        if (about) report({ type: 'notice', message: about });
        const pasted = pastingText(pasting, options.objectPaste, classes);
        if (pasted) report({ type: 'notice', message: pasted });
        clock.begin();
      },
      onStep(done) {
        const event = {
          type: 'step',
          steps: options.steps,
          ...done,
          ...clock.tick(done.step),
        } as const;
        keepLine(curve, event);
        report(event);
      },
      checkpointDue: () => due.due(),
      async mayContinue(state, save) {
        if (await parkWhilePaused(control, report, state.step, save)) {
          due.saved();
          clock.begin();
        }
        return control.cancelled ? 'cancel' : 'go';
      },
      async onCheckpoint(bytes, at) {
        writeFileAtomic(checkpointPath(runFolder), bytes);
        due.saved();
        report({ type: 'checkpoint', step: at, path: checkpointPath(runFolder) });
        clock.begin();
      },
      async onMilestone(state) {
        if (validation.length > 0) {
          // Of an ensemble the network that learns, until all can predict together.
          const before = state.step === options.steps ? finishedOf(state) : [];
          const networks = [...before, state.networks[options.predictWith ?? 'student']];
          const scores = await validate(
            ...([networks, validation, patch, classes.length, kernels, options.network, plan, rare] as const),
          );
          before.forEach(disposeAll);
          const event = { type: 'validation', step: state.step, ...scores } as const;
          keepLine(curve, event);
          report(event);
        }
        const path = await evolution(state);
        if (path) report({ type: 'evolution', step: state.step, path });
        clock.begin();
      },
    },
  });
  if (outcome === 'cancelled') return report({ type: 'cancelled', step });
  // Weights to start from may have seen every labelled scan: nothing is held out from them.
  const toCalibrate = !job.startFrom && foldCount(labelled.length, options) > 0;
  const calibrated = {
    ...inputs,
    ...(coarse && { coarse: { ...coarse, step: options.steps }, unlabelled: lists.unlabelled }),
  };
  if (toCalibrate && !(await calibrate(runFolder, lists.labelled, calibrated, report, control)))
    report({ type: 'cancelled', step });
  else
    report({
      type: 'finished',
      step,
      checkpoint: checkpointPath(runFolder),
      seconds: (performance.now() - began) / 1000,
    });
}

/** What the network of a new run sees. */
const channelsOf = (
  { lists, classes, ...job }: TrainJob,
  start: CheckpointMeta | undefined,
  report: Report,
  control: Control,
  files: TrainerFiles,
): Promise<ModelChannel[]> =>
  withLabelRanges(job.channels ?? oneChannel(job.normalisation), {
    ...{ labelled: lists.labelled, classes, report, control, files },
    ...(start?.channels && { startChannels: start.channels }),
  });

/**
 * A run keeps its patch and batch when it is resumed, also where memory made them smaller on the way; what is computed again may differ
 * each time, since weights do not depend on it.
 */
function fitOfRun(
  { fit, options }: TrainJob,
  resumed: CheckpointMeta | undefined,
  cases: PreparedCase[],
  room: number,
): Fit {
  if (fit) return fit;
  if (!resumed)
    return fitOf(
      options,
      cases.map((c) => c.size),
      room,
    );
  const { labelledPerStep, unlabelledPerStep, plan } = resumed.options;
  const kept: Fit = { patch: [...resumed.patch], labelledPerStep, unlabelledPerStep, ...(plan && { plan }) };
  const recompute = recomputationOf(options, kept, room);
  return { ...kept, ...(recompute && { recompute }) };
}

const cacheOf = (runFolder: string): string => join(runFolder, '..', '..', 'cache');

/** A scan of the job without its mask. */
function scanOf({ lists }: TrainJob, id: number): TrainingCase {
  const all = [...lists.labelled, ...lists.unlabelled, ...lists.validation];
  const { maskPath: _, ...scan } = all.find(({ scan }) => scan === id) as TrainingCase;
  return scan;
}

async function prepareLists(
  { lists, options, classes, runFolder }: TrainJob,
  channels: ModelChannel[],
  report: Report,
  control: Control,
  files: TrainerFiles,
) {
  const folder = cacheOf(runFolder);
  const all = [...lists.labelled, ...lists.unlabelled, ...lists.validation];
  const lacking = missingChannels(
    channels.map(({ name }) => name),
    all.map((item) => ({ name: item.name, channels: channelFiles(item, channels).flatMap((f) => f?.name ?? []) })),
    options.channelDropout ?? 0, // absent in runs of earlier versions
  );
  if (lacking) report({ type: 'notice', message: lacking });
  let done = 0;
  const without: LeftOut[] = [];
  const prepare = async (cases: TrainingCase[]) => {
    const prepared: PreparedCase[] = [];
    for (const item of cases) {
      if (control.cancelled) break;
      try {
        prepared.push(await prepareCase(item, folder, options, channels, classes.length, files));
      } catch (error) {
        const lacking = leftOut(item, error);
        without.push(lacking);
        report({ type: 'left-out', ...lacking });
      }
      report({ type: 'preparing', done: ++done, total: all.length });
      await new Promise(setImmediate);
    }
    return prepared;
  };
  const needsUnlabelled = usesUnlabelled(options.method);
  if (!needsUnlabelled) done += lists.unlabelled.length;
  const labelled = await prepare(lists.labelled);
  // An unlabelled case never brings its mask along, whatever the project knows.
  const unlabelled = needsUnlabelled ? await prepare(lists.unlabelled.map(({ maskPath: _, ...scan }) => scan)) : [];
  const validation = await prepare(lists.validation);
  const flat = flatChannels([...labelled, ...unlabelled, ...validation], channels);
  if (flat) report({ type: 'notice', message: flat });
  if (needsUnlabelled && unlabelled.length === 0 && !control.cancelled) {
    report({
      type: 'notice',
      message: 'There are no unlabelled scans: every step learns from labelled ones alone.',
    });
  }
  return { labelled, unlabelled, validation, without };
}

function warnOfMissingClasses(labelled: PreparedCase[], classes: string[], report: Report): void {
  classes.forEach((name, c) => {
    if (c > 0 && labelled.every(({ voxels }) => !voxels?.[c]))
      report({ type: 'notice', message: `No labelled scan holds ${name} at this voxel size: it cannot be learnt.` });
  });
}

/** A line more, so that what a killed run did is known. */
function keepLine(curve: string, line: CurveLine): void {
  try {
    appendFileSync(curve, `${JSON.stringify(line)}\n`, { mode: FILE_MODE });
  } catch (error) {
    throw doingError('Keeping the loss curve', error);
  }
}

/** Lines after the checkpoint belong to steps that will be done again. */
function truncateCurve(path: string, step: number): void {
  if (!existsSync(path)) return;
  const kept = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => {
      try {
        return JSON.parse(line).step <= step;
      } catch {
        return false;
      }
    });
  writeFileAtomic(path, kept.map((line) => `${line}\n`).join(''));
}
