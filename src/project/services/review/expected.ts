/** How good each prediction is likely to be: what it says of itself, corrected by what reviews made of others of its run, and by its calibration. */
import { dice } from '../../../core/metrics/dice.ts';
import { countOverlap } from '../../../core/metrics/overlap.ts';
import {
  type ExpectedDice,
  expectedDice,
  LEAST_CORRECTING,
  LEAST_REVIEWED,
  leftToReview,
  type Reviewed,
} from '../../../core/predict/expected-dice.ts';
import { inSample } from '../../../core/predict/sample.ts';
import { readMask } from '../../../imaging/index.ts';
import { leftOut } from '../../../shared/left-out.ts';
import type { Mask, Prediction, Store } from '../../store/index.ts';
import { caseStates } from './case-states.ts';

export interface Expectations {
  /** By scan, of its newest prediction; one of an older version says nothing of itself. */
  readonly byScan: ReadonlyMap<number, ExpectedDice>;
  /** Cases to review until 95 % of all are expected at 90 Dice or better. */
  readonly left: number;
}

/** Versions of a mask never change, so neither does the Dice between two; by their ids. */
const measured = new Map<string, number>();

/** Mean over the labels; null where the prediction says nothing of itself, or earlier versions could not tell. */
const ownDiceOf = ({ ownDice }: Pick<Prediction, 'ownDice'>): number | null =>
  ownDice.length > 0 && ownDice.every(Number.isFinite) ? mean(ownDice) : null;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Reads the masks of reviewed cases that were not measured before, then answers. */
export async function expectations(store: Store): Promise<Expectations> {
  for (const { prediction, predicted, reference } of reviewedPairs(store)) {
    const key = keyOf(store, predicted, reference);
    if (measured.has(key)) continue;
    try {
      measured.set(key, await diceBetween(store, predicted, reference, prediction));
    } catch (error) {
      // One damaged mask must not end a decision on another case: throws what is about more than this scan.
      leftOut({ scan: prediction.scan, name: String(prediction.scan) }, error);
    }
  }
  return knownExpectations(store);
}

/** The same from what was measured so far: reads no mask. */
export function knownExpectations(store: Store): Expectations {
  const known = new Map<number, KnownOfRun>();
  const knownOf = (run: number): KnownOfRun => {
    const found = known.get(run) ?? { all: [], sample: [], calibration: [] };
    known.set(run, found);
    return found;
  };
  for (const { run, ownDice, dice } of store.calibrations.list())
    knownOf(run).calibration.push({ own: mean(ownDice), dice: mean(dice) });
  for (const { prediction, predicted, reference } of reviewedPairs(store)) {
    const found = measured.get(keyOf(store, predicted, reference));
    const own = ownDiceOf(prediction);
    if (found === undefined || own === null) continue;
    const { run, scan } = prediction;
    const { all, sample } = knownOf(run);
    all.push({ own, dice: found });
    if (inSample(run, scan)) sample.push({ own, dice: found });
  }
  /** What reviews made of the newest run before this one of which enough is known, and its calibration. */
  const earlierThan = (run: number): Reviewed[] => {
    const before = [...known].sort(([a], [b]) => b - a).filter(([other]) => other < run);
    const of = ({ all, calibration }: KnownOfRun) => (all.length < LEAST_REVIEWED ? [...all, ...calibration] : all);
    return before.map(([, one]) => of(one)).find(({ length }) => length >= LEAST_CORRECTING) ?? [];
  };
  const byScan = new Map<number, ExpectedDice>();
  for (const [scan, prediction] of store.predictions.newest()) {
    const own = ownDiceOf(prediction);
    if (own === null) continue;
    const ofRun = knownOf(prediction.run);
    const { calibration } = ofRun;
    byScan.set(scan, expectedDice(own, basisOf(ofRun), { calibration, earlier: earlierThan(prediction.run) }));
  }
  const states = caseStates(store);
  const open = [...byScan].flatMap(([scan, { value }]) => (states.get(scan) === 'predicted' ? [value] : []));
  const decided = [...states.values()].filter((state) => state === 'labelled' || state === 'reviewed').length;
  return { byScan, left: leftToReview(open, decided) };
}

/** What is known of a run's predictions: of reviewed cases, those among them that lots drew, and of labelled scans. */
interface KnownOfRun {
  readonly all: Reviewed[];
  readonly sample: Reviewed[];
  readonly calibration: Reviewed[];
}

/** The random sample alone where it is large enough: the others were chosen for being bad. */
const basisOf = ({ all, sample }: KnownOfRun): Reviewed[] => (sample.length >= LEAST_REVIEWED ? sample : all);

const keyOf = (store: Store, predicted: Mask, reference: Mask): string =>
  `${store.folder}|${predicted.id}|${reference.id}`;

/** Predictions of scans that have a reference which their run did not learn from. */
function reviewedPairs(store: Store): { prediction: Prediction; predicted: Mask; reference: Mask }[] {
  const references = store.masks.references();
  return store.runs.list().flatMap((run) => {
    const learned = new Set(store.runs.cases(run.id).flatMap(({ scan, role }) => (role === 'labelled' ? [scan] : [])));
    return store.predictions.list(run.id).flatMap((prediction) => {
      const reference = references.get(prediction.scan);
      if (!reference || learned.has(prediction.scan)) return [];
      return [{ prediction, predicted: store.masks.get(prediction.mask), reference }];
    });
  });
}

/** Mean over the labels that the prediction speaks of, percent. */
async function diceBetween(store: Store, predicted: Mask, reference: Mask, { ownDice }: Prediction): Promise<number> {
  const [before, after] = [await readMask(store.path(predicted.file)), await readMask(store.path(reference.file))];
  const values = Array.from({ length: Math.max(1, ownDice.length) }, (_, n) =>
    dice(countOverlap(before, after, n + 1)),
  );
  return mean(values);
}
