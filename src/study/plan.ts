/** From a study file to its jobs: cohort, lists, and one job per method, number of labelled cases and seed. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelChannel } from '../core/model-channels.ts';
import type { AskedOptions } from '../core/options.ts';
import { resolveOptions } from '../core/parse-option.ts';
import { makeFolder, writeFileAtomic } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';

import type { StudyChannel } from './channels.ts';
import { type Cohort, openCohort } from './cohort.ts';
import { FURTHER_LISTS, patientOf, type StudyDefinition } from './definition.ts';
import {
  casesNamed,
  labelledCount,
  type Split,
  type StudyCase,
  splitCases,
  type TrainCase,
  withFirst,
} from './split.ts';

export interface StudyJob {
  /** Folder name, e.g. `cpcl-8-1`. */
  id: string;
  method: string;
  labelled: number;
  seed: number;
  options: AskedOptions;
  /** What the study file says of them. */
  asked: Partial<AskedOptions>;
  /** The training list, labelled cases first. */
  train: readonly TrainCase[];
  /** Names of those cases, where the method chose them. */
  labelledCases?: string[];
  /** What the network sees; one channel without a name where it is absent. */
  channels?: ModelChannel[];
}

export interface StudyPlan {
  definition: StudyDefinition;
  cohort: Cohort;
  split: Split;
  jobs: StudyJob[];
  parts: StudyPart[];
}

/** Scored cases that have tables of their own. */
export interface StudyPart {
  name: string;
  /** Its name within names of files. */
  file: string;
  /** Names of its cases. */
  cases: ReadonlySet<string>;
}

/** Plans a study whose results go to `out`; throws what the cohort, the split and the options throw. */
export function planStudy(definition: StudyDefinition, out: string): StudyPlan {
  const cohort = openCohort(definition, out);
  const split = splitCases(cohort.cases, definition.split);
  if (definition.alsoScore.includes('validation') && split.validation.length === 0)
    throw new DecileError(
      'study/empty-list',
      'The validation list must name a case to be scored, got none.',
      'Add cases to it, or take validation out of alsoScore.',
    );
  refuseSplitPatients(definition, split);
  const jobs: StudyJob[] = [];
  const countsOf = (asked: readonly number[]) => asked.map((share) => labelledCount(share, split.train.length));
  const methods = definition.methods.map((method) => ({
    ...method,
    counts: countsOf(method.labelled ?? definition.labelled),
    seeds: method.seeds ?? definition.seeds,
    train: method.labelledCases ? withFirst(split.train, method.name, method.labelledCases) : split.train,
  }));
  for (const labelled of new Set(methods.flatMap(({ counts }) => counts))) {
    for (const { name, options, counts, seeds, labelledCases, train, channels } of methods) {
      if (!counts.includes(labelled)) continue;
      refuseSplitLabels(definition, train, labelled);
      for (const seed of seeds) {
        const id = `${fileName(name)}-${labelled}-${seed}`;
        const asked = { ...definition.options, ...options, seed };
        jobs.push({
          id,
          method: name,
          labelled,
          seed,
          options: resolveOptions(asked),
          asked,
          train,
          ...(labelledCases && { labelledCases: train.slice(0, labelled).map((one) => one.name) }),
          ...(definition.channels && { channels: seen(definition.channels, channels) }),
        });
      }
    }
  }
  const twice = jobs.find((job, n) => jobs.findIndex((other) => other.id === job.id) !== n);
  if (twice)
    throw new DecileError(
      'study/invalid',
      `Each job must be one of a kind, got ${twice.id} twice.`,
      'Remove a repeated value, or rename a method.',
    );
  return { definition, cohort, split, jobs, parts: studyParts(definition, cohort, split) };
}

/** Those that a method names, in the study's order; all without names. */
const seen = (all: StudyChannel[], names: string[] | undefined): ModelChannel[] =>
  all.filter(({ name }) => names?.includes(name) ?? true).map(({ name, normalisation }) => ({ name, normalisation }));

/** Scans of one patient are alike: in two lists they would flatter what is compared. */
function refuseSplitPatients({ patient }: StudyDefinition, split: Split): void {
  const of = patientOf(patient);
  const lists = new Map<string, string>();
  for (const [list, cases] of Object.entries(split) as [string, StudyCase[]][]) {
    for (const { name } of cases) {
      const other = lists.get(of(name));
      if (other !== undefined && other !== list)
        throw new DecileError(
          'study/two-lists',
          `The scans of a patient must be in one list, got ${of(name)} in ${other} and ${list}.`,
          'Move them into one of them.',
        );
      lists.set(of(name), list);
    }
  }
}

