/** Train, validation and test lists that cannot leak: a case has one role, and its type carries the role. */
import { Random } from '../core/random.ts';
import { globMatcher } from '../imaging/names.ts';
import { DecileError } from '../shared/errors.ts';
import type { ChannelFile, TrainingCase, TrainingLists } from '../shared/training.ts';
import type { StudyDefinition } from './definition.ts';

declare const role: unique symbol;
type Role<R extends string> = { readonly [role]: R };

/** A case of the cohort: files only. */
export interface StudyCase {
  /** Position in the cohort's order. */
  readonly scan: number;
  readonly name: string;
  readonly volumePath: string;
  readonly maskPath: string;
  /** The channels that it has, where the study names channels. */
  readonly channels?: ChannelFile[];
}
export type TrainCase = StudyCase & Role<'train'>;
export type ValidationCase = StudyCase & Role<'validation'>;
export type TestCase = StudyCase & Role<'test'>;

export interface Split {
  train: TrainCase[];
  validation: ValidationCase[];
  test: TestCase[];
}

/**
 * Deals the cohort out.
 * @throws study/unknown-case, study/two-lists, study/empty-list, study/too-few-cases
 */
export function splitCases(cases: readonly StudyCase[], given: StudyDefinition['split']): Split {
  const lists = 'seed' in given ? drawn(cases, given) : listed(cases, given);
  const roles = new Map<string, string>();
  for (const [list, members] of Object.entries(lists)) {
    for (const { name } of members) {
      const other = roles.get(name);
      if (other !== undefined)
        throw new DecileError(
          'study/two-lists',
          `A case must be in one list once, got ${name} in ${other === list ? `${list} twice` : `${other} and ${list}`}.`,
          'Take it out of one of them.',
        );
      roles.set(name, list);
    }
  }
  for (const list of ['train', 'test'] as const) {
    if (lists[list].length === 0)
      throw new DecileError('study/empty-list', `The ${list} list must name a case, got none.`, 'Add cases to it.');
  }
  // The one place where roles are given.
  return {
    train: lists.train as TrainCase[],
    validation: lists.validation as ValidationCase[],
    test: lists.test as TestCase[],
  };
}

/**
 * A training list in another order: the cases that are named come first.
 * @throws study/unknown-case where a name stands for no case of it
 */
export function withFirst(train: readonly TrainCase[], method: string, first: readonly string[]): TrainCase[] {
  const named = casesNamed(train, `labelledCases of ${method}`, first, 'the training list') as TrainCase[];
  return [...new Set([...named, ...train])];
}

type Lists = Record<'train' | 'validation' | 'test', StudyCase[]>;

function listed(cases: readonly StudyCase[], split: { train: string[]; validation: string[]; test: string[] }): Lists {
  const expand = (list: 'train' | 'validation' | 'test') => casesNamed(cases, `${list} list`, split[list]);
  return { train: expand('train'), validation: expand('validation'), test: expand('test') };
}

/** Cases that a list's names, ranges and globs stand for; throws `study/unknown-case` where one stands for none. */
export function casesNamed(
  cases: readonly StudyCase[],
  list: string,
  patterns: readonly string[],
  of = 'the cohort',
): StudyCase[] {
  return patterns.flatMap((pattern) => {
    const found = matching(cases, pattern);
    if (found.length === 0)
      throw new DecileError(
        'study/unknown-case',
        `The ${list} must name cases of ${of}, got ${pattern}, which matches none of ${cases.length}.`,
        'Check the name; names are those of the files without their endings.',
      );
    return found;
  });
}

/** `a..b` is a range in natural order, anything else a name or a glob. */
function matching(cases: readonly StudyCase[], pattern: string): StudyCase[] {
  const range = /^(.+)\.\.(.+)$/.exec(pattern);
  if (range) {
    const [first, last] = [range[1], range[2]].map((name) => cases.findIndex((c) => c.name === name));
    return first < 0 || last < 0 ? [] : cases.slice(first, last + 1);
  }
  const matches = globMatcher(pattern);
  return cases.filter(({ name }) => matches(name));
}

/** Test cases first, then validation cases, from one permutation of the seed; the rest, in natural order, is for training. */
function drawn(cases: readonly StudyCase[], split: { seed: number; validation: number; test: number }): Lists {
  const { test, validation } = split;
  if (cases.length < test + validation + 1)
    throw new DecileError(
      'study/too-few-cases',
      `The cohort must have more than ${test + validation} cases, got ${cases.length}.`,
      'Ask for fewer test or validation cases.',
    );
  const order = new Random(split.seed).permutation(cases.length);
  const take = (from: number, count: number) => order.slice(from, from + count).sort((a, b) => a - b);
  const pick = (places: number[]) => places.map((place) => cases[place]);
  return {
    test: pick(take(0, test)),
    validation: pick(take(test, validation)),
    train: pick(take(test + validation, cases.length)),
  };
}

/** Labelled cases that a share or a number of the training list stands for; throws `study/no-labelled`. */
export function labelledCount(asked: number, trainCases: number): number {
  const count = asked <= 1 ? Math.round(asked * trainCases) : asked;
  if (!Number.isInteger(count) || count < 1 || count > trainCases)
    throw new DecileError(
      'study/no-labelled',
      `Labelled must leave 1 to ${trainCases} labelled cases of ${trainCases}, got ${asked} (${count} cases).`,
      'Give a share such as 0.1, or a whole number of cases.',
    );
  return count;
}

/** What training may see: test cases do not fit in by their type. Masks beyond the labelled cases stay unseen. */
export function studyLists(
  train: readonly TrainCase[],
  validation: readonly ValidationCase[],
  labelled: number,
): TrainingLists {
  const withMask = (c: StudyCase): TrainingCase => ({ ...withoutMask(c), maskPath: c.maskPath });
  return {
    labelled: train.slice(0, labelled).map(withMask),
    unlabelled: train.slice(labelled).map(withoutMask),
    validation: validation.map(withMask),
  };
}

/** A case as prediction sees it. */
export const withoutMask = ({ scan, name, volumePath, channels }: StudyCase): TrainingCase => ({
  ...{ scan, name, volumePath },
  ...(channels && { channels }),
});
