/** The study's table of small structures: how many scans have one, and in how many it was found. */

import { FOUND_DICE, SMALL_ML } from '../core/metrics/index.ts';
import { markdownRow } from '../core/plain-text.ts';
import type { StudyDefinition } from './definition.ts';
import type { JobResult } from './run-job.ts';

export interface SmallRow {
  labelled: number;
  method: string;
  label: string;
  seeds: number;
  /** Scans that have a small structure of the label, and those in which all of them were found; means over the seeds. */
  scans: number;
  scansFound: number;
  /** The structures of all scans, and those found; means over the seeds. */
  structures: number;
  found: number;
}

/** One row a method, number of labelled cases and label that has small structures. @param results with the scores of one list */
export function smallStructureRows(
  { classes }: Pick<StudyDefinition, 'classes'>,
  results: readonly JobResult[],
): SmallRow[] {
  const keys = [...new Set(results.map(({ labelled, method }) => JSON.stringify([labelled, method])))];
  return keys.flatMap((key) => {
    const [labelled, method] = JSON.parse(key) as [number, string];
    const runs = results.filter((run) => run.labelled === labelled && run.method === method);
    return classes.flatMap((label, n): SmallRow[] => {
      const own = runs.flatMap(({ scores }) =>
        scores.flatMap((score) => (score.label === n + 1 && score.small ? [score.small] : [])),
      );
      if (own.length === 0) return [];
      const mean = (of: (small: (typeof own)[number]) => number) =>
        own.reduce((sum, small) => sum + of(small), 0) / runs.length;
      return [
        {
          ...{ labelled, method, label, seeds: runs.length },
          scans: mean(() => 1),
          scansFound: mean(({ present, found }) => Number(found === present)),
          structures: mean(({ present }) => present),
          found: mean(({ found }) => found),
        },
      ];
    });
  });
}

const HEAD = ['Labelled', 'Method', 'Label', 'Scans that have one', 'All found in', 'Structures', 'Found', 'Seeds'];

/** '' where no scan has a small structure. */
export function smallStructuresMarkdown(rows: readonly SmallRow[], title: string): string {
  if (rows.length === 0) return '';
  const part = (n: number, of: number) => `${rounded(n)} (${Math.round((100 * n) / of)} %)`;
  return [
    `## Small structures, ${title}\n`,
    markdownRow(HEAD),
    markdownRow(HEAD.map(() => '---')),
    ...rows.map((row) =>
      markdownRow([
        ...[String(row.labelled), row.method, row.label, rounded(row.scans), part(row.scansFound, row.scans)],
        ...[rounded(row.structures), part(row.found, row.structures), String(row.seeds)],
      ]),
    ),
    '',
    `Connected pieces of the reference of less than ${SMALL_ML} ml; found: a predicted piece has a Dice of ${FOUND_DICE} or more with it. Means over seeds.`,
    '',
  ].join('\n');
}

const rounded = (n: number): string => n.toFixed(Number.isInteger(n) ? 0 : 1);
