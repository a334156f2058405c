/** Builds what several programs need, and one alone may make: where it is missing or older than its sources. */
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const LONGEST_BUILD_MS = 10 * 60_000;

export interface Build {
  /** Folder of what is built. The stamp and the lock lie in it: `make` leaves what it did not write. */
  out: string;
  /** Files and folders it is built from. */
  sources: readonly string[];
  /** Throws where it fails. */
  make(): void;
}

/**
 * Builds where needed, or waits for who builds.
 * @param onStart called where there is something to build
 */
export function buildOnce({ out, sources, make }: Build, onStart?: () => void): void {
  /** Written when a build is whole; its time is that of the build's start. */
  const stamp = join(out, '.built');
  const isBuilt = () => {
    const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return sources.every((source) => newest(source) < built);
  };
  if (isBuilt()) return;
  onStart?.();
  mkdirSync(out, { recursive: true });
  // An exclusive transaction on an empty file: the operating system drops it however its process ends.
  const lock = new Database(join(out, '.lock'), { timeout: LONGEST_BUILD_MS });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    if (isBuilt()) return;
    const started = new Date();
    rmSync(stamp, { force: true });
    make();
    writeFileSync(stamp, '');
    utimesSync(stamp, started, started);
  } finally {
    lock.close();
  }
}

/** Milliseconds of the latest change of a file, or of anything in a folder. */
function newest(path: string): number {
  const found = statSync(path);
  const inside = found.isDirectory() ? readdirSync(path).map((name) => newest(join(path, name))) : [];
  return Math.max(found.mtimeMs, ...inside);
}
