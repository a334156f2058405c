/**
 * What was measured or found on this machine, in files of the user's cache folder. They may be lost at any time. The engine
 * stands on core alone, so this one file is written without `src/disk`: whole, by a rename, and never flushed.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../tensorflow/installation.ts';
import { usableCores } from './environment.ts';

const SEPARATOR = ' | ';

/** One key of a cache file. */
export const keyOf = (...parts: (string | number)[]): string => parts.join(SEPARATOR);

/** How a key for this machine begins. @param cores that compute; default those of this process */
export const machineKey = (cores = usableCores()): string => keyOf(os.cpus()[0]?.model.trim() ?? 'unknown', cores, '');

/** The newest entries that a file keeps. */
const KEPT = 200;

export function readCache<T>(name: string): Record<string, T> {
  try {
    return JSON.parse(readFileSync(join(cacheFolder(), name), 'utf8'));
  } catch {
    return {}; // none yet, or unreadable: it is only a cache
  }
}

/** Puts one entry in place of its last one, written whole. A cache folder that cannot be written is no error. */
export function keepInCache<T>(name: string, key: string, value: T): void {
  const path = join(cacheFolder(), name);
  const kept = Object.entries({ ...readCache<T>(name), [key]: value }).slice(-KEPT);
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Every process of this number takes the same name, so that nothing adds up.
    const part = `${path}.${process.pid}.part`;
    writeFileSync(part, JSON.stringify(Object.fromEntries(kept), null, 1));
    renameSync(part, path);
  } catch {
    // Measured or looked for again next time.
  }
}
