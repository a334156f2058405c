/** Masks of a run for scans of the project: made by the trainer process, kept as versions with their entropy. */

import { existsSync, rmSync } from 'node:fs';
import { matchLabels } from '../../../core/model/labels.ts';
import { inOrientation } from '../../../core/train/orientation.ts';
import { spacingFor } from '../../../core/train/spacing.ts';
import { voxelMl } from '../../../core/volume.ts';
import { temporaryFolder } from '../../../disk/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { LeftOut } from '../../../shared/left-out.ts';
import type { StartTrainer } from '../../../shared/trainer.ts';
import type { PredictJob, TrainerEvent } from '../../../shared/training.ts';
import { type Run, runFolder, type Scan, type Store } from '../../store/index.ts';
import { caseOf } from '../train/plan.ts';
import { isUnfinished, onlyUnfinished, unfinished } from './unfinished.ts';
import { type UnseenLabel, unseenLabels, unseenNotice } from './unseen-labels.ts';

export interface PredictRequest {
  /** Name of the run; the latest finished one without it. */
  run?: string;
  /** `unlabelled` (default): scans without an accepted mask; or a list of ids. */
  scans?: 'all' | 'unlabelled' | number[];
  stride?: PredictJob['stride'];
  flips?: PredictJob['flips'];
  rareLabels?: PredictJob['rareLabels'];
  /** Which connected pieces of each label stay; `auto` (default): as many as all labelled scans of the run agree on. */
  pieces?: 'auto' | 'all' | 'largest';
  engine?: PredictJob['engine'];
  /** Asked when a scan's prediction is there: whether it is not to be kept after all. */
  held?: (scan: number) => boolean;
}

export interface PredictReport {
  run: Run;
  predicted: { scan: number; name: string; meanEntropy: number; volumesMl: number[]; seconds: number }[];
  /** Scans with a drawing that nobody finished, and scans whose files cannot be read: nothing was made for them. */
  leftOut: LeftOut[];
  /** Scans asked for that were not reached (cancelled). */
  left: number;
  /** What the model sees in no scan, though it should; a notice says so too. */
  unseen: UnseenLabel[];
  cancelled: boolean;
}

export interface PredictHandle {
  run: Run;
  total: number;
  /** So far; scans with unfinished drawings from the start. */
  leftOut: readonly LeftOut[];
  cancel(): void;
  done: Promise<PredictReport>;
}

/** The run to predict with, or to go on from; `flag` names one. Throws `run/unknown`, `run/none-finished`, `run/no-checkpoint`. */
export function runForPrediction(store: Store, name?: string, flag: '--run' | '--from' = '--run'): Run {
  const run = name === undefined ? store.runs.latestFinished() : store.runs.find(name);
  if (!run)
    throw new DecileError(
      'run/none-finished',
      `A run must be finished to ${flag === '--run' ? 'predict with' : 'learn on from'}, got none in this project.`,
      `Train first with \`decile train DIR\`, or name an unfinished run with ${flag}.`,
    );
  if (store.checkpoints.file(run.id) === null)
    throw new DecileError(
      'run/no-checkpoint',
      `A run must have a checkpoint to predict with, got none of ${run.name}.`,
      'Let it train on: `decile resume DIR`.',
    );
  return run;
}

type Predicted = Extract<TrainerEvent, { type: 'predicted' }>;

