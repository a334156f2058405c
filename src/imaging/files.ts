/** Files: heads, atomic writes, names, and a walk that no symbolic link can trap. */
import { randomBytes } from 'node:crypto';
import {
  close as closeDescriptor,
  constants,
  createReadStream,
  open as openDescriptor,
  read as readDescriptor,
} from 'node:fs';
import { type FileHandle, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createGunzip, createInflate } from 'node:zlib';
import { DecileError, type ErrorCode } from '../shared/errors.ts';

/** A file or series that was left out, and why. */
export interface ScanFailure {
  path: string;
  code: ErrorCode;
  message: string;
  cure: string;
}

/** The coded error for what the file system said. */
export function fileError(path: string, error: unknown): DecileError {
  if (error instanceof DecileError) return error;
  const code = (error as NodeJS.ErrnoException)?.code ?? '';
  const said = error instanceof Error ? error.message : String(error);
  const table: Record<string, [ErrorCode, string, string]> = {
    ENOENT: [
      'file/missing',
      `${path} must exist, got no such file.`,
      'Check the path, and that the drive is still connected.',
    ],
    ENOTDIR: ['file/missing', `${path} must exist, got a path through a file.`, 'Check the path.'],
    EACCES: [
      'file/no-permission',
      `${path} must be accessible, got permission denied.`,
      'Change the permissions or copy it to a folder of your own.',
    ],
    EPERM: [
      'file/no-permission',
      `${path} must be accessible, got operation not permitted.`,
      'Change the permissions or copy it to a folder of your own.',
    ],
    EROFS: ['file/read-only', `${path} must be writable, got a read-only drive.`, 'Choose another folder.'],
    EISDIR: ['file/is-folder', `${path} must be a file, got a folder.`, 'Name a file.'],
    ELOOP: [
      'file/link-loop',
      `${path} must lead to a file, got symbolic links in a circle.`,
      'Remove the circular link.',
    ],
    ENAMETOOLONG: [
      'file/name-too-long',
      `${path} must be a path that the system accepts, got one that is too long.`,
      'Use a shorter folder or file name.',
    ],
    ENOSPC: [
      'file/disk-full',
      `${path} must fit on the disk, got no space left.`,
      'Free some space, then try again: nothing was overwritten.',
    ],
    EDQUOT: [
      'file/disk-full',
      `${path} must fit your disk quota, got quota exceeded.`,
      'Free some space, then try again: nothing was overwritten.',
    ],
  };
  const row = table[code];
  if (row) return new DecileError(...row);
  if (['EIO', 'ESTALE', 'ENXIO', 'ENODEV', 'ETIMEDOUT', 'EHOSTDOWN', 'ENOTCONN', 'EBUSY', 'EAGAIN'].includes(code)) {
    return new DecileError(
      'file/unreadable',
      `${path} must be readable, got ${said}.`,
      'Check the drive or the network connection, then import again.',
    );
  }
  return new DecileError(
    'file/unreadable',
    `${path} must be readable, got ${said}.`,
    'Check the file, then try again.',
  );
}

export const failure = (path: string, error: unknown): ScanFailure => {
  const { code, message, cure } = fileError(path, error);
  return { path, code, message, cure };
};

