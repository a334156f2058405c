/**
 * Files that appear whole or not at all, and stay: written beside their place, flushed, renamed over it, and the folder flushed
 * too. A reader at any moment finds the old file or the new one; after a loss of power likewise.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { DecileError } from '../core/errors.ts';
import { explained, fileError } from './failures.ts';
import { flushFolder, makeFolder } from './folders.ts';
import { FILE_MODE } from './modes.ts';
import { temporaryPath } from './temporary.ts';

export interface WriteOptions {
  /** Permissions of the file. */
  mode?: number;
  /** false for what can be made again: then a loss of power may take the file. */
  flush?: boolean;
}

/**
 * Writes `content`, making the folder.
 * @throws disk/full, disk/read-only, disk/failed; the old file is as it was
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, options: WriteOptions = {}): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  replace(path, options, (file) => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  });
}

/** Copies a file, as `writeFileAtomic`. */
export function copyFileAtomic(from: string, to: string, options: WriteOptions = {}): void {
  replace(to, options, (file) => {
    const source = openSync(from, 'r');
    try {
      const chunk = Buffer.allocUnsafe(1 << 20);
      for (let got = readSync(source, chunk); got > 0; got = readSync(source, chunk))
        for (let at = 0; at < got; ) at += writeSync(file, chunk, at, got - at);
    } finally {
      closeSync(source);
    }
  });
}

function replace(path: string, { mode = FILE_MODE, flush = true }: WriteOptions, write: (file: number) => void): void {
  const temporary = temporaryPath(path);
  explained(`Writing ${path}`, () => {
    makeFolder(dirname(path));
    try {
      const file = openSync(temporary, 'wx', mode);
      try {
        write(file);
        if (flush) fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    if (flush) flushFolder(dirname(path));
  });
}

/**
 * As `writeFileAtomic` for what is written piece by piece and named by the user: the folder must exist.
 * @throws file/disk-full, file/no-permission and other codes of the file
 */
export async function streamFileAtomic(
  path: string,
  write: (handle: FileHandle) => Promise<void>,
  { mode = FILE_MODE, flush = true }: WriteOptions = {},
): Promise<void> {
  const temporary = temporaryPath(path);
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'wx', mode).catch((error: unknown) => {
      throw existsSync(dirname(path)) ? error : noFolder(path);
    });
    await write(handle);
    if (flush) await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
    if (flush) flushFolder(dirname(path));
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(path, error);
  }
}

const noFolder = (path: string): DecileError =>
  new DecileError(
    'file/missing',
    `${dirname(path)} must be a folder to write ${basename(path)} into, got no such folder.`,
    'Make the folder first, or check the path.',
  );

/** Writes every byte; FileHandle.write may write fewer. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  const MAX_WRITE = 1 << 30;
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, at, Math.min(MAX_WRITE, bytes.byteLength - at));
    at += bytesWritten;
  }
}

/** Makes a file that somebody else fills its owner's alone, empty where there is none; one of another user stays as it is. */
export function ownFile(path: string): void {
  closeSync(openSync(path, 'a', FILE_MODE));
  try {
    if ((statSync(path).mode & 0o777) !== FILE_MODE) chmodSync(path, FILE_MODE);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Moves a finished file into its place (same disk), making the folder; both folders are flushed. */
export function moveIntoPlace(from: string, to: string): void {
  explained(`Moving ${from} to ${to}`, () => {
    makeFolder(dirname(to));
    renameSync(from, to);
    flushFolder(dirname(to));
    if (dirname(from) !== dirname(to)) flushFolder(dirname(from));
  });
}
