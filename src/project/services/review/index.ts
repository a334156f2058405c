/** Reviewing a project: its cases, the queue of predictions, decisions and what they changed. */
import type {
  CaseState,
  HistoryLine,
  MaskChange,
  MaskComparison,
  QueueEntry,
  ReportSummary,
  ReviewDecision,
} from '../../../shared/contract/index.ts';
import type { Decision, Mask, Store } from '../../store/index.ts';
import type { Drawings } from '../drawing/drawings.ts';
import { caseStates, currentMask } from './case-states.ts';
import {
  type CaseEntry,
  type CaseView,
  listCases,
  type PredictionView,
  readEntropy,
  viewCase,
  viewPrediction,
} from './cases.ts';
import { maskChanges, reviewSummary } from './compare.ts';
import { type Decided, type DecideHow, decide, undoDecision } from './decide.ts';
import { type DecideOptions, decideScans, type ReviewedScans, scansOf, undoScans } from './decide-scans.ts';
import { type Expectations, expectations, knownExpectations } from './expected.ts';
import { nextCase, reviewQueue } from './queue.ts';
import { compareReaders, compareVersions, historyOf } from './readers.ts';
import { thumbnail } from './thumbnail.ts';

export interface Review {
  /** Every case, in the order of the names. */
  cases(): CaseEntry[];
  /** State of every case, by scan. */
  states(): Map<number, CaseState>;
  /** One case as it is now, its strokes committed where the disk has room. Throws `scan/unknown`, `scan/vanished`. */
  case(scan: number): Promise<CaseView>;
  /** The mask that stands for a case. */
  current(scan: number): Mask | null;
  prediction(scan: number): PredictionView | null;
  /** Entropy of each voxel in nats, of the newest prediction; null without one. */
  entropy(scan: number): Promise<Float32Array | null>;
  /** Bytes of a PNG of the case's most telling slice. */
  thumbnail(scan: number): Promise<Uint8Array>;
  /** Predicted cases that nobody decided, most worth a look first. */
  queue(): QueueEntry[];
  /** The open case after one, in the order of the queue; null when none is left. */
  next(after?: number): number | null;
  /** Decides a case, or slices of it along k. Throws `review/no-mask`. */
  decide(scan: number, decision: ReviewDecision, how?: DecideHow): Promise<Decided>;
  /** Takes the last decision on a case back. Throws `review/nothing-to-undo`. */
  undo(scan: number): CaseState;
  /** Takes the last decision on each named scan back, or on none where one has none. */
  undoScans(names: readonly string[]): { scan: string; state: CaseState }[];
  /** Who decided what on a case, oldest first, with what was taken back. */
  decisions(scan: number): Decision[];
  /** One decision for scans by their names. Throws `scan/unknown` before anything is decided. */
  decideScans(names: readonly string[], decision: ReviewDecision, options?: DecideOptions): Promise<ReviewedScans>;
}

export interface Compare {
  /** What the mask of a case changed against its newest prediction, label by label. */
  changes(scan: number): Promise<MaskChange[]>;
  /** How good each prediction is likely to be; reads the masks of reviewed cases that were not measured before. */
  expected(): Promise<Expectations>;
  /** The same from what was measured so far. */
  expectedSoFar(): Expectations;
  /** Two versions of a scan's mask, label by label. Throws `mask/unknown`. */
  versions(scan: number, versions: readonly [number, number]): Promise<MaskComparison>;
  /** The newest masks of two people of a named scan. Throws `scan/unknown`, `review/readers`. */
  readers(scan: string, readers?: readonly [string, string]): Promise<MaskComparison>;
  /** Who did what to the named scans (to all without names), oldest first in each. */
  history(names?: readonly string[]): HistoryLine[];
  /** Predictions of a run (of all without one) against what a person made of them. */
  summary(run?: number): Promise<ReportSummary>;
}

export const reviewOf = (store: Store, drawings: Drawings): Review => ({
  cases: () => listCases(store),
  states: () => caseStates(store),
  async case(scan) {
    await drawings.settle(scan);
    return viewCase(store, scan);
  },
  current: (scan) => currentMask(store, scan),
  prediction: (scan) => viewPrediction(store, scan),
  entropy: (scan) => readEntropy(store, scan),
  thumbnail: (scan) => thumbnail(store, scan),
  queue: () => reviewQueue(store),
  next: (after) => nextCase(store, after),
  decide: (scan, decision, how) => decide(store, drawings, scan, decision, how),
  undoScans: (names) => undoScans(store, names),
  undo: (scan) => undoDecision(store, scan),
  decisions: (scan) => store.decisions.list(scan),
  decideScans: (names, decision, options) => decideScans(store, drawings, names, decision, options),
});

export const compareOf = (store: Store, drawings: Drawings): Compare => ({
  changes: (scan) => maskChanges(store, drawings, scan),
  versions: (scan, versions) => compareVersions(store, scan, versions),
  readers: async (scan, readers) => compareReaders(store, scansOf(store, [scan])[0], readers),
  history: (names) => historyOf(store, names ? scansOf(store, names) : store.scans.list()),
  summary: (run) => reviewSummary(store, run),
  expected: () => expectations(store),
  expectedSoFar: () => knownExpectations(store),
});
