/** Runs of training as the project sees them: started, watched, written down, gone on with. */

import { existsSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parseNormalisation } from '../../../core/train/kept-normalisation.ts';
import { makeFolder, writeFileAtomic } from '../../../disk/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { LeftOut } from '../../../shared/left-out.ts';
import type { StartTrainer } from '../../../shared/trainer.ts';
import type { Normalisation, TrainerEvent, TrainJob } from '../../../shared/training.ts';
import { type Run, type RunState, runFolder, type Store } from '../../store/index.ts';
import { modelChannels } from './channels.ts';
import { normalisationOf, type PlanOptions, planTraining, type TrainPlan, trainingLists } from './plan.ts';
import { beginRun } from './run-folder.ts';

export interface TrainRequest extends PlanOptions {
  /** Name of the run; numbered by itself without one. */
  name?: string;
  notes?: string;
}

/** A training run that is going on. */
export interface RunHandle {
  run: Run;
  plan: TrainPlan | null;
  /** Scans that the run goes on without, so far. */
  leftOut: readonly LeftOut[];
  pause(): void;
  resume(): void;
  /** Stops after a checkpoint. `interrupted` means: meant to be resumed. */
  cancel(as?: 'cancelled' | 'interrupted'): void;
  /** The run as it was left: finished, cancelled, interrupted. Rejects with the trainer's error, the run then is failed. */
  done: Promise<Run>;
}

/** Plans, records and starts a run. Throws what `planTraining` throws, and `run/name-taken`. */
export function startTraining(
  store: Store,
  startTrainer: StartTrainer,
  request: TrainRequest,
  onEvent: (event: TrainerEvent, run: Run) => void = () => {},
): RunHandle {
  const plan = planTraining(store, request);
  const { options, classes, cases } = plan;
  const run = beginRun(
    store,
    () => store.runs.create({ name: request.name, options, classes, cases, startedFrom: request.from?.origin }),
    (folder) => {
      if (request.from) writeFileAtomic(join(folder, START_FILE), request.from.bytes);
    },
  );
  if (request.notes) store.runs.update(run.id, { notes: request.notes });
  return launch(store, startTrainer, run, plan, false, onEvent);
}

/** Goes on with a run from its last checkpoint (from the start when it has none). Throws `run/finished`, `run/none-to-resume`. */
export function resumeTraining(
  store: Store,
  startTrainer: StartTrainer,
  name?: string,
  onEvent: (event: TrainerEvent, run: Run) => void = () => {},
): RunHandle {
  const run = name === undefined ? store.runs.latestUnfinished() : store.runs.find(name);
  if (!run)
    throw new DecileError(
      'run/none-to-resume',
      'A run must be unfinished to be resumed, got none in this project.',
      'Start one with `decile train DIR`.',
    );
  if (run.state === 'finished')
    throw new DecileError(
      'run/finished',
      `A run must be unfinished to be resumed, got ${run.name}, finished at step ${run.step}.`,
      'Start a new run with `decile train DIR`.',
    );
  return launch(store, startTrainer, run, null, true, onEvent);
}

/** In the run's folder: the weights it started from, for a resume before the first checkpoint. */
const START_FILE = 'start.safetensors';

/** A run that goes on keeps the range that it began with, whatever the project's is now. */
function normalisationForRun(store: Store, folder: string, resume: boolean): Normalisation {
  const kept = join(folder, 'normalisation.json');
  if (resume && existsSync(kept)) return parseNormalisation(readFileSync(kept, 'utf8'));
  const { preset, range } = store.project.get();
  return normalisationOf(preset, range);
}

