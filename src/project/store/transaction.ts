/** Transactions that files belong to: a file is in its place before its row is committed, and goes again where that fails. */
import type { Db } from './database.ts';

/** What to do, by database, should the transaction that is under way fail. */
const undoing = new WeakMap<Db, (() => void)[]>();

/** All of `work` is written, or nothing; nested calls are savepoints. Where it fails, what `onRollback` was given in it is called, the last first. */
export function inTransaction<T>(db: Db, work: () => T): T {
  const undos = undoing.get(db) ?? [];
  undoing.set(db, undos);
  const before = undos.length;
  const outermost = !db.inTransaction;
  try {
    return db.transaction(work)();
  } catch (error) {
    for (const undo of undos.splice(before).reverse()) if (!mayBeWritten(error)) undo();
    throw error;
  } finally {
    if (outermost) undoing.delete(db);
  }
}

/** To be called in `inTransaction`. */
export const onRollback = (db: Db, undo: () => void): void => {
  undoing.get(db)?.push(undo);
};

/** After a failure of the disk nobody knows whether the commit reached it: a file without a row is the lesser evil. */
const mayBeWritten = (error: unknown): boolean => String((error as { code?: unknown }).code).startsWith('SQLITE_IOERR');
