/** Real scans with their masks for the simulated reader: which cases, at which voxel size, and which label is asked for. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gridWithSpacing, resample } from '../../src/core/resample.ts';
import type { LabelMap, Volume } from '../../src/core/volume.ts';
import { readMask, readVolume } from '../../src/imaging/index.ts';

export interface Cohort {
  readonly name: string;
  /** Label that the reader wants. */
  readonly label: number;
  /** Labelled cases that a model learns from: the first ones. */
  readonly labelled: number;
  readonly cases: number;
  /** Cases between the labelled ones and those to report; none where it is absent. */
  readonly skip?: number;
  /** Labels that its masks have. */
  readonly labels: number;
  /** Patch that a training takes at the files' own voxel size. */
  readonly patch: string;
}

/** The cases after the labelled ones are reported; constants were chosen on left-atrium scans 041-070, which are not. */
export const COHORTS: readonly Cohort[] = [
  { name: 'left-atrium', label: 1, labelled: 8, cases: 20, labels: 1, patch: '64,64,32' },
  { name: 'hippocampus', label: 1, labelled: 8, cases: 20, labels: 2, patch: '32,48,32' },
  { name: 'vertebrae', label: 3, labelled: 8, cases: 12, labels: 5, patch: '96,96,32' },
];

/** The folder of a cohort: below `data`, or `data` itself where that holds images/ and labels/ of the left atrium. */
export function folderOf(data: string, { name }: Cohort): string | null {
  if (existsSync(join(data, name, 'images'))) return join(data, name);
  return name === 'left-atrium' && existsSync(join(data, 'images')) ? data : null;
}

/**
 * Names of the cohort's files, in order: those to learn from, those to report, and the rest. Of files that are the same byte by byte
 * the first one counts: a project takes a scan once.
 */
export function casesOf(
  folder: string,
  { labelled, cases, skip = 0 }: Cohort,
): {
  learn: string[];
  report: string[];
  rest: string[];
} {
  const all = readdirSync(join(folder, 'images'))
    .filter((name) => /\.nii(\.gz)?$/.test(name) && existsSync(join(folder, 'labels', name)))
    .sort();
  const contents = all.map((name) => hashOf(join(folder, 'images', name)));
  const names = all.filter((_, n) => contents.indexOf(contents[n]) === n);
  const first = Math.min(labelled, Math.max(0, names.length - cases));
  const from = first + skip;
  const rest = [...names.slice(first, from), ...names.slice(from + cases)];
  return { learn: names.slice(0, first), report: names.slice(from, from + cases), rest };
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

export interface ReadCase {
  readonly name: string;
  readonly scan: Volume;
  readonly mask: LabelMap;
}

/** @param spacing mm of each voxel; null: the file's own */
export async function readCase(folder: string, name: string, spacing: number | null): Promise<ReadCase> {
  const { volume } = await readVolume(join(folder, 'images', name));
  const mask = await readMask(join(folder, 'labels', name), volume);
  if (spacing === null) return { name, scan: volume, mask };
  const grid = gridWithSpacing(volume, spacing);
  return { name, scan: resample(volume, grid, 'linear'), mask: resample(mask, grid, 'nearest') as LabelMap };
}