/** Starts prediction; each finished scan is in the project at once, so that a cancelled job keeps what it made. */
export function startPrediction(
  store: Store,
  startTrainer: StartTrainer,
  request: PredictRequest,
  onEvent: (event: TrainerEvent, run: Run) => void = () => {},
): PredictHandle {
  const run = runForPrediction(store, request.run);
  const chosen = chooseScans(store, request.scans);
  const scans = chosen.filter((scan) => !isUnfinished(store, scan.id));
  const leftOut = chosen.filter((scan) => !scans.includes(scan)).map(unfinished);
  if (scans.length === 0) throw onlyUnfinished(leftOut);
  const { pieces = 'auto' } = request;
  // Its own folder for each job, on the project's disk so that finished files can be moved.
  const outputFolder = temporaryFolder(store.path(runFolder(run.id)), 'predictions');
  const job: PredictJob = {
    kind: 'predict',
    runFolder: store.path(runFolder(run.id)),
    // No mask path: what the student sees is the scan alone.
    cases: scans.map((scan) => ({
      ...caseOf(store, scan),
      ...(run.model && {
        spacing: spacingFor(
          run.options.spacing,
          inOrientation(scan, run.options.orientation ?? 'stored'),
          run.model.description.voxel,
        ),
      }),
    })),
    outputFolder,
    stride: request.stride ?? 'auto',
    ...(request.flips && { flips: request.flips }),
    ...(request.rareLabels && { rareLabels: request.rareLabels }),
    pieces: pieces === 'auto' ? shownPieces(store, run) : pieces,
    engine: request.engine ?? run.options.engine,
  };
  const predicted: PredictReport['predicted'] = [];
  let [held, unwritten]: [number, unknown] = [0, null];
  /** What became of a prediction. */
  const kept = (event: Predicted): TrainerEvent => {
    const { scan, name, done, total } = event;
    // Somebody began to draw while it was computed.
    if (isUnfinished(store, scan)) return { type: 'left-out', ...unfinished(store.scans.get(scan)), done, total };
    if (request.held?.(scan)) return { type: 'held', scan, name, done, total };
    keepPrediction(store, run, event);
    return event;
  };
  const tell = (event: TrainerEvent): void => {
    if (event.type === 'held') held++;
    if (event.type === 'left-out') {
      const { scan, name, code, message, cure } = event;
      leftOut.push({ scan, name, code, message, cure });
    }
    if (event.type === 'predicted') {
      const { scan, name, meanEntropy, volumesMl, seconds } = event;
      predicted.push({ scan, name, meanEntropy, volumesMl, seconds });
    }
    onEvent(event, run);
  };
  const trainer = startTrainer(job, (event) => {
    if (event.type !== 'predicted') {
      tell(event);
      return;
    }
    if (unwritten !== null) return;
    let became: TrainerEvent;
    try {
      became = kept(event);
    } catch (error) {
      unwritten = error;
      trainer.cancel();
      return;
    }
    tell(became);
  });
  const done = trainer.done
    .then((last): PredictReport => {
      if (unwritten !== null) throw unwritten;
      if (last.type === 'error') throw new DecileError(last.code, last.message, last.cure);
      const left = chosen.length - predicted.length - leftOut.length - held;
      const unseen = predicted.length > 0 ? unseenLabels(store, run) : [];
      if (unseen.length > 0) onEvent({ type: 'notice', message: unseenNotice(unseen) }, run);
      return { run, predicted, leftOut, left, unseen, cancelled: last.type === 'cancelled' };
    })
    .finally(() => rmSync(outputFolder, { recursive: true, force: true }));
  return { run, total: scans.length, leftOut, cancel: () => trainer.cancel(), done };
}

/** What says how many pieces there are: the labelled scans, or what an imported model says of those it learned from. */
function shownPieces(store: Store, run: Run): PredictJob['pieces'] {
  if (!run.model) return { like: labelledMasks(store, run) };
  const { labels, pieces: together = null } = run.model.description;
  // By the names that the labels had when it came: they may have been renamed since, which its outputs do not heed.
  const terms = new Map(store.labels.list().map(({ value, term }) => [value, term]));
  const then = run.classes.map((name, value) => ({ value, name, term: terms.get(value) ?? null }));
  const outputs = matchLabels(labels, then.slice(1));
  const piecesOf = (value: number) => labels[outputs.findIndex((label) => label.value === value)]?.pieces ?? null;
  return { together, labels: run.classes.slice(1).map((_, index) => piecesOf(index + 1)) };
}

/** The masks that the run learned from. */
export function labelledMasks(store: Store, run: Run): string[] {
  const learned = store.runs.cases(run.id).flatMap((one) => (one.role === 'labelled' && one.mask ? [one.mask] : []));
  return learned.map((id) => store.path(store.masks.get(id).file)).filter(existsSync);
}

/** The scans that a request means. Throws `predict/no-scans`. */
export function chooseScans(store: Store, which: PredictRequest['scans'] = 'unlabelled'): Scan[] {
  const scans = store.scans.list();
  if (scans.length === 0)
    throw new DecileError(
      'predict/no-scans',
      'A project must hold scans to predict, got none.',
      'Import some: `decile import DIR SCANS_FOLDER`.',
    );
  if (Array.isArray(which)) return which.map((id) => store.scans.get(id));
  if (which === 'all') return scans;
  const references = store.masks.references();
  const open = scans.filter((scan) => !references.has(scan.id));
  if (open.length === 0)
    throw new DecileError(
      'predict/no-scans',
      `At least one scan must be unlabelled, got ${scans.length} scans that all have an accepted mask.`,
      'Predict them all with --scans all.',
    );
  return open;
}

/** Moves the files to their places and makes the rows. */
function keepPrediction(store: Store, run: Run, event: Predicted): void {
  const scan = store.scans.get(event.scan);
  const mlPerVoxel = voxelMl(scan);
  const labels = event.volumesMl
    .map((ml, index) => ({ value: index + 1, voxels: Math.round(ml / mlPerVoxel), ml }))
    .filter(({ voxels }) => voxels > 0);
  store.transaction(() => {
    const prediction = { scan: scan.id, origin: 'predicted', run: run.id, accepted: false, labels } as const;
    const mask = store.masks.keep(event.maskPath, prediction);
    const { meanEntropy, sliceEntropy, ownDice, volumesMl, seconds } = event;
    store.predictions.keep(event.entropyPath, {
      run: run.id,
      scan: scan.id,
      mask: mask.id,
      meanEntropy,
      sliceEntropy,
      ownDice,
      volumesMl,
      seconds,
    });
  });
}
