/** Where a case stands: which mask counts for it, and what is to be done with it. */
import { existsSync } from 'node:fs';
import type { CaseState } from '../../../shared/contract/index.ts';
import type { Mask, Scan, Store } from '../../store/index.ts';
import { journalFile } from '../drawing/working-mask.ts';

/** The mask that stands for the case: the newest of all versions, where a drawn one goes before a prediction. */
export function currentMask(store: Store, scan: number): Mask | null {
  const predicted = store.masks.current(scan, 'predicted');
  const corrected = store.masks.current(scan, 'corrected');
  const reference = store.masks.reference(scan);
  if (reference && !(corrected && corrected.version > reference.version)) return reference;
  if (corrected && (!predicted || corrected.version > predicted.version)) return corrected;
  return predicted ?? store.masks.current(scan, 'manual');
}

export function caseState(store: Store, scan: Scan): CaseState {
  const { masks } = store;
  return stateOf(store, scan, masks.reference(scan.id), (origin) => masks.current(scan.id, origin) !== null);
}

/** `caseState` of every scan, with few questions to the store. */
export function caseStates(store: Store): Map<number, CaseState> {
  const [references, newest] = [store.masks.references(), store.masks.newest()];
  const state = (scan: Scan) =>
    stateOf(store, scan, references.get(scan.id), (origin) => newest.get(scan.id)?.[origin] !== undefined);
  return new Map(store.scans.list().map((scan) => [scan.id, state(scan)]));
}

function stateOf(
  store: Store,
  scan: Scan,
  reference: Mask | null | undefined,
  has: (origin: 'predicted' | 'manual') => boolean,
): CaseState {
  if (scan.review === 'rejected') return 'rejected';
  if (reference) return reference.origin === 'corrected' ? 'reviewed' : 'labelled';
  if (has('predicted')) return 'predicted';
  return has('manual') || existsSync(store.path(journalFile(scan.id, 'manual'))) ? 'drawing' : 'unlabelled';
}
