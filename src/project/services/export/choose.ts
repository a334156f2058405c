/** Which mask of each scan leaves the project, and how many there are of each kind. */
import type { ExportCounts } from '../../../shared/contract/index.ts';
import type { ExportChoice } from '../../../shared/export-formats.ts';
import type { Mask, Run, Scan, Store } from '../../store/index.ts';
import { currentMask } from '../review/case-states.ts';

export interface MaskChoice {
  /** `accepted`: drawn by hand or accepted; `predictions`: as runs made them; `all`: accepted, else the prediction. */
  which: ExportChoice;
  /** This run's predictions alone. */
  run: Run | null;
  /** Rejected masks too. */
  withRejected: boolean;
}

/** The mask of a scan that is exported, and what a person said of it. */
export interface ChosenMask {
  mask: Mask | null;
  /** A person stands for the case: it was drawn by hand or accepted. A rejected one that was asked for counts too. */
  decided: boolean;
  /** There is a mask, and it was rejected. */
  rejected: boolean;
}

export function chooseMask(store: Store, scan: Scan, { which, run, withRejected }: MaskChoice): ChosenMask {
  const reference = store.masks.reference(scan.id);
  const predicted = predictionOf(store, scan, run);
  const offered =
    run || which === 'predictions' ? predicted : which === 'accepted' ? reference : (reference ?? predicted);
  if (!isRejected(store, scan, run ? predicted : null))
    return { mask: offered, decided: reference !== null, rejected: false };
  if (!withRejected)
    return { mask: null, decided: false, rejected: offered !== null || currentMask(store, scan.id) !== null };
  return {
    mask: run || which === 'predictions' ? predicted : currentMask(store, scan.id),
    decided: true,
    rejected: true,
  };
}

function predictionOf(store: Store, scan: Scan, run: Run | null): Mask | null {
  if (!run) return store.masks.current(scan.id, 'predicted');
  const prediction = store.predictions.get(run.id, scan.id);
  return prediction && store.masks.get(prediction.mask);
}

/** A case is rejected now; a run's prediction also where it was rejected and only a later run's is not. */
function isRejected(store: Store, scan: Scan, prediction: Mask | null): boolean {
  if (prediction === null) return scan.review === 'rejected';
  const last = store.decisions
    .list(scan.id)
    .findLast(({ undoneAt, run }) => undoneAt === null && run === prediction.run);
  return last ? last.decision === 'reject' : scan.review === 'rejected';
}

export function countChoices(store: Store, scans: readonly Scan[], run: Run | null = null): ExportCounts {
  const counts: ExportCounts = { accepted: 0, predictions: 0, all: 0, unseen: 0, rejected: 0 };
  for (const scan of scans) {
    const choose = (which: ExportChoice) => chooseMask(store, scan, { which, run: null, withRejected: false });
    if (choose('accepted').mask) counts.accepted++;
    if (chooseMask(store, scan, { which: 'predictions', run, withRejected: false }).mask) counts.predictions++;
    const all = choose('all');
    if (all.mask) counts.all++;
    if (all.mask && !all.decided) counts.unseen++;
    if (all.rejected) counts.rejected++;
  }
  return counts;
}
