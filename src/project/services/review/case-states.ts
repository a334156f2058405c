/** Where a case stands: which mask counts for it, and what is to be done with it. */
import { existsSync } from 'node:fs';
import { listFolder } from '../../../disk/index.ts';
import type { CaseState } from '../../../shared/contract/index.ts';
import type { Mask, Scan, Store } from '../../store/index.ts';
import { journalFile } from '../drawing/working-mask.ts';

/** The mask that stands for the case: the newest of all versions, where a drawn one goes before a prediction. */
export function currentMask(store: Store, scan: number): Mask | null {
  const predicted = store.masks.current(scan, 'predicted');
  const corrected = store.masks.current(scan, 'corrected');
  const manual = store.masks.current(scan, 'manual');
  const reference = store.masks.reference(scan);
  const since = Math.max(corrected?.version ?? 0, predicted?.version ?? 0, reference?.version ?? 0);
  if (reference && manual && manual.version > since) return manual;
  if (reference && !(corrected && corrected.version > reference.version)) return reference;
  if (corrected && (!predicted || corrected.version > predicted.version)) return corrected;
  return predicted ?? manual;
}

export function caseState(store: Store, scan: Scan): CaseState {
  const { masks } = store;
  return stateOf(
    store,
    scan,
    masks.reference(scan.id),
    (origin) => masks.current(scan.id, origin) !== null,
    () => true,
  );
}

/** `caseState` of every scan, with few questions to the store and the disk. */
export function caseStates(store: Store, scans: readonly Scan[] = store.scans.list()): Map<number, CaseState> {
  const [references, newest] = [store.masks.references(), store.masks.newest()];
  const folders = foldersOfMasks(store);
  const state = (scan: Scan) =>
    stateOf(
      store,
      scan,
      references.get(scan.id),
      (origin) => newest.get(scan.id)?.[origin] !== undefined,
      () => folders.has(String(scan.id)),
    );
  return new Map(scans.map((scan) => [scan.id, state(scan)]));
}

/** Scans that have a folder of masks or strokes: one look at the disk in the place of thousands. */
function foldersOfMasks(store: Store): ReadonlySet<string> {
  const root = store.path('masks');
  return new Set(existsSync(root) ? listFolder(root).map(({ name }) => name) : []);
}

function stateOf(
  store: Store,
  scan: Scan,
  reference: Mask | null | undefined,
  has: (origin: 'predicted' | 'manual') => boolean,
  /** False where there is no folder that a journal could lie in. */
  mayBeDrawn: () => boolean,
): CaseState {
  if (scan.review === 'rejected') return 'rejected';
  if (reference) return reference.origin === 'corrected' ? 'reviewed' : 'labelled';
  if (has('predicted')) return 'predicted';
  const drawn = () => mayBeDrawn() && existsSync(store.path(journalFile(scan.id, 'manual')));
  return has('manual') || drawn() ? 'drawing' : 'unlabelled';
}