function launch(
  store: Store,
  startTrainer: StartTrainer,
  made: Run,
  plan: TrainPlan | null,
  resume: boolean,
  onEvent: (event: TrainerEvent, run: Run) => void,
): RunHandle {
  const { id } = made;
  const folder = store.path(runFolder(id));
  makeFolder(folder);
  const channels = modelChannels(store);
  const job: TrainJob = {
    kind: 'train',
    runFolder: folder,
    options: made.options,
    lists: trainingLists(store, store.runs.cases(id)),
    classes: made.classes,
    normalisation: normalisationForRun(store, folder, resume),
    ...(channels && { channels }),
    ...(made.startedFrom && { startFrom: join(folder, START_FILE) }),
    resume: resume && store.checkpoints.file(id) !== null,
  };
  const run = store.runs.update(id, {
    state: 'running',
    failure: '',
    startedAt: made.startedAt ?? new Date().toISOString(),
  });
  let cancelledAs: RunState = 'cancelled';
  let unwritten: unknown = null;
  const without: LeftOut[] = [];
  const failed = (error: unknown): never => {
    store.runs.update(id, { state: 'failed', failure: String(error) });
    throw error;
  };
  const trainer = startTrainer(job, (event) => {
    if (event.type === 'left-out')
      without.push({ scan: event.scan, name: event.name, code: event.code, message: event.message, cure: event.cure });
    try {
      recordEvent(store, id, event);
    } catch (error) {
      // A full disk: the trainer stops after its checkpoint, and the caller hears why.
      if (unwritten === null) trainer.cancel();
      unwritten ??= error;
    }
    onEvent(event, run);
  });
  const done = trainer.done.then((last) => {
    if (unwritten !== null) return failed(unwritten);
    if (last.type === 'error') {
      store.runs.update(id, {
        state: 'failed',
        failure: `${last.code}: ${last.message}`,
        finishedAt: new Date().toISOString(),
      });
      throw new DecileError(last.code, last.message, last.cure);
    }
    const step = last.type === 'finished' || last.type === 'cancelled' ? last.step : store.runs.get(id).step;
    // Given up in the calibration after its last step, the model is whole all the same.
    const whole = last.type === 'finished' || (cancelledAs === 'cancelled' && step >= made.options.steps);
    const state = whole ? 'finished' : cancelledAs;
    return store.runs.update(id, { state, step, finishedAt: new Date().toISOString() });
  }, failed);
  return {
    run,
    plan,
    leftOut: without,
    pause: () => trainer.pause(),
    resume: () => trainer.resume(),
    cancel(as = 'cancelled') {
      cancelledAs = as;
      trainer.cancel();
    },
    done,
  };
}

/** Writes what the trainer reports into the run's tables. */
function recordEvent(store: Store, run: number, event: TrainerEvent): void {
  switch (event.type) {
    case 'started':
      // A resumed run repeats the steps after its checkpoint: their old points would stand beside the new ones.
      store.metrics.truncate(run, event.step);
      store.runs.update(run, { device: event.device, engine: event.engine, step: event.step });
      break;
    case 'step': {
      const losses = Object.fromEntries(Object.entries(event.losses).map(([term, value]) => [`loss.${term}`, value]));
      store.transaction(() => {
        store.metrics.record(run, event.step, {
          ...losses,
          lambda: event.lambda,
          learningRate: event.learningRate,
          secondsPerStep: event.secondsPerStep,
        });
        store.runs.update(run, { step: event.step });
      });
      break;
    }
    case 'validation':
      store.metrics.record(run, event.step, {
        'validation.dice': event.dice,
        ...Object.fromEntries(event.perClass.map((value, index) => [`validation.dice.${index + 1}`, value])),
      });
      break;
    case 'calibrated':
      store.calibrations.put({ run, scan: event.scan, ownDice: event.ownDice, dice: event.dice });
      break;
    case 'checkpoint':
      store.checkpoints.add(run, event.step, relative(store.folder, event.path).split(sep).join('/'));
      break;
    case 'paused':
      store.runs.update(run, { state: 'paused', step: event.step });
      break;
    case 'resumed':
      store.runs.update(run, { state: 'running' });
      break;
    case 'notice':
    case 'left-out':
    case 'preparing':
    case 'evolution':
    case 'calibrating':
    case 'predicted':
    case 'held':
    case 'finished':
    case 'cancelled':
    case 'error':
      break;
  }
}
