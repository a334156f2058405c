/** Reading files: heads, parts of compressed streams, several at a time. */

import {
  close as closeDescriptor,
  constants,
  createReadStream,
  open as openDescriptor,
  read as readDescriptor,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip, createInflate } from 'node:zlib';
import { fileError } from '../disk/index.ts';
import { DecileError, type ErrorCode } from '../shared/errors.ts';

/** A file or series that was left out, and why. */
export interface ScanFailure {
  path: string;
  code: ErrorCode;
  message: string;
  cure: string;
}

/** What was left out because of an error. */
export const failure = (path: string, error: unknown): ScanFailure => {
  const { code, message, cure } = fileError(path, error);
  return { path, code, message, cure };
};

/** A link that was not followed: what lies behind it may be anybody's, and the whole machine. */
export const linkOutside = (path: string, folder: string): ScanFailure => ({
  path,
  code: 'file/link-outside',
  message: `${path} must stay below ${folder}, got a link out of it.`,
  cure: 'Copy what it leads to into the folder, or import with --follow-links.',
});

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

export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

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
