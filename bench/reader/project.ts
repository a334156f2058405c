/** Projects of a bench: scans and masks written as a user has them, and the commands that a user gives. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openExistingProject } from '../../src/app.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { openProject, type Store } from '../../src/project/store/index.ts';
import type { ReadCase } from './cohort.ts';

const CLI = fileURLToPath(new URL('../../bin/decile.mjs', import.meta.url));

export interface Training {
  readonly steps: number;
  readonly patch: string;
  /** mm; null: the files' own. */
  readonly spacing: number | null;
  /** Where the project goes; one that is there already is used. */
  readonly out: string;
  readonly seed: number;
  /** Parts of the labelled scans for the calibration of the expected Dice; 0: none. */
  readonly folds: number;
}

export function decile(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`decile ${args.join(' ')} must succeed, got exit code ${status}.`);
}

export function newProject(project: string, labels: number): void {
  const named = Array.from({ length: labels }, (_, n) => ['--label', `label ${n + 1}`]).flat();
  decile('new', project, ...named, '--preset', 'mr');
}

/** A name for what one training of a cohort leaves in `out`. */
export const folderName = (what: string, { seed }: Training): string => (seed === 1 ? what : `${what}-seed-${seed}`);

export const train = (project: string, { steps, patch, seed }: Training, ...more: string[]): void =>
  decile(
    ...['train', project, '--patch', patch, '--spacing', 'native', '--width', '8', '--steps', String(steps)],
    ...['--seed', String(seed), ...more],
  );

/** Trains where the project has no run, and goes on with one that was killed. */
export function trainToEnd(project: string, training: Training, ...more: string[]): void {
  const store = openProject(project, 'read');
  const [run, left] = [store.runs.list().at(-1), store.runs.latestUnfinished()];
  store.close();
  if (left) decile('resume', project);
  else if (run?.state !== 'finished') train(project, training, ...more);
}

/** Imports cases that training has not seen and predicts them, and no other. */
export async function importAndPredict(project: string, folder: string): Promise<void> {
  const names = (store: Store) => new Map(store.scans.list().map(({ name, id }) => [name, id]));
  const opened = openExistingProject(project);
  const before = names(opened.store);
  await opened.importScans(folder);
  const scans = [...names(opened.store)].flatMap(([name, id]) => (before.has(name) ? [] : [id]));
  await opened.predict({ scans }).done;
  await opened.close();
}

/** Writes cases one by one into `folder`, their masks into `masks` where it is given. */
export async function writeCases(
  names: readonly string[],
  read: (name: string) => Promise<ReadCase>,
  folder: string,
  masks?: string,
): Promise<void> {
  for (const path of masks ? [folder, masks] : [folder]) mkdirSync(path, { recursive: true });
  for (const name of names) {
    const { scan, mask } = await read(name);
    await writeNifti(join(folder, name), scan);
    if (masks) await writeNifti(join(masks, name), mask);
  }
}
