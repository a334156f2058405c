/** What a study may not change between two calls on one folder, and what it goes on with: `study.lock.json`. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelChannel } from '../core/model-channels.ts';
import { type AskedOptions, DEFAULT_OPTIONS } from '../core/options.ts';
import { resolveOptions } from '../core/parse-option.ts';
import type { RareLabels } from '../core/predict/rare-weights.ts';
import type { PatchSides } from '../core/train/fit-patch.ts';
import { ENOUGH_SCANS } from '../core/train/small-labels.ts';
import { makeFolder, writeFileAtomic } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';

import type { StudyDefinition } from './definition.ts';
import type { Split, StudyCase } from './split.ts';

/** What may not change between two calls on one folder; more methods, seeds or fractions may come. */
interface Lock {
  format: 1;
  preset: string;
  range?: StudyDefinition['range'];
  classes: string[];
  stride?: [number, number, number];
  /** Absent in files of versions that took the likeliest label. */
  rareLabels?: RareLabels;
  /** Absent in files of versions that kept all pieces. */
  pieces?: StudyDefinition['pieces'];
  /** Of a data set in its own layout. */
  cohort?: { layout: string; modality: string; marginMm: number };
  lists: Record<'train' | 'validation' | 'test', string[]>;
  /** Of the program that began the study; absent in files of versions that did not write them. */
  defaults?: AskedOptions;
  jobs: Record<string, LockedJob>;
  /** Patches of `patch: auto`, by what decides them (memory.ts); absent until they are settled, and in files of earlier versions. */
  patches?: Record<string, PatchSides>;
  /** Labelled cases from which `smallStructures: auto` looks for small labels; absent in files of versions that left fewer than fourteen as they are. */
  smallFrom?: number;
}

interface LockedJob {
  labelled: number;
  options: AskedOptions;
  labelledCases?: string[];
  channels?: ModelChannel[];
}

/** The parts of a plan that are locked. */
interface Lockable {
  definition: StudyDefinition;
  split: Split;
  jobs: readonly (LockedJob & { id: string })[];
}

/** What options that came later have meant in studies begun before them, where that is not today's default. */
const BEFORE_THEY_WERE: Partial<AskedOptions> = { smallStructures: 'off' };

const lockPath = (out: string): string => join(out, 'study.lock.json');

/**
 * The lock of the study in `out`, null where none has begun there.
 * @throws study/other-folder where it cannot be read
 */
export function readLock(out: string): Lock | null {
  const path = lockPath(out);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new DecileError(
      'study/other-folder',
      `The --out folder must be empty or a study's own, got a damaged ${path}.`,
      'Give another folder, or take the file back from a copy.',
    );
  }
}

/**
 * The options of a job that stay as they were when the study began, though a later version of the program has other defaults:
 * all jobs of a study have one meaning. Empty where nothing changed since.
 * @param named what the study file says of the job; that is never replaced
 */
export function keptDefaults(lock: Lock | null, id: string, named: Partial<AskedOptions>): Partial<AskedOptions> {
  const job = lock?.jobs[id]?.options;
  const then = job ?? lock?.defaults;
  if (!then) return {};
  const now = job ? resolveOptions(named) : DEFAULT_OPTIONS;
  const begun: Partial<AskedOptions> = { ...BEFORE_THEY_WERE, ...then };
  const kept = (Object.keys(now) as (keyof AskedOptions)[]).filter(
    (key) => key !== 'engine' && !(key in named) && key in begun && !same(begun[key], now[key]),
  );
  return Object.fromEntries(kept.map((key) => [key, begun[key]]));
}

/** How the study's masks give voxels labels that patches rarely held: as it began. */
export const rareLabelsOf = ({ rareLabels = 'argmax' }: Pick<Lock, 'rareLabels'>): RareLabels => rareLabels;

/** Labelled cases from which small structures are chosen by themselves: as the study began. */
export const smallFromOf = ({ smallFrom = ENOUGH_SCANS }: Pick<Lock, 'smallFrom'>): number => smallFrom;

const writeLock = (out: string, lock: Lock): void =>
  writeFileAtomic(lockPath(out), new TextEncoder().encode(`${JSON.stringify(lock, null, 1)}\n`));

