/** Reads a whole project: what is damaged, missing or left over, and puts right what can be. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseNormalisation } from '../../core/train/kept-normalisation.ts';
import { decodeSafetensors } from '../../core/train/safetensors.ts';
import { voxelCount } from '../../core/volume.ts';
import { isLeftover, listFolder } from '../../disk/index.ts';
import { readMask, readVolume } from '../../imaging/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { entropyFolder, runFolder, type Scan, type Store } from '../store/index.ts';
import type { Drawings } from './drawing/drawings.ts';
import { inspectJournal, moveAside } from './drawing/journal.ts';
import { countLabels } from './drawing/mask-versions.ts';
import { storedVolume } from './drawing/stored-volume.ts';
import { DRAWN_KINDS, isStroke, journalFile } from './drawing/working-mask.ts';
import { MODEL_FILE, REGION_FILE } from './model/export-model.ts';

/** A file of the project that is not as it should be. */
export interface CheckFinding {
  /** Relative to the project folder. */
  path: string;
  /** Name of the scan or run. */
  of: string;
  what: string;
}

export interface CheckReport {
  damaged: CheckFinding[];
  missing: CheckFinding[];
  /** Files that nothing names: of killed programs, put aside, or of others. They are left where they are. */
  leftOver: string[];
  /** What of damaged and missing was put right, and how. */
  repaired: CheckFinding[];
}

export interface CheckOptions {
  /** Puts aside what is damaged, keeps what can be saved of it. The project must be open for writing. */
  repair?: boolean;
  onProgress?: (done: number, total: number, name: string) => void;
  signal?: AbortSignal;
}

/**
 * Checks every file that the project names, and names those that it does not. Nothing is changed without `repair`, and
 * nothing is ever deleted with it: damaged files get the ending `.damaged`, and rows without their file go.
 */
export async function checkProject(
  store: Store,
  drawings: Drawings,
  { repair = false, onProgress = () => {}, signal }: CheckOptions = {},
): Promise<CheckReport> {
  const report: CheckReport = { damaged: [], missing: [], leftOver: [], repaired: [] };
  const named = new Set<string>();
  const scans = [...store.scans.list(), ...store.scans.deleted()];
  const note = (path: string, of: string, what: string): boolean => {
    const present = existsSync(store.path(path));
    (present ? report.damaged : report.missing).push({ path, of, what: present ? what : 'There is no such file.' });
    return present;
  };
  const fixed = (path: string, of: string, what: string) => report.repaired.push({ path, of, what });

  for (const [at, scan] of scans.entries()) {
    signal?.throwIfAborted();
    onProgress(at, scans.length, scan.name);
    named.add(`volumes/${scan.id}.dicom.json`);
    for (const file of new Set([scan.volumeFile, ...store.channels.of(scan.id).map((channel) => channel.file)])) {
      named.add(file);
      const volume = await fault(() => checkVolume(store, scan, file));
      if (volume !== null) note(file, scan.name, volume);
    }
    for (const mask of store.masks.history(scan.id)) {
      named.add(mask.file);
      const wrong = await fault(() => checkMask(store, scan, mask.file, mask.labels));
      if (wrong === null) continue;
      const present = note(mask.file, scan.name, wrong);
      if (!repair) continue;
      if (present) moveAside(store.path(mask.file));
      store.transaction(() => store.masks.remove(mask.id));
      fixed(mask.file, scan.name, 'The version was taken out of the list; an older one is current again.');
    }
    for (const kind of DRAWN_KINDS) {
      const path = journalFile(scan.id, kind);
      named.add(path);
      const lost = inspectJournal(store.path(path), (record) => isStroke(record, scan));
      if (lost === null || lost === 0) continue;
      note(path, scan.name, `${lost} strokes cannot be read.`);
      if (!repair) continue;
      await drawings.commit(scan.id);
      fixed(path, scan.name, 'The other strokes are in a version of the mask; the journal was put aside.');
    }
  }
  for (const run of store.runs.list()) {
    const intensities = `${runFolder(run.id)}/normalisation.json`;
    named.add(intensities);
    const unread = existsSync(store.path(intensities))
      ? await fault(() => void parseNormalisation(readFileSync(store.path(intensities), 'utf8')))
      : null;
    if (unread !== null) note(intensities, run.name, unread);
    const last = store.checkpoints.file(run.id);
    const weights = [...store.checkpoints.list(run.id).map(({ path }) => path), ...(last === null ? [] : [last])];
    if (weights.length > 0 && run.options.region === 'auto') weights.push(`${runFolder(run.id)}/${REGION_FILE}`);
    if (run.model) weights.push(`${runFolder(run.id)}/${MODEL_FILE}`);
    for (const path of weights) {
      if (named.has(path)) continue;
      named.add(path);
      const wrong = await fault(() => void decodeSafetensors(readFileSync(store.path(path))));
      if (wrong !== null) note(path, run.name, wrong);
    }
    for (const { entropyFile: path } of store.predictions.list(run.id)) {
      named.add(path);
      const wrong = await fault(async () => void (await readVolume(store.path(path))));
      if (wrong !== null) note(path, run.name, wrong);
    }
  }
  onProgress(scans.length, scans.length, '');
  const entropies = store.runs.list().map(({ id }) => entropyFolder(id));
  for (const folder of ['volumes', 'masks', ...entropies]) report.leftOver.push(...unnamed(store, folder, named));
  report.leftOver.push(...unnamedRuns(store));
  return report;
}