/** @throws study/no-labelled where the labelled cases end within a patient's scans */
function refuseSplitLabels({ patient }: StudyDefinition, train: readonly TrainCase[], labelled: number): void {
  const of = patientOf(patient);
  const seen = new Set(train.slice(0, labelled).map(({ name }) => of(name)));
  const other = train.slice(labelled).find(({ name }) => seen.has(of(name)));
  if (other)
    throw new DecileError(
      'study/no-labelled',
      `The labelled cases must hold all scans of a patient, got ${labelled} cases, which leaves ${other.name} out.`,
      'Ask for more or fewer labelled cases.',
    );
}

const fileName = (name: string): string => name.replace(/[^A-Za-z0-9.]+/g, '-');

/** @throws study/unknown-case where a part has a case without scores, study/invalid where two lists' files have one name */
function studyParts(
  { parts, alsoScore }: StudyDefinition,
  cohort: Cohort,
  { train, validation, test }: Split,
): StudyPart[] {
  const scored = new Set<StudyCase>([
    ...test,
    ...(alsoScore.includes('validation') ? validation : []),
    ...(alsoScore.includes('unlabelled') ? train : []),
  ]);
  const taken = new Set<string>([...FURTHER_LISTS, 'together']);
  return Object.entries(parts).map(([name, patterns]) => {
    const cases = casesNamed(cohort.cases, `part ${name}`, patterns);
    const other = cases.find((c) => !scored.has(c));
    if (other)
      throw new DecileError(
        'study/unknown-case',
        `The part ${name} must have cases that are scored, got ${other.name}.`,
        'Take it out, or put its list (validation, unlabelled) into alsoScore.',
      );
    const file = fileName(name);
    if (taken.has(file))
      throw new DecileError('study/invalid', `A part must have a name of its own, got ${name}.`, 'Rename it.');
    taken.add(file);
    return { name, file, cases: new Set(cases.map((c) => c.name)) };
  });
}

/** What may not change between two calls on one folder; more methods, seeds or fractions may come. */
interface Lock {
  format: 1;
  preset: string;
  range?: StudyDefinition['range'];
  classes: string[];
  stride?: [number, number, number];
  /** Absent in files of versions that kept all pieces. */
  pieces?: StudyDefinition['pieces'];
  /** Of a data set in its own layout. */
  cohort?: { layout: string; modality: string; marginMm: number };
  lists: Record<'train' | 'validation' | 'test', string[]>;
  jobs: Record<string, Pick<StudyJob, 'labelled' | 'options' | 'labelledCases' | 'channels'>>;
}

const lockPath = (out: string): string => join(out, 'study.lock.json');

/**
 * Writes the plan into the folder, or checks it against the one that is there.
 * @throws study/changed where a list, a class or a job's options differ; study/other-folder
 */
export function lockPlan(out: string, { definition, split, jobs }: StudyPlan): void {
  const names = (cases: readonly StudyCase[]) => cases.map((c) => c.name);
  const lists = { train: names(split.train), validation: names(split.validation), test: names(split.test) };
  const now: Lock = {
    format: 1,
    preset: definition.preset,
    range: definition.range,
    classes: definition.classes,
    stride: definition.stride,
    pieces: definition.pieces,
    cohort: definition.cohort && withoutFolder(definition.cohort),
    lists,
    jobs: Object.fromEntries(
      jobs.map(({ id, labelled, options, labelledCases, channels }) => [
        id,
        { labelled, options, labelledCases, channels },
      ]),
    ),
  };
  const path = lockPath(out);
  if (existsSync(path)) {
    const before = JSON.parse(readFileSync(path, 'utf8')) as Lock;
    const changed = difference(before, now);
    if (changed)
      throw new DecileError(
        'study/changed',
        `A study that goes on must keep its lists and options, got ${changed}.`,
        'Put the study file back, or give another --out folder: nothing was overwritten.',
      );
    now.jobs = { ...before.jobs, ...now.jobs };
  } else if (existsSync(out) && readdirSync(out).length > 0) {
    throw new DecileError(
      'study/other-folder',
      `The --out folder must be empty or a study's own, got ${out}.`,
      'Give another folder.',
    );
  }
  writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(now, null, 1)}\n`));
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

function difference(before: Lock, now: Lock): string | null {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
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
