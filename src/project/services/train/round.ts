/** A round of learning while somebody reviews: trains on from the last model with the masks that are new, and predicts again what nobody looked at. */
import { type AskedOptions, OPTIONS, type SettledOptions } from '../../../core/options.ts';
import type { CaseState } from '../../../shared/contract/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { LeftOut } from '../../../shared/left-out.ts';
import type { StartTrainer } from '../../../shared/trainer.ts';
import type { TrainerEvent } from '../../../shared/training.ts';
import type { Run, Scan, Store } from '../../store/index.ts';
import { startFrom } from '../model/start-from.ts';
import { runForPrediction, startPrediction } from '../predict/predict.ts';
import { isUnfinished } from '../predict/unfinished.ts';
import { caseState, caseStates } from '../review/case-states.ts';
import { reviewQueue } from '../review/queue.ts';
import { resumeTraining, startTraining, type TrainRequest } from './train.ts';

/** Steps of a round without other wish, as a share of those of the run that it starts from: weights and most masks are the same. */
const STEPS = 0.25;

export interface RoundRequest {
  /** Name of the run to start from; the latest finished one without it. */
  from?: string;
  options?: TrainRequest['options'];
  /** Whether the mask of a scan stays as it is, because somebody looks at it; asked before each prediction, and again before it is kept. */
  held?: (scan: number) => boolean;
}

export interface RoundReport {
  run: Run;
  /** What was left to do of the round. */
  did: 'trained' | 'resumed' | 'predicted';
  /** Scans with masks that the run before had not learned from. */
  learned: string[];
  /** Scans that were predicted again. */
  refreshed: string[];
  leftOut: LeftOut[];
  /** Stopped before its end: the next call goes on. */
  stopped: boolean;
}

export interface RoundHandle {
  /** The run that trains, or predicts. */
  run: Run;
  /** Holds the training, or the predictions after the scan at hand, until `resume`. */
  pause(): void;
  resume(): void;
  /** Stops after a checkpoint, or after the scan at hand. */
  cancel(): void;
  done: Promise<RoundReport>;
}

/**
 * Starts a round, or goes on with the one that was stopped: a training that was interrupted is resumed, and where the last run has not
 * predicted all open cases, it does so.
 * @throws round/nothing-new, run/none-finished, and what training throws
 */
export async function startRound(
  store: Store,
  startTrainer: StartTrainer,
  request: RoundRequest = {},
  onEvent: (event: TrainerEvent, run: Run) => void = () => {},
): Promise<RoundHandle> {
  const began = await begin(store, startTrainer, request, onEvent);
  let [stopped, paused, at]: [boolean, boolean, Control] = [false, false, began.control];
  let wake = () => {};
  const done = (async (): Promise<RoundReport> => {
    const run = await began.trained;
    const { did, learned } = began;
    const report: RoundReport = { run, did, learned, refreshed: [], leftOut: [], stopped: false };
    while (!stopped && run.state === 'finished') {
      if (paused)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const unread = new Set(report.leftOut.map(({ scan }) => scan));
      // Asked only now: what was accepted meanwhile is not predicted again.
      const scans = toRefresh(store, run, request.held).filter(({ id }) => !unread.has(id));
      if (stopped || scans.length === 0) break;
      const prediction = startPrediction(
        store,
        startTrainer,
        { run: run.name, scans: scans.map(({ id }) => id), held: (scan) => !mayChange(store, scan, request.held) },
        onEvent,
      );
      at = { pause: () => prediction.cancel(), resume() {}, cancel: () => prediction.cancel() };
      const { predicted, leftOut, cancelled } = await prediction.done;
      report.refreshed.push(...predicted.map(({ name }) => name));
      report.leftOut.push(...leftOut);
      if (!cancelled) return report;
    }
    return { ...report, stopped: stopped || run.state !== 'finished' };
  })();
  return {
    run: began.run,
    pause() {
      paused = true;
      at.pause();
    },
    resume() {
      paused = false;
      at.resume();
      wake();
    },
    cancel() {
      stopped = true;
      at.cancel();
      wake();
    },
    done,
  };
}

type Control = Pick<RoundHandle, 'pause' | 'resume' | 'cancel'>;

interface Began {
  run: Run;
  did: RoundReport['did'];
  learned: string[];
  trained: Promise<Run>;
  control: Control;
}

/** What there is to do, and what was new since the last run. */
export type RoundAhead = { last: Run; learned: string[] } & (
  | { did: 'resumed'; left: Run }
  | { did: 'trained' | 'predicted' }
);

/** A run that is not finished, as a round was stopped or ended with its program: not one that a person gave up, or that failed. */
const STOPPED: readonly Run['state'][] = ['interrupted', 'paused'];