/** Keeps the patches that jobs were given, so that those of a later call get the same, whatever a later version would take. */
export function lockPatches(out: string, patches: Record<string, PatchSides>): void {
  const lock = readLock(out);
  if (lock) writeLock(out, { ...lock, patches });
}

/**
 * Writes the plan into the folder, or checks it against the one that is there.
 * @throws study/changed where a list, a class or a job's options differ; study/other-folder
 */
export function lockPlan(out: string, { definition, split, jobs }: Lockable): void {
  const names = (cases: readonly StudyCase[]) => cases.map((c) => c.name);
  const lists = { train: names(split.train), validation: names(split.validation), test: names(split.test) };
  const now: Lock = {
    format: 1,
    preset: definition.preset,
    range: definition.range,
    classes: definition.classes,
    stride: definition.stride,
    rareLabels: definition.rareLabels ?? 'weighted',
    pieces: definition.pieces,
    cohort: definition.cohort && withoutFolder(definition.cohort),
    lists,
    defaults: DEFAULT_OPTIONS,
    smallFrom: 1,
    jobs: Object.fromEntries(
      jobs.map(({ id, labelled, options, labelledCases, channels }) => [
        id,
        { labelled, options, labelledCases, channels },
      ]),
    ),
  };
  const before = readLock(out);
  if (before) {
    const asked = definition.rareLabels;
    const kept = rareLabelsOf(before);
    const changed = asked && asked !== kept ? `rareLabels ${asked} instead of ${kept}` : difference(before, now);
    if (changed)
      throw new DecileError(
        'study/changed',
        `A study that goes on must keep its lists and options, got ${changed}.`,
        'Put the study file back, or give another --out folder: nothing was overwritten.',
      );
    now.jobs = { ...before.jobs, ...now.jobs };
    now.defaults = before.defaults;
    now.rareLabels = before.rareLabels;
    now.patches = before.patches;
    now.smallFrom = before.smallFrom;
  } else if (existsSync(out) && readdirSync(out).length > 0) {
    throw new DecileError(
      'study/other-folder',
      `The --out folder must be empty or a study's own, got ${out}.`,
      'Give another folder.',
    );
  }
  writeLock(out, now);
  // For other programs, and for the `files` of another study's split.
  makeFolder(join(out, 'lists'));
  for (const [list, members] of Object.entries(lists))
    writeFileAtomic(join(out, 'lists', `${list}.txt`), new TextEncoder().encode(members.map((n) => `${n}\n`).join('')));
}

const namesOf = (channels: ModelChannel[] | undefined): string =>
  channels?.map(({ name, normalisation }) => `${name} (${normalisation.kind})`).join(', ') ?? 'of no name';

const withoutFolder = ({ layout, modality, marginMm }: NonNullable<StudyDefinition['cohort']>) => ({
  layout,
  modality,
  marginMm,
});

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function difference(before: Lock, now: Lock): string | null {
  for (const list of ['train', 'validation', 'test'] as const)
    if (!same(before.lists[list], now.lists[list])) return `another ${list} list`;
  if (before.preset !== now.preset) return `the preset ${now.preset} instead of ${before.preset}`;
  if (!same(before.range, now.range)) return 'another range';
  if (!same(before.classes, now.classes))
    return `the classes ${now.classes.join(', ')} instead of ${before.classes.join(', ')}`;
  if (!same(before.stride, now.stride)) return 'another stride';
  if ((before.pieces ?? 'all') !== now.pieces) return `pieces ${now.pieces} instead of ${before.pieces ?? 'all'}`;
  if (!same(before.cohort, now.cohort)) return 'another layout, modality or margin of the cohort';
  for (const [id, job] of Object.entries(now.jobs)) {
    const old = before.jobs[id];
    if (!old) continue;
    // What CT is clipped to follows from preset and range, and is not asked of earlier versions.
    if (namesOf(old.channels) !== namesOf(job.channels))
      return `the channels ${namesOf(job.channels)} instead of ${namesOf(old.channels)} for ${id}`;
    if (!same(old.labelledCases, job.labelledCases)) return `other labelled cases for ${id}`;
    const keys = Object.keys(job.options) as (keyof AskedOptions)[];
    const key = keys.find((k) => k !== 'engine' && k in old.options && !same(job.options[k], old.options[k]));
    if (key)
      return `${key} ${JSON.stringify(job.options[key])} instead of ${JSON.stringify(old.options[key])} for ${id}`;
  }
  return null;
}
