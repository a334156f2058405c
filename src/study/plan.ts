/** From a study file to its jobs: cohort, lists, and one job per method, number of labelled cases and seed. */

import type { ModelChannel } from '../core/model-channels.ts';
import type { AskedOptions } from '../core/options.ts';
import { resolveOptions } from '../core/parse-option.ts';
import { DecileError } from '../shared/errors.ts';

import type { StudyChannel } from './channels.ts';
import { type Cohort, openCohort } from './cohort.ts';
import { FURTHER_LISTS, patientOf, type StudyDefinition } from './definition.ts';
import { keptDefaults, readLock } from './lock.ts';
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
  /** For the user: the cohort's, and what a study that goes on keeps of an earlier version. */
  notices: string[];
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
  const lock = readLock(out);
  const kept = new Map<string, string>();
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
        const named = { ...definition.options, ...options, seed };
        const before = keptDefaults(lock, id, named);
        for (const [key, value] of Object.entries(before)) kept.set(key, `${key} ${JSON.stringify(value)}`);
        const asked = { ...named, ...before };
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
  const parts = studyParts(definition, cohort, split);
  return { definition, cohort, split, jobs, parts, notices: [...cohort.notices, ...goingOn([...kept.values()])] };
}

const goingOn = (kept: readonly string[]): string[] =>
  kept.length === 0
    ? []
    : [
        `The program's defaults changed since this study began; it goes on with what it had: ${kept.join(', ')}. Another --out folder takes today's.`,
      ];

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
