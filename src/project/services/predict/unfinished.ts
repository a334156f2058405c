/** Drawings that nobody finished: no prediction covers them. */
import { existsSync } from 'node:fs';
import { DecileError } from '../../../shared/errors.ts';
import type { LeftOut } from '../../../shared/left-out.ts';
import type { Scan, Store } from '../../store/index.ts';
import { DRAWN_KINDS, journalFile } from '../drawing/working-mask.ts';

/** Whether strokes of the scan are in no version yet, or its newest version was drawn and nobody decided on it. */
export function isUnfinished(store: Store, scan: number): boolean {
  if (DRAWN_KINDS.some((kind) => existsSync(store.path(journalFile(scan, kind))))) return true;
  const [newest] = store.masks.history(scan);
  if (!newest || newest.origin === 'predicted' || newest.accepted) return false;
  return store.scans.get(scan).review !== 'rejected';
}

export const unfinished = ({ id, name }: Scan): LeftOut => ({
  scan: id,
  name,
  code: 'predict/drawing',
  message: `A scan must have no unfinished drawing to be predicted, got one of ${name}.`,
  cure: 'Accept the drawing or reject the case; then predict again.',
});

/** Nothing is left to predict. */
export const onlyUnfinished = ([{ code, message, cure }]: readonly LeftOut[]): DecileError =>
  new DecileError(code, message, cure);
