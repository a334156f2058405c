/** One decision for many scans, by their names. */
import type { CaseState, ReviewDecision } from '../../../shared/contract/index.ts';
import { DecileError, type ErrorCode } from '../../../shared/errors.ts';
import { explainFailure, type ReviewState, type Scan, type Store } from '../../store/index.ts';
import type { Drawings } from '../drawing/drawings.ts';
import { caseState } from './case-states.ts';
import { decideCase, undoDecision } from './decide.ts';
import { reviewQueue } from './queue.ts';

export interface ReviewedScans {
  decided: { scan: string; state: CaseState; review: ReviewState }[];
  /** Scans that could not be decided so, each with its reason. */
  refused: { scan: string; code: ErrorCode; message: string; cure: string }[];
  /** Predictions that nobody decided yet. */
  left: number;
}

export interface DecideOptions {
  onProgress?: (done: number, total: number, name: string) => void;
  /** Stops before the next scan. */
  signal?: AbortSignal;
  /** Why scans are rejected. */
  reason?: string;
}

/**
 * Decides each named scan; one that cannot be decided does not keep the others from it.
 * @throws scan/unknown before anything is decided, disk/full
 */
export async function decideScans(
  store: Store,
  drawings: Drawings,
  names: readonly string[],
  decision: ReviewDecision,
  { onProgress = () => {}, signal, reason }: DecideOptions = {},
): Promise<ReviewedScans> {
  const scans = scansOf(store, names);
  const report: ReviewedScans = { decided: [], refused: [], left: 0 };
  for (const [done, { id, name }] of scans.entries()) {
    if (signal?.aborted) break;
    onProgress(done, scans.length, name);
    try {
      await decideCase(store, drawings, id, decision, reason);
      const scan = store.scans.get(id);
      report.decided.push({ scan: name, state: caseState(store, scan), review: scan.review });
    } catch (error) {
      const known = explainFailure(error, `Reviewing ${name}`);
      if (!(known instanceof DecileError) || known.code.startsWith('disk/')) throw known;
      report.refused.push({ scan: name, code: known.code, message: known.message, cure: known.cure });
    }
  }
  return { ...report, left: reviewQueue(store).length };
}

/** Takes the last decision on each named scan back. @throws scan/unknown, review/nothing-to-undo before anything is changed */
export function undoScans(store: Store, names: readonly string[]): { scan: string; state: CaseState }[] {
  const scans = scansOf(store, names);
  return store.transaction(() => scans.map(({ id, name }) => ({ scan: name, state: undoDecision(store, id) })));
}

/** The scans of these names, each once. @throws scan/unknown */
export function scansOf(store: Store, names: readonly string[]): Scan[] {
  const found = [...new Set(names)].map((name) => ({ name, scan: store.scans.find(name) }));
  const unknown = found.filter(({ scan }) => scan === null).map(({ name }) => name);
  if (unknown.length > 0)
    throw new DecileError(
      'scan/unknown',
      `A scan must be one of the project's, got ${unknown.join(', ')}.`,
      'Name scans as `decile review list DIR` does.',
    );
  return found.flatMap(({ scan }) => (scan ? [scan] : []));
}
