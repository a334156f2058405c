/** Folders that are made whole, and stay. */
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { explained } from './failures.ts';
import { FOLDER_MODE } from './modes.ts';

/** Makes a folder with those above it, readable by their owner alone, and flushes where each was entered. */
export function makeFolder(path: string): void {
  explained(`Making ${path}`, () => {
    // One by one: Node's `recursive` tries for ever where a folder that is there refuses new ones as "no such file" (automounts, /proc).
    const made = missingFolders(path);
    for (const folder of made) {
      try {
        mkdirSync(folder, { mode: FOLDER_MODE });
      } catch (error) {
        // Somebody else made it meanwhile.
        if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
      }
    }
    for (const folder of made.reverse()) flushFolder(dirname(folder));
  });
}

/** The folders of a path that are not there, from the top; the path itself where it is a file. */
function missingFolders(path: string): string[] {
  const folder = resolve(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return dirname(folder) === folder ? [folder] : [...missingFolders(dirname(folder)), folder];
}

/** A name is on the disk once its folder is flushed. Windows has no such thing, and some network drives refuse it. */
export function flushFolder(path: string): void {
  if (process.platform === 'win32') return;
  let folder: number | undefined;
  try {
    folder = openSync(path, 'r');
    fsyncSync(folder);
  } catch (error) {
    if (!UNFLUSHABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}

const UNFLUSHABLE = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EPERM']);
