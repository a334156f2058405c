/**
 * Transactions that files belong to: a file is in its place before its row is committed, and goes again where that fails. One that
 * nothing names any more goes once the commit is written.
 */
import type { Db } from './database.ts';

interface UnderWay {
  /** What to do should the transaction fail, and once it is written. */
  readonly undos: (() => void)[];
  readonly after: (() => void)[];
}

const underWay = new WeakMap<Db, UnderWay>();

/**
 * All of `work` is written, or nothing; nested calls are savepoints. Where it fails, what `onRollback` was given in it is called, the
 * last first; once the outermost is written, what `onCommit` was given.
 */
export function inTransaction<T>(db: Db, work: () => T): T {
  const { undos, after } = underWay.get(db) ?? { undos: [], after: [] };
  underWay.set(db, { undos, after });
  const [undosBefore, afterBefore] = [undos.length, after.length];
  const outermost = !db.inTransaction;
  let done: T;
  try {
    done = db.transaction(work)();
  } catch (error) {
    after.splice(afterBefore);
    for (const undo of undos.splice(undosBefore).reverse()) if (!mayBeWritten(error)) undo();
    throw error;
  } finally {
    if (outermost) underWay.delete(db);
  }
  if (outermost) for (const act of after) act();
  return done;
}

/** To be called in `inTransaction`. */
export const onRollback = (db: Db, undo: () => void): void => {
  underWay.get(db)?.undos.push(undo);
};

/** To be called in `inTransaction`; `act` must not throw, since all is written by then. */
export const onCommit = (db: Db, act: () => void): void => {
  underWay.get(db)?.after.push(act);
};

/** After a failure of the disk nobody knows whether the commit reached it: a file without a row is the lesser evil. */
const mayBeWritten = (error: unknown): boolean => String((error as { code?: unknown }).code).startsWith('SQLITE_IOERR');