export async function fileSize(path: string): Promise<number> {
  try {
    const info = await stat(path);
    if (info.isDirectory())
      throw new DecileError('file/is-folder', `${path} must be a file, got a folder.`, 'Name a file.');
    if (!info.isFile())
      throw new DecileError(
        'file/unreadable',
        `${path} must be an ordinary file, got a device or socket.`,
        'Name a file.',
      );
    return info.size;
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Fills `into` from `position` on in one opening of the file; returns how many bytes there were. By file descriptor:
 * a series is many small files, and a FileHandle for each costs more than the reading.
 */
export function readInto(path: string, into: Uint8Array, position: number): Promise<number> {
  return new Promise((done, fail) => {
    openDescriptor(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0), (error, descriptor) => {
      if (error) return fail(fileError(path, error));
      let at = 0;
      const end = (failed: unknown) =>
        closeDescriptor(descriptor, () => (failed ? fail(fileError(path, failed)) : done(at)));
      const next = () =>
        readDescriptor(descriptor, into, at, into.length - at, position + at, (failed, count) => {
          if (failed || count === 0) return end(failed);
          at += count;
          if (at === into.length) end(null);
          else next();
        });
      next();
    });
  });
}

/**
 * The first `bytes` bytes (fewer where the file is shorter).
 * @param reuse memory of that size to read into
 */
export async function readHead(path: string, bytes: number, reuse?: Buffer): Promise<Buffer> {
  const head = reuse ?? Buffer.allocUnsafe(bytes);
  return head.subarray(0, await readInto(path, head, 0));
}

export type Compression = 'none' | 'gzip' | 'zlib';

/**
 * Reads `length` bytes that start at `offset` of the (decompressed) stream into one fresh buffer.
 * Stops decompressing once they are there, so that a bomb behind them costs nothing.
 * @returns the bytes, fewer than asked where the stream ends early
 * @throws scan/corrupt for a damaged compressed stream
 */
export async function readBytes(
  path: string,
  compression: Compression,
  offset: number,
  length: number,
  start = 0,
): Promise<Uint8Array> {
  const out = new Uint8Array(length);
  let skipped = 0;
  let at = 0;
  const raw = createReadStream(path, {
    highWaterMark: 1 << 20,
    start: compression === 'none' ? start + offset : start,
  });
  if (compression === 'none') skipped = offset;
  const stream =
    compression === 'none'
      ? raw
      : raw.pipe(compression === 'gzip' ? createGunzip({ chunkSize: 1 << 18 }) : createInflate({ chunkSize: 1 << 18 }));
  // pipe() does not forward the file's own errors.
  raw.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let part = chunk;
      if (skipped < offset) {
        const drop = Math.min(part.length, offset - skipped);
        skipped += drop;
        part = part.subarray(drop);
      }
      const take = Math.min(part.length, length - at);
      out.set(part.subarray(0, take), at);
      at += take;
      if (at === length) break;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'Z_BUF_ERROR') return out.subarray(0, at);
    if (code.startsWith('Z_') || code === 'ERR_PADDING') {
      throw new DecileError(
        'scan/corrupt',
        `The compressed data of ${path} must be whole, got ${(error as Error).message}.`,
        'The file is damaged: copy or export it again.',
      );
    }
    throw fileError(path, error);
  } finally {
    raw.destroy();
  }
  return out.subarray(0, at);
}

/**
 * Writes to a new file in the same folder, syncs it, renames it over `path`: readers see the old file or the new one.
 * @param sync false for what can be made again: then a loss of power may take the file
 */
export async function writeAtomically(
  path: string,
  write: (handle: FileHandle) => Promise<void>,
  sync = true,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.part`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'wx');
    await write(handle);
    if (sync) await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(path, error);
  }
}

/** Writes every byte; FileHandle.write may write fewer. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  const MAX_WRITE = 1 << 30;
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, at, Math.min(MAX_WRITE, bytes.byteLength - at));
    at += bytesWritten;
  }
}

export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * Every ordinary file below `folder`, sorted by path. Follows links, each real folder once, so that circles end.
 * Folders that cannot be read are handed to `onFailure` and the walk goes on.
 */
export async function walk(
  folder: string,
  onFailure: (failure: ScanFailure) => void,
  signal?: AbortSignal,
): Promise<string[]> {
  const files: string[] = [];
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    signal?.throwIfAborted();
    try {
      const real = await realpath(path);
      if (seen.has(real)) return;
      seen.add(real);
      const entries = await readdir(path, { withFileTypes: true });
      entries.sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const entry of entries) {
        if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
        const child = join(path, entry.name);
        if (entry.isDirectory()) await visit(child);
        else if (entry.isFile()) files.push(child);
        else if (entry.isSymbolicLink()) await visitLink(child);
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      onFailure(failure(path, error));
    }
  };
  const visitLink = async (path: string): Promise<void> => {
    try {
      const info = await stat(path);
      if (info.isDirectory()) await visit(path);
      else if (info.isFile()) files.push(path);
    } catch (error) {
      if (signal?.aborted) throw error;
      onFailure(failure(path, error));
    }
  };
  await visit(folder);
  return files;
}

/** Runs `work` over the items, at most `width` at a time, results in the items' order. */
export async function mapLimited<A, B>(
  items: readonly A[],
  width: number,
  work: (item: A, index: number) => Promise<B>,
): Promise<B[]> {
  const out = new Array<B>(items.length);
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < items.length; n = next++) out[n] = await work(items[n], n);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return out;
}
