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
  const { code } = error;
  switch (code) {
    case 'SQLITE_FULL':
      return doingError(what, { code: 'ENOSPC' });
    case 'SQLITE_READONLY':
    case 'SQLITE_READONLY_DIRECTORY':
    case 'SQLITE_CANTOPEN':
      return new DecileError(
        'disk/read-only',
        `${what} must be able to write, got ${error.message}.`,
        'Choose a folder that you may write to.',
      );
    default:
      break;
  }
  if (code === 'SQLITE_CORRUPT' || code?.startsWith('SQLITE_CORRUPT_') || code === 'SQLITE_NOTADB') {
    return new DecileError(
      'project/corrupt',
      `${what} must find a whole project.sqlite, got ${error.message}.`,
      'Restore the project folder from a backup; masks/ and volumes/ hold readable NIfTI files.',
    );
  }
  if (code === 'SQLITE_BUSY' || code?.startsWith('SQLITE_BUSY_')) {
    return new DecileError(
      'project/in-use',
      `${what} must have the project to itself, got a project that another program is writing.`,
      'Close the other program and try again.',
    );
  }
  if (code?.startsWith('SQLITE_IOERR')) {
    return new DecileError(
      'disk/failed',
      `${what} must be able to read and write the disk, got ${code} (${error.message}).`,
      'Check that the disk has room and is still connected.',
    );
  }
  return error;
}

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
