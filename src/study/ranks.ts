/** Several cohorts side by side: each method's rank on each, and the mean of its ranks. */
import { markdownRow, toCsv } from '../core/plain-text.ts';
import type { ScoredList } from './scored-lists.ts';

/** One cohort's rows, of the unlabelled and test cases together where the study scores both, else of the test cases. */
export interface RankedCohort {
  name: string;
  rows: { method: string; labelled: number; dice: number }[];
}

export interface Ranking {
  /** Heads of the columns: a cohort and its number of labelled cases. */
  columns: string[];
  /** Best mean rank first. Only methods that every column has are ranked. */
  methods: { method: string; meanRank: number; cells: { dice: number; rank: number }[] }[];
}

/** What a study's lists say of its cohort. */
export function rankedCohort(name: string, lists: readonly ScoredList[]): RankedCohort {
  const list = lists.find(({ suffix }) => suffix === '-together') ?? lists[0];
  const rows = list.rows.flatMap(({ method, labelled, cells }) =>
    cells.dice.mean === null ? [] : [{ method, labelled, dice: cells.dice.mean }],
  );
  return { name, rows };
}

/**
 * Ranks the methods that all columns share by their mean Dice, 1 the best; equal ones share the mean of their ranks. A column is a
 * cohort with one number of labelled cases; a number that only some of the shared methods were run with is no column.
 */
export function rankMethods(cohorts: readonly RankedCohort[]): Ranking {
  const named = cohorts.map(({ rows }) => new Set(rows.map(({ method }) => method)));
  const everywhere = new Set([...(named[0] ?? [])].filter((method) => named.every((own) => own.has(method))));
  const columns = cohorts.flatMap(({ name, rows }) =>
    [...new Set(rows.map(({ labelled }) => labelled))].flatMap((labelled) => {
      const dice = new Map(rows.filter((row) => row.labelled === labelled).map((row) => [row.method, row.dice]));
      return [...everywhere].every((method) => dice.has(method))
        ? [{ head: `${name}, ${labelled} labelled`, dice }]
        : [];
    }),
  );
  const methods = [...everywhere].map((method) => {
    const cells = columns.map(({ dice }) => ({
      dice: dice.get(method) as number,
      rank: rankOf(method, dice, everywhere),
    }));
    return { method, meanRank: cells.reduce((sum, { rank }) => sum + rank, 0) / cells.length, cells };
  });
  return { columns: columns.map(({ head }) => head), methods: methods.sort((a, b) => a.meanRank - b.meanRank) };
}

function rankOf(method: string, dice: ReadonlyMap<string, number>, among: ReadonlySet<string>): number {
  const own = dice.get(method) as number;
  const others = [...among].filter((other) => other !== method).map((other) => dice.get(other) as number);
  return 1 + others.filter((d) => d > own).length + others.filter((d) => d === own).length / 2;
}

/** One table: a row a method, `Dice (rank)` a column. */
export function rankingMarkdown({ columns, methods }: Ranking): string {
  const head = ['Method', 'Mean rank', ...columns];
  return [
    markdownRow(head),
    markdownRow(head.map(() => '---')),
    ...methods.map(({ method, meanRank, cells }) =>
      markdownRow([method, meanRank.toFixed(2), ...cells.map(({ dice, rank }) => `${dice.toFixed(2)} (${rank})`)]),
    ),
    '',
    'Dice: mean over the unlabelled and test cases of a cohort together, or over its test cases; rank: 1 is the best of the methods that all cohorts have.',
    '',
  ].join('\n');
}

export function rankingCsv({ columns, methods }: Ranking): string {
  const lines = methods.flatMap(({ method, meanRank, cells }) =>
    cells.map(({ dice, rank }, n) => [method, meanRank, columns[n], dice, rank]),
  );
  return toCsv([['method', 'mean_rank', 'cohort', 'dice', 'rank'], ...lines], '\n');
}
