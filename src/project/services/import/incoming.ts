/** Where fetched studies lie until they are imported: a killed fetch is taken up again where it ended. */
import { createHash } from 'node:crypto';
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { listFolder, makeFolder } from '../../../disk/index.ts';

const FETCHED = 'fetched';
/** What nobody took up again goes, days. */
const KEPT_DAYS = 7;

export interface Incoming {
  /** Whole series, a folder each, and nothing else. */
  whole: string;
  /** True where the series is whole already. */
  has(seriesUid: string, instances: number): boolean;
  /** Where a series is fetched to, with what came of it before. */
  partOf(seriesUid: string): string;
  /** The series is whole now. */
  keep(seriesUid: string): void;
  /** What is whole was imported: it goes, and half series stay for the next try. */
  clear(): void;
  /** The query is over, however it ended. */
  release(): void;
}

/** Folders in which this process works: the same query twice at once has two. */
const busy = new Set<string>();

const nameOf = (...parts: string[]): string => createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);

/**
 * In the project's own folder, readable by its owner alone: patients' data goes to no shared temporary folder. What other queries
 * left more than seven days ago is removed.
 * @param asked what tells this query from others: server, studies, filters
 */
export function incoming(project: string, asked: readonly string[], now = Date.now()): Incoming {
  const root = join(project, FETCHED);
  let folder = join(root, nameOf(...asked));
  for (let n = 2; busy.has(folder); n++) folder = join(root, nameOf(...asked, String(n)));
  busy.add(folder);
  makeFolder(folder);
  for (const { path, kind } of listFolder(root, { hidden: true }))
    if (kind === 'folder' && !busy.has(path) && now - statSync(path).mtimeMs > KEPT_DAYS * 86_400_000) remove(path);
  const [whole, half] = ['whole', 'half'].map((name) => join(folder, name));
  for (const path of [whole, half]) makeFolder(path);
  return {
    whole,
    has(seriesUid, instances) {
      const path = join(whole, nameOf(seriesUid));
      if (!existsSync(path)) return false;
      if (listFolder(path).length >= instances) return true;
      // The server has more of it now.
      renameSync(path, join(half, nameOf(seriesUid)));
      return false;
    },
    partOf: (seriesUid) => join(half, nameOf(seriesUid)),
    keep: (seriesUid) => renameSync(join(half, nameOf(seriesUid)), join(whole, nameOf(seriesUid))),
    clear() {
      remove(whole);
      if (listFolder(half, { hidden: true }).length === 0) remove(folder);
      if (listFolder(root, { hidden: true }).length === 0) remove(root);
    },
    release: () => busy.delete(folder),
  };
}

const remove = (path: string): void => rmSync(path, { recursive: true, force: true });
