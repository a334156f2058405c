/**
 * Names of files and folders that are not finished: they say which process makes them, so that what a killed one left can be
 * told from what a live one is writing, and be swept.
 */
import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from './folders.ts';
import { type FolderEntry, listFolder } from './walk.ts';

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** Tells this process from an earlier one of the same number: containers begin to count anew. */
const PROCESS = randomBytes(4).toString('hex');
let made = 0;

const mark = (): string => `${HOST}-${process.pid}-${PROCESS}-${++made}.part`;

/** A new name beside `path`, hidden, so that no listing takes it for the file. */
export const temporaryPath = (path: string): string =>
  join(dirname(path), `.${basename(path).slice(0, 100)}.${mark()}`);

/** Makes a folder of this process in `parent`; whoever makes it removes it, or the next sweep does. */
export function temporaryFolder(parent: string, name: string): string {
  const path = join(parent, `.${name}.${mark()}`);
  makeFolder(path);
  return path;
}

const MARKED = /\.([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-\d+\.part$/;
/** How earlier versions named the process, where they did. */
const OLD_MARK = /\.part-(\d+)$|\.(\d+)\.(?:part|tmp)$/;

export interface SweepOptions {
  /** Folders below to look into. */
  depth?: number;
  /** Nobody on another machine writes here (the project's lock is held). */
  alone?: boolean;
  /** Names without this module's mark that are leftovers here, unless they name a live process. */
  unmarked?: RegExp;
}

/** Whether a name is one that a process left which is gone. */
export function isLeftover(name: string, { alone = false, unmarked }: SweepOptions = {}): boolean {
  const marked = MARKED.exec(name);
  if (marked) {
    const [, host, pid, token] = marked;
    if (host !== HOST) return alone;
    return Number(pid) === process.pid ? token !== PROCESS : !isAlive(Number(pid));
  }
  if (!unmarked?.test(name)) return false;
  const old = OLD_MARK.exec(name);
  return !old || !isAlive(Number(old[1] ?? old[2]));
}

/**
 * Removes what killed processes left in `folder` and below. Links are not followed. What cannot be read or removed stays:
 * sweeping never stops the work that follows.
 * @returns the paths that were removed
 */
export function sweepLeftovers(folder: string, options: SweepOptions = {}): string[] {
  const { depth = 0 } = options;
  let entries: FolderEntry[];
  try {
    entries = listFolder(folder, { hidden: true });
  } catch {
    return [];
  }
  const swept: string[] = [];
  for (const { name, path, kind } of entries) {
    if (kind !== 'link' && isLeftover(name, options)) {
      if (removed(path)) swept.push(path);
    } else if (kind === 'folder' && depth > 0) swept.push(...sweepLeftovers(path, { ...options, depth: depth - 1 }));
  }
  return swept;
}

function removed(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false; // somebody holds it: the next sweep takes it
  }
}

/** Whether a process of that number runs on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, and somebody else's
  }
}
