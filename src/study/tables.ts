/** The tables in the form of the paper's I to IV: mean (SD), best in bold, star where the difference is significant. */

import { METRICS, type MetricName } from '../core/metrics/index.ts';
import { escapeLatex, markdownRow, toCsv } from '../core/plain-text.ts';
import type { JobResult } from './run-job.ts';
import { type Cell, isSignificant, type Row } from './statistics.ts';

/** Heads of the columns. */
export const TITLES: Record<MetricName, string> = {
  dice: 'Dice %',
  jaccard: 'Jaccard %',
  hd95: '95HD mm',
  asd: 'ASD mm',
};

/** `83.36 (12.58)*` */
export const cellText = ({ mean, sd, star }: Cell): string =>
  mean === null ? '-' : `${mean.toFixed(2)}${sd === null ? '' : ` (${sd.toFixed(2)})`}${star ? '*' : ''}`;

/** What the method's Dice is beyond the reference method's, with its 95 % interval: `-0.57 [-1.06, -0.09]` */
export function differenceText({ cells, seeds, sharedSeeds }: Row): string {
  const { test } = cells.dice;
  if (!test) return '';
  const [low, high] = test.interval.map(signed);
  const some = sharedSeeds < seeds ? `, ${sharedSeeds} of the seeds` : '';
  return `${signed(test.meanDifference)} [${low}, ${high}]${some}`;
}

/** The same for each of several seeds: `+1.37*, +0.64*, +1.24*` */
export const bySeedText = ({ bySeed }: Row): string =>
  bySeed.length < 2
    ? ''
    : bySeed.map(({ test }) => `${signed(test.meanDifference)}${isSignificant(test) ? '*' : ''}`).join(', ');

export const differenceTitle = (against: string): string => `Dice against ${against}`;

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(2)}`;

export function markdownTable(rows: readonly Row[], against: string): string {
  const head = [
    'Labelled',
    'Method',
    ...METRICS.map((m) => TITLES[m]),
    differenceTitle(against),
    'By seed',
    'Seeds',
    'SD over seeds',
    'Minutes',
    'Empty',
  ];
  const lines = rows.map((row) => [
    String(row.labelled),
    row.method,
    ...METRICS.map((m) => (row.cells[m].best ? `**${cellText(row.cells[m])}**` : cellText(row.cells[m]))),
    differenceText(row),
    bySeedText(row),
    String(row.seeds),
    row.seedSd === null ? '-' : row.seedSd.toFixed(2),
    row.minutes.toFixed(1),
    String(row.emptyPredictions),
  ]);
  return [head, head.map(() => '---'), ...lines].map(markdownRow).join('\n').concat('\n');
}

export const legend = (against: string): string =>
  `Mean (SD) over cases, seeds averaged case by case; bold: best mean of its number of labelled cases; * : p <= .05 against ${against}, two-sided paired t-test over patients (their scans and labels averaged), with the seeds that both have; Dice against ${against}: mean of the differences and its 95 % interval; by seed: the same of each seed alone; SD of seeds: of their mean Dice; minutes: training and prediction, on this machine. ASD from prediction to reference. Cases with an empty prediction have Dice 0 and no distances.`;

export function csvTable(rows: readonly Row[]): string {
  const columns = METRICS.flatMap((m) => [m, `${m}_sd`, `${m}_cases`, `${m}_p`]);
  const lines = rows.map((row) => [
    row.labelled,
    row.method,
    row.seeds,
    ...METRICS.flatMap((m) => [row.cells[m].mean, row.cells[m].sd, row.cells[m].cases, row.cells[m].test?.p ?? null]),
    row.seedSd,
    Number(row.minutes.toFixed(2)),
    row.emptyPredictions,
    row.cells.dice.test?.meanDifference ?? null,
    ...(row.cells.dice.test?.interval ?? [null, null]),
    row.cells.dice.test ? row.sharedSeeds : null,
  ]);
  const difference = ['dice_difference', 'dice_difference_low', 'dice_difference_high', 'seeds_compared'];
  const head = [
    'labelled',
    'method',
    'seeds',
    ...columns,
    'dice_sd_over_seeds',
    'minutes',
    'empty_predictions',
    ...difference,
  ];
  return toCsv([head, ...lines], '\n');
}

/** Every score of every job. */
export function csvCases(results: readonly JobResult[]): string {
  const lines = results.flatMap((run) =>
    run.scores.map((s) => [run.method, run.labelled, run.seed, s.case, s.label, ...METRICS.map((m) => s[m])]),
  );
  return toCsv([['method', 'labelled', 'seed', 'case', 'label', ...METRICS], ...lines], '\n');
}

export function latexTable(rows: readonly Row[], against: string): string {
  const cell = (c: Cell) => {
    const text = cellText(c).replace('*', '$^{*}$');
    return c.best ? `\\textbf{${text}}` : text;
  };
  const lines = rows.map((row, n) => {
    const first =
      n === 0 || rows[n - 1].labelled !== row.labelled ? `${n > 0 ? '\\midrule\n' : ''}${row.labelled}` : '';
    return `${first} & ${escapeLatex(row.method)} & ${METRICS.map((m) => cell(row.cells[m])).join(' & ')} \\\\`;
  });
  const head = METRICS.map((m) => escapeLatex(TITLES[m])).join(' & ');
  return `% ${legend(against)}
\\begin{tabular}{llrrrr}
\\toprule
Labelled & Method & ${head} \\\\
\\midrule
${lines.join('\n')}
\\bottomrule
\\end{tabular}
`;
}
