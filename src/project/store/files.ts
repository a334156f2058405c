/** Files that appear whole or not at all: temporary name in the same folder, flushed to disk, renamed. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { explained } from './failures.ts';

/** Leftovers of a killed process end in this; opening a project for writing sweeps them. */
export const TEMPORARY_SUFFIX = '.part';

/** Writes `content` to `path` atomically, making its folder; throws `disk/full` or `disk/read-only`. */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${randomUUID()}${TEMPORARY_SUFFIX}`;
  explained(`Writing ${path}`, () => {
    mkdirSync(dirname(path), { recursive: true });
    try {
      const file = openSync(temporary, 'wx');
      try {
        const bytes = typeof content === 'string' ? Buffer.from(content) : content;
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  });
}

/** Moves a finished file into its place (same disk), making the folder. */
export function moveIntoPlace(from: string, to: string): void {
  explained(`Moving ${from} to ${to}`, () => {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  });
}

/** Writes rows that belong to a new file; where that fails (a full disk), the file goes too. */
export function orRemove<T>(path: string, writeRows: () => T): T {
  try {
    return writeRows();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}
