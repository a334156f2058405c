/** Turns what SQLite and the file system throw into errors with a code and a cure. */
import Database from 'better-sqlite3';
import { DecileError } from '../../shared/errors.ts';

interface NodeError extends Error {
  code?: string;
  path?: string;
}

/**
 * The DecileError for a low-level failure, or the error itself when it is none of the known ones.
 * @param what what was being done, for the message: 'Saving the mask of case 3'
 */
export function explainFailure(error: unknown, what: string): unknown {
  if (error instanceof DecileError) {
    // Readers and writers of images have codes of their own for the disk; a project says it with one.
    if (error.code === 'file/disk-full') return diskFull(what);
    return error;
  }
  const code = (error as NodeError | null)?.code;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'SQLITE_FULL':
      return diskFull(what);
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
    case 'SQLITE_READONLY':
    case 'SQLITE_READONLY_DIRECTORY':
    case 'SQLITE_CANTOPEN':
      return new DecileError(
        'disk/read-only',
        `${what} must be able to write, got ${(error as Error).message}.`,
        'Choose a folder that you may write to.',
      );
    default:
      break;
  }
  if (error instanceof Database.SqliteError) {
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
  }
  return error;
}

const diskFull = (what: string): DecileError =>
  new DecileError(
    'disk/full',
    `${what} must have room on the disk, got a full disk.`,
    'Free some space and try again; nothing was left half-written.',
  );

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
