/** A reviewer's decisions, on a case or on slices of it, and taking them back. No decision ever deletes a mask. */
import { readMask } from '../../../imaging/index.ts';
import type { CaseState, ReviewDecision, SliceDecision } from '../../../shared/contract/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Mask, Store } from '../../store/index.ts';
import type { Drawings } from '../drawing/drawings.ts';
import { judgeCase } from '../drawing/untouched.ts';
import { caseState, currentMask } from './case-states.ts';
import { nextCase } from './queue.ts';

export interface Decided {
  /** The queue's next open case; null when none is left. */
  next: number | null;
  slices: SliceDecision[];
  state: CaseState;
}

/** What comes with a decision. */
export interface DecideHow {
  /** Only these slices along k, both included. */
  slices?: { from: number; to: number };
  /** Why a case is rejected: one of REJECT_REASONS, or in the person's own words. */
  reason?: string;
}

/**
 * Decides a case, or only slices of it along k. Its strokes become a version first.
 * @throws review/no-mask where nothing can be accepted, scan/unknown, disk/full
 */
export async function decide(
  store: Store,
  drawings: Drawings,
  scan: number,
  decision: ReviewDecision,
  { slices, reason }: DecideHow = {},
): Promise<Decided> {
  // Those of a killed program, too: what a person drew is what a person decides on.
  await drawings.commit(scan);
  // Found first: a decided case leaves the queue, and its place with it.
  const next = nextCase(store, scan);
  if (slices) decideSlices(store, scan, decision, slices);
  else await keepDecision(store, drawings, scan, decision, reason);
  return { next, slices: sliceDecisions(store, scan), state: caseState(store, store.scans.get(scan)) };
}

/** Decides a whole case, as `decide`, without asking which comes next. */
export async function decideCase(
  store: Store,
  drawings: Drawings,
  scan: number,
  decision: ReviewDecision,
  reason?: string,
): Promise<void> {
  await drawings.commit(scan);
  await keepDecision(store, drawings, scan, decision, reason);
}

/**
 * Takes the last decision on a case back: its review state and which of its masks training sees are as they were before.
 * @throws review/nothing-to-undo
 */
export function undoDecision(store: Store, id: number): CaseState {
  const last = store.decisions.list(id).findLast(({ undoneAt }) => undoneAt === null);
  if (!last)
    throw new DecileError(
      'review/nothing-to-undo',
      `A case must have been decided for that to be taken back, got no decision on ${store.scans.get(id).name}.`,
      'Accept or reject it first.',
    );
  store.transaction(() => {
    store.decisions.undo(last.id);
    store.scans.setReview(id, last.before.review);
    const accepted = new Set(last.before.accepted);
    for (const mask of store.masks.history(id))
      if (mask.accepted !== accepted.has(mask.id)) store.masks.setAccepted(mask.id, accepted.has(mask.id));
  });
  return caseState(store, store.scans.get(id));
}

/** Decides, and keeps who did so, when, on which mask of which run. */
async function keepDecision(
  store: Store,
  drawings: Drawings,
  id: number,
  decision: ReviewDecision,
  reason = '',
): Promise<void> {
  const { review } = store.scans.get(id);
  const before = {
    review,
    accepted: store.masks.history(id).flatMap((mask) => (mask.accepted ? [mask.id] : [])),
  };
  await settle(store, drawings, id, decision);
  const mask = currentMask(store, id);
  store.decisions.add({
    ...{ scan: id, decision, reason: reason.trim(), before, person: store.person.name },
    newest: store.masks.history(id)[0]?.version ?? null,
    mask: mask?.id ?? null,
    run: mask?.run ?? store.predictions.latest(id)?.run ?? null,
  });
}

const MARKS = { accept: 'accepted', correct: 'corrected', reject: 'rejected' } as const;
const DECISIONS = { accepted: 'accept', corrected: 'correct', rejected: 'reject' } as const;

function decideSlices(
  store: Store,
  scan: number,
  decision: ReviewDecision,
  { from, to }: { from: number; to: number },
) {
  const last = store.scans.get(scan).size[2] - 1;
  const [first, end] = [Math.min(from, to), Math.min(Math.max(from, to), last)];
  if (decision === 'reopen') store.flags.clear(scan, 2, first, end);
  else store.flags.set(scan, 2, first, end, MARKS[decision]);
}

/** Marks along k as ranges of equal decision. */
export function sliceDecisions(store: Store, scan: number): SliceDecision[] {
  const ranges: SliceDecision[] = [];
  for (const { axis, slice, mark } of store.flags.list(scan)) {
    if (axis !== 2 || mark === 'flagged') continue;
    const last = ranges.at(-1);
    if (last && last.decision === DECISIONS[mark] && last.to === slice - 1) last.to = slice;
    else ranges.push({ from: slice, to: slice, decision: DECISIONS[mark] });
  }
  return ranges;
}

/** Accepting makes the current mask what training learns from. */
async function settle(store: Store, drawings: Drawings, id: number, decision: ReviewDecision): Promise<void> {
  const scan = store.scans.get(id);
  switch (decision) {
    case 'accept': {
      const current = currentMask(store, id);
      if (!current)
        throw new DecileError(
          'review/no-mask',
          `A case must have a mask to be accepted, got none for ${scan.name}.`,
          'Draw one, or predict it.',
        );
      const mask =
        current.origin === 'predicted'
          ? await copyAsAccepted(store, drawings, current)
          : store.masks.setAccepted(current.id, true);
      if (mask.origin === 'corrected') await judgeCase(store, mask);
      else store.scans.setReview(id, 'unreviewed');
      return;
    }
    case 'correct':
      store.scans.setReview(id, 'in-review');
      return;
    case 'reject':
      withdraw(store, id);
      store.scans.setReview(id, 'rejected');
      return;
    case 'reopen':
      withdraw(store, id);
      store.scans.setReview(id, 'unreviewed');
      return;
  }
}

/** A decision taken back: training no longer sees the masks of this case. */
function withdraw({ masks }: Store, id: number): void {
  for (const mask of masks.history(id)) if (mask.accepted) masks.setAccepted(mask.id, false);
}

/** An untouched prediction joins the labelled set as a correction of nothing, so that its history says where it is from. */
async function copyAsAccepted(store: Store, drawings: Drawings, predicted: Mask): Promise<Mask> {
  const mask = await readMask(store.path(predicted.file));
  return drawings.supersede(predicted.scan, mask, {
    ...{ origin: 'corrected', accepted: true, run: predicted.run, untouched: true },
  });
}