/**
 * What a round would do now; null where no mask is new and nothing is left to predict.
 * @throws run/none-finished, run/unknown, run/no-checkpoint
 */
export function roundAhead(store: Store, { from, held }: Pick<RoundRequest, 'from' | 'held'> = {}): RoundAhead | null {
  const last = runForPrediction(store, from, '--from');
  const left = store.runs.latestUnfinished();
  const learned = newMasks(store, last);
  // A run after the last finished one that began from weights is a round that was stopped.
  if (left && left.id > last.id && left.startedFrom && STOPPED.includes(left.state))
    return { did: 'resumed', left, last, learned };
  if (learned.length > 0) return { did: 'trained', last, learned };
  return toRefresh(store, last, held).length > 0 ? { did: 'predicted', last, learned } : null;
}

async function begin(
  store: Store,
  startTrainer: StartTrainer,
  { from, options, held }: RoundRequest,
  onEvent: (event: TrainerEvent, run: Run) => void,
): Promise<Began> {
  const ahead = roundAhead(store, { from, held });
  if (!ahead)
    throw new DecileError(
      'round/nothing-new',
      `At least one mask must be new since ${runForPrediction(store, from).name}, got none.`,
      'Accept or correct some first: `decile review list DIR` names those most worth a look.',
    );
  const { last, learned } = ahead;
  if (ahead.did === 'resumed') {
    const handle = resumeTraining(store, startTrainer, ahead.left.name, onEvent);
    return { run: handle.run, did: ahead.did, learned, trained: handle.done, control: training(handle) };
  }
  if (ahead.did === 'predicted')
    return {
      ...{ run: last, did: ahead.did, learned, trained: Promise.resolve(last) },
      control: { pause() {}, resume() {}, cancel() {} },
    };
  const weights = await startFrom(store, last.name);
  const steps = Math.max(1, Math.round(STEPS * firstOf(store, last).options.steps));
  const handle = startTraining(
    store,
    startTrainer,
    { options: { ...givenIn(weights.options), calibrationFolds: 0, steps, ...options }, from: weights },
    onEvent,
  );
  return { run: handle.run, did: ahead.did, learned, trained: handle.done, control: training(handle) };
}

/** The run that a chain of rounds began with: a share of a share would soon be nothing. */
function firstOf(store: Store, run: Run): Run {
  const { id, startedFrom } = run;
  const before =
    startedFrom?.kind === 'run' && store.runs.list().find((one) => one.name === startedFrom.name && one.id < id);
  return before ? firstOf(store, before) : run;
}

const training = (handle: { pause(): void; resume(): void; cancel(as: 'interrupted'): void }): Control => ({
  pause: () => handle.pause(),
  resume: () => handle.resume(),
  cancel: () => handle.cancel('interrupted'),
});

/** What a training was given, without what came of it: the same goes on. */
const givenIn = (settled: SettledOptions): Partial<AskedOptions> =>
  Object.fromEntries(OPTIONS.flatMap(({ key }) => (key in settled ? [[key, settled[key]]] : [])));

/** Names of the scans whose accepted mask the run did not learn from or was checked against. */
function newMasks(store: Store, run: Run): string[] {
  const seen = new Set(store.runs.cases(run.id).flatMap(({ mask }) => (mask === null ? [] : [mask])));
  const references = store.masks.references();
  return store.scans.list().flatMap(({ id, name, leftOut }) => {
    const reference = references.get(id);
    return reference && !seen.has(reference.id) && leftOut === '' ? [name] : [];
  });
}

/** Scans that wait for a look without a prediction of the run: those that come next first. */
function toRefresh(store: Store, run: Run, held: RoundRequest['held']): Scan[] {
  const has = new Set(store.predictions.list(run.id).map(({ scan }) => scan));
  const newest = store.predictions.newest();
  const scans = store.scans.list();
  const states = caseStates(store, scans);
  const place = new Map(reviewQueue(store, scans, states).map(({ scan }, n) => [scan, n]));
  const at = ({ id }: Scan) => place.get(id) ?? place.size;
  return scans
    .filter(({ id }) => OPEN.includes(states.get(id)) && !has.has(id) && !newest.get(id)?.seenAt)
    .filter(({ id }) => !held?.(id) && !isUnfinished(store, id))
    .sort((a, b) => at(a) - at(b));
}

const OPEN: readonly (CaseState | undefined)[] = ['unlabelled', 'predicted'];

/** Whether nobody looked at the scan, or decided on it, while its prediction was made. */
function mayChange(store: Store, id: number, held: RoundRequest['held']): boolean {
  if (held?.(id) || store.predictions.latest(id)?.seenAt) return false;
  return OPEN.includes(caseState(store, store.scans.get(id)));
}
