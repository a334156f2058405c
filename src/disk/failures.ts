/** What the file system says, in words: one row for each of its error numbers. */
import { DecileError, type ErrorCode } from '../core/errors.ts';

interface DiskFailure {
  /** Code for a file that somebody named. */
  file: ErrorCode;
  /** Code for something that the program was doing. */
  doing: ErrorCode;
  /** What the file must do. */
  must: string;
  got: string;
  cure: string;
}

type Codes = readonly [file: ErrorCode, doing: ErrorCode];
const both = (code: ErrorCode): Codes => [code, code];
const FULL: Codes = ['file/disk-full', 'disk/full'];
const DENIED: Codes = ['file/no-permission', 'disk/read-only'];
const BROKEN: Codes = ['file/unreadable', 'disk/failed'];

const CONNECTED = 'Check the drive or the network connection, then try again.';
const FREE = 'Free some space and try again: nothing was left half-written or overwritten.';
const PERMIT = 'Change the permissions, or choose a folder of your own.';

const row = ([file, doing]: Codes, must: string, got: string, cure: string): DiskFailure => ({
  ...{ file, doing, must, got, cure },
});

/** By error number, as Node names it. */
export const DISK_FAILURES: Readonly<Record<string, DiskFailure>> = {
  ENOENT: row(both('file/missing'), 'exist', 'no such file', 'Check the path, and that the drive is still connected.'),
  ENOTDIR: row(both('file/missing'), 'exist', 'a path through a file', 'Check the path.'),
  EEXIST: row(both('file/missing'), 'exist', 'a file where a folder must be', 'Choose another folder.'),
  EACCES: row(DENIED, 'be accessible', 'permission denied', PERMIT),
  EPERM: row(DENIED, 'be accessible', 'operation not permitted', PERMIT),
  EROFS: row(['file/read-only', 'disk/read-only'], 'be writable', 'a read-only drive', 'Choose another folder.'),
  EISDIR: row(both('file/is-folder'), 'be a file', 'a folder', 'Name a file.'),
  ELOOP: row(both('file/link-loop'), 'lead to a file', 'symbolic links in a circle', 'Remove the circular link.'),
  ENAMETOOLONG: row(
    both('file/name-too-long'),
    'be a path that the system accepts',
    'one that is too long',
    'Use a shorter folder or file name.',
  ),
  ENOSPC: row(FULL, 'have room on the disk', 'a full disk', FREE),
  EDQUOT: row(FULL, 'have room on the disk', 'an exceeded disk quota', FREE),
  EFBIG: row(BROKEN, 'fit its drive', 'a file too large for it', 'Choose a drive that takes large files (not FAT32).'),
  ENOTEMPTY: row(BROKEN, 'be empty', 'a folder with files in it', 'Empty it, or choose another folder.'),
  EXDEV: row(BROKEN, 'stay on its drive', 'two different drives', 'Choose a folder on the same drive.'),
  EMFILE: row(BROKEN, 'be readable', 'too many open files', 'Close other programs, or raise the limit (ulimit -n).'),
  ENFILE: row(BROKEN, 'be readable', 'too many open files on this machine', 'Close other programs.'),
  EBUSY: row(BROKEN, 'be free', 'one that another program holds', 'Close the other program, then try again.'),
  ETXTBSY: row(BROKEN, 'be free', 'a program that is running', 'Close that program, then try again.'),
  EIO: row(BROKEN, 'be readable', 'an input or output error of the drive', CONNECTED),
  ENXIO: row(BROKEN, 'be readable', 'no such device', CONNECTED),
  ENODEV: row(BROKEN, 'be readable', 'no such device', CONNECTED),
  ESTALE: row(BROKEN, 'be readable', 'a network drive that has changed', CONNECTED),
  ETIMEDOUT: row(BROKEN, 'be readable', 'no answer in time', CONNECTED),
  EHOSTDOWN: row(BROKEN, 'be readable', 'a file server that is down', CONNECTED),
  ENOTCONN: row(BROKEN, 'be readable', 'a network drive that is not connected', CONNECTED),
  EAGAIN: row(BROKEN, 'be readable', 'a drive that is busy', CONNECTED),
};

/** What an action of the program must do, by the code of its failure. */
const DOING_MUST: Partial<Record<ErrorCode, string>> = {
  'disk/full': 'have room on the disk',
  'disk/read-only': 'be able to write',
  'disk/failed': 'be able to read and write the disk',
};

const errorNumber = (error: unknown): string => (error as NodeJS.ErrnoException | null)?.code ?? '';
const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The coded error for what the file system said of a file; one that has a code already stays as it is. */
export function fileError(path: string, error: unknown): DecileError {
  if (error instanceof DecileError) return error;
  const known = DISK_FAILURES[errorNumber(error)];
  const { file, must, got, cure } = known ?? row(BROKEN, 'be readable', text(error), 'Check the file, then try again.');
  return new DecileError(file, `${path} must ${must}, got ${got}.`, cure);
}

/**
 * The coded error for what the file system said while the program did something; the error itself where it is none of the
 * file system's.
 * @param doing for the message: 'Saving the mask of case 3'
 */
export function doingError(doing: string, error: unknown): unknown {
  if (error instanceof DecileError) {
    // Readers and writers of images name the file; what a project does says the same with one code.
    const { cure } = DISK_FAILURES.ENOSPC;
    if (error.code !== 'file/disk-full') return error;
    return new DecileError('disk/full', `${doing} must have room on the disk, got a full disk.`, cure);
  }
  const known = DISK_FAILURES[errorNumber(error)];
  if (!known) return error;
  const { path } = error as NodeJS.ErrnoException;
  const must = DOING_MUST[known.doing] ?? 'succeed';
  return new DecileError(
    known.doing,
    `${doing} must ${must}, got ${known.got}${path ? ` (${path})` : ''}.`,
    known.cure,
  );
}

/** Runs `work`; what the file system says comes out in words. */
export function explained<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw doingError(doing, error);
  }
}
