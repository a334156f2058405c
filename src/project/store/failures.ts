/** Turns what SQLite and the file system throw into errors with a code and a cure. */
import Database from 'better-sqlite3';
import { doingError } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';

/**
 * The DecileError for a low-level failure, or the error itself when it is none of the known ones.
 * @param what what was being done, for the message: 'Saving the mask of case 3'
 */
export function explainFailure(error: unknown, what: string): unknown {
  if (!(error instanceof Database.SqliteError)) return doingError(what, error);
  // Of the extended codes ('SQLITE_BUSY_SNAPSHOT') the first word says what to do.
  const kind = /^SQLITE_([A-Z]+)/.exec(error.code)?.[1] ?? '';
  const failed = FAILURES[kind];
  return failed ? failed(what, error) : error;
}

type Failed = (what: string, error: InstanceType<typeof Database.SqliteError>) => unknown;

const corrupt: Failed = (what, { message }) =>
  new DecileError(
    'project/corrupt',
    `${what} must find a whole project.sqlite, got ${message}.`,
    'Restore the project folder from a backup; masks/ and volumes/ hold readable NIfTI files.',
  );
const inUse: Failed = (what) =>
  new DecileError(
    'project/in-use',
    `${what} must have the project to itself, got a project that another program is writing.`,
    'Close the other program and try again.',
  );
const readOnly: Failed = (what, { message }) =>
  new DecileError(
    'disk/read-only',
    `${what} must be able to write, got ${message}.`,
    'Choose a folder that you may write to.',
  );
const broken: Failed = (what, { code, message }) =>
  new DecileError(
    'disk/failed',
    `${what} must be able to read and write the disk, got ${code} (${message}).`,
    'Check that the disk has room and is still connected.',
  );

/**
 * By SQLite's primary result code. SQLITE_ERROR comes of a schema that is not as it was made: the program's own statements are
 * right for the one that it makes. A constraint that fails is a fault of the program, and stays without a code.
 */
const FAILURES: Readonly<Record<string, Failed>> = {
  FULL: (what) => doingError(what, { code: 'ENOSPC' }),
  ...{ READONLY: readOnly, CANTOPEN: readOnly, PERM: readOnly, AUTH: readOnly },
  ...{ CORRUPT: corrupt, NOTADB: corrupt, ERROR: corrupt, FORMAT: corrupt, MISMATCH: corrupt, SCHEMA: corrupt },
  ...{ RANGE: corrupt, TOOBIG: corrupt, EMPTY: corrupt, NOTFOUND: corrupt },
  ...{ BUSY: inUse, LOCKED: inUse, PROTOCOL: inUse },
  ...{ IOERR: broken, NOLFS: broken, NOMEM: broken, INTERRUPT: broken },
};

/** Runs `work`; a low-level failure comes out explained. */
export function explained<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explainFailure(error, what);
  }
}

/** As `explained`, for promises. */
export async function explainedAsync<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainFailure(error, what);
  }
}
