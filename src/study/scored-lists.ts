/** The lists that a study's tables are of: the test cases, further lists that it scores, and parts of them that it names. */
import { FURTHER_LISTS, type FurtherList } from './definition.ts';
import type { StudyPlan } from './plan.ts';
import type { JobResult, Score } from './run-job.ts';
import { type Row, studyRows } from './statistics.ts';

export interface ScoredList {
  /** Ends the names of the list's files; '' for the test cases. */
  suffix: string;
  /** Of its section. */
  title: string;
  /** What its cases are called in a chart. */
  noun: string;
  /** The jobs' results with the scores of this list alone. */
  results: JobResult[];
  rows: Row[];
}

const FURTHER: Record<FurtherList, { title: string; noun: string }> = {
  validation: { title: 'On the validation cases', noun: 'validation cases' },
  unlabelled: { title: 'On the unlabelled training cases', noun: 'unlabelled training cases' },
};

/** Test cases first; another list that no job has scores of is left out. */
export function scoredLists(plan: StudyPlan, results: readonly JobResult[]): ScoredList[] {
  const list = (suffix: string, title: string, noun: string, scoresOf: (result: JobResult) => Score[]): ScoredList => {
    const own = results.map((result) => ({ ...result, scores: scoresOf(result) })).filter((r) => r.scores.length > 0);
    return { suffix, title, noun, results: own, rows: studyRows(plan, own) };
  };
  return [
    list('', 'On the test cases', 'test cases', ({ scores }) => scores),
    ...FURTHER_LISTS.map((key) =>
      list(`-${key}`, FURTHER[key].title, FURTHER[key].noun, ({ also }) => also?.[key] ?? []),
    ),
    // All that no training saw the mask of: more cases tell methods apart better.
    list('-together', 'On unlabelled and test cases together', 'unlabelled and test cases', ({ scores, also }) =>
      also?.unlabelled ? [...scores, ...also.unlabelled] : [],
    ),
    ...plan.parts.map(({ name, file, cases }) =>
      list(`-${file}`, `Part ${name}`, `cases of ${name}`, ({ scores, also }) =>
        [scores, ...Object.values(also ?? {})].flat().filter((score) => cases.has(score.case)),
      ),
    ),
  ].filter(({ suffix, rows }) => suffix === '' || rows.length > 0);
}