/** Folders of runs that the project does not have, and what killed processes left in the others. */
function unnamedRuns(store: Store): string[] {
  const runs = new Set(store.runs.list().map(({ id }) => runFolder(id)));
  const below = (folder: string): string[] =>
    listFolder(store.path(folder), { hidden: true }).flatMap(({ name, kind }) => {
      const relative = `${folder}/${name}`;
      if (isLeftover(name)) return [relative];
      return kind === 'folder' ? below(relative) : [];
    });
  if (!existsSync(store.path('runs'))) return [];
  return listFolder(store.path('runs'), { hidden: true }).flatMap(({ name, kind }) => {
    const relative = `runs/${name}`;
    if (runs.has(relative)) return below(relative);
    return kind === 'folder' && !isLeftover(name) && name.endsWith('.part') ? [] : [relative];
  });
}

/** Why it fails, in words; null where it does not. */
async function fault(work: () => Promise<void> | void): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function checkVolume(store: Store, scan: Scan, file: string): Promise<void> {
  const { path, offset, bytes, grid } = await storedVolume(store.path(file));
  const got = statSync(path).size;
  if (got < offset + bytes || voxelCount(grid) !== voxelCount(scan))
    throw new DecileError(
      'scan/truncated',
      `A stored scan must be ${scan.size.join('x')} voxels in ${offset + bytes} bytes, got ${grid.size.join('x')} in ${got}.`,
      'Delete the scan and import it again.',
    );
}

async function checkMask(store: Store, scan: Scan, file: string, labels: readonly { value: number; voxels: number }[]) {
  const mask = await readMask(store.path(file));
  const counts = (list: readonly { value: number; voxels: number }[]) =>
    list.map(({ value, voxels }) => `${value}: ${voxels}`).join(', ') || 'none';
  const [is, was] = [counts(countLabels(mask)), counts(labels)];
  if (mask.data.length !== voxelCount(scan) || is !== was)
    throw new Error(`A mask must hold the voxels that were saved (${was}), got ${is}.`);
}

/** Files below a folder that the project does not name, relative to it. What a live process writes is its own. */
function unnamed(store: Store, folder: string, named: ReadonlySet<string>): string[] {
  const root = store.path(folder);
  if (!existsSync(root)) return [];
  return listFolder(root, { hidden: true }).flatMap(({ name, path, kind }) => {
    const relative = join(folder, name).replaceAll('\\', '/');
    if (basename(name).endsWith('.part')) return isLeftover(name) ? [relative] : [];
    if (kind === 'folder') return unnamed(store, relative, named);
    return named.has(relative) || !existsSync(path) ? [] : [relative];
  });
}
