/** Looking into folders: one at a time, or all below. */
import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface FolderEntry {
  name: string;
  path: string;
  kind: 'file' | 'folder' | 'link' | 'other';
}

export interface ListOptions {
  /** Names that begin with a dot, and __MACOSX, too. */
  hidden?: boolean;
}

/** What is in a folder, sorted by name. Links are named as such, not followed. */
export const listFolder = (folder: string, options: ListOptions = {}): FolderEntry[] =>
  entriesOf(folder, readdirSync(folder, { withFileTypes: true }), options);

function entriesOf(folder: string, entries: readonly Dirent[], { hidden = false }: ListOptions): FolderEntry[] {
  return entries
    .filter(({ name }) => hidden || !(name.startsWith('.') || name === '__MACOSX'))
    .map((entry) => ({ name: entry.name, path: join(folder, entry.name), kind: kindOf(entry) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function kindOf(entry: Dirent): FolderEntry['kind'] {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

export interface WalkOptions extends ListOptions {
  /** Links to follow: all, those that stay below the folder, or none. */
  links?: 'all' | 'inside' | 'none';
  /** Folders to go down; 0 looks into the first alone. */
  depth?: number;
  /** Told of what cannot be read, and the walk goes on; without it the walk ends with the error. */
  onFailure?: (path: string, error: unknown) => void;
  /** Told of links that are not followed. */
  onLink?: (path: string) => void;
  signal?: AbortSignal;
}

/**
 * Every ordinary file below `folder`, folder by folder, each sorted by name. No circle of links traps the walk: each real
 * folder is entered once.
 */
export async function walkFiles(folder: string, options: WalkOptions = {}): Promise<string[]> {
  const ask: { [K in Question]: (path: string) => Promise<Answers[K]> } = {
    list: (path) => readdir(path, { withFileTypes: true }),
    real: (path) => realpath(path),
    facts: (path) => stat(path),
  };
  const walk = walking(folder, options);
  let step = walk.next();
  while (!step.done) {
    const [question, path] = step.value;
    let answer: Answers[Question];
    try {
      answer = await ask[question](path);
    } catch (error) {
      step = walk.throw(error);
      continue;
    }
    step = walk.next(answer);
  }
  return step.value;
}

/** As `walkFiles`, at once: for folders of this machine where nothing else waits. */
export function walkFilesSync(folder: string, options: WalkOptions = {}): string[] {
  const ask: { [K in Question]: (path: string) => Answers[K] } = {
    list: (path) => readdirSync(path, { withFileTypes: true }),
    real: (path) => realpathSync(path),
    facts: (path) => statSync(path),
  };
  const walk = walking(folder, options);
  let step = walk.next();
  while (!step.done) {
    const [question, path] = step.value;
    let answer: Answers[Question];
    try {
      answer = ask[question](path);
    } catch (error) {
      step = walk.throw(error);
      continue;
    }
    step = walk.next(answer);
  }
  return step.value;
}

/** Processes, devices and the kernel's own tables, as files. */
const isSystem = (real: string): boolean => process.platform !== 'win32' && /^\/(proc|sys|dev)(\/|$)/.test(real);

interface Answers {
  list: Dirent[];
  real: string;
  facts: Stats;
}
type Question = keyof Answers;
type Walking<T> = Generator<[Question, string], T, Answers[Question]>;

/** The walk itself. It asks the disk by yielding, so that one walk serves callers that wait and callers that do not. */
function* walking(folder: string, options: WalkOptions): Walking<string[]> {
  const { links = 'all', depth = Number.POSITIVE_INFINITY, onFailure, onLink, signal } = options;
  const files: string[] = [];
  const seen = new Set<string>();
  let root = '';
  function* orReport(path: string, work: () => Walking<void>): Walking<void> {
    try {
      yield* work();
    } catch (error) {
      if (signal?.aborted || !onFailure) throw error;
      onFailure(path, error);
    }
  }
  function* visit(path: string, left: number): Walking<void> {
    signal?.throwIfAborted();
    const real = (yield ['real', path]) as string;
    root ||= real;
    if (seen.has(real)) return;
    // What the system makes up as it is read has no end, and no files of a user.
    if (isSystem(real) && !isSystem(root)) return void onLink?.(path);
    seen.add(real);
    for (const entry of entriesOf(path, (yield ['list', path]) as Dirent[], options)) {
      if (entry.kind === 'file') files.push(entry.path);
      else if (entry.kind === 'folder' && left > 0) yield* orReport(entry.path, () => visit(entry.path, left - 1));
      else if (entry.kind === 'link') yield* orReport(entry.path, () => follow(entry.path, left));
    }
  }
  function* follow(path: string, left: number): Walking<void> {
    const inside = (real: string) => real === root || real.startsWith(root + sep);
    if (links === 'none' || (links === 'inside' && !inside((yield ['real', path]) as string))) {
      onLink?.(path);
      return;
    }
    const target = (yield ['facts', path]) as Stats;
    if (target.isFile()) files.push(path);
    else if (target.isDirectory() && left > 0) yield* visit(path, left - 1);
  }
  yield* orReport(folder, () => visit(folder, depth));
  return files;
}
