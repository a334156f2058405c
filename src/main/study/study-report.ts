/** Writes what a study found: tables as Markdown, CSV and LaTeX, and one page with tables, plots and pictures. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../../core/metrics/index.ts';
import { readMask, readVolume } from '../imaging/index.ts';
import { escapeHtml } from '../report/html.ts';
import { pngDataUri } from '../report/png.ts';
import { axialPicture, largestSlice, percentileWindow } from '../report/slice-picture.ts';
import { STYLE } from '../report/style.ts';
import { writeAtomic } from '../trainer/files.ts';
import { boxPlot, efficiencyChart } from './charts.ts';
import type { StudyPlan } from './plan.ts';
import { type JobResult, jobFolder } from './run-job.ts';
import { type Row, studyRows } from './statistics.ts';
import {
  cellText,
  csvCases,
  csvTable,
  differenceText,
  differenceTitle,
  latexTable,
  legend,
  markdownTable,
} from './tables.ts';

const TRUTH = [0, 200, 83] as const;
const PREDICTION = [255, 82, 82] as const;
const UNLABELLED = 'On the unlabelled training cases';
/** Cases in the picture. */
const SHOWN = 3;

/** @returns the files written */
export async function writeStudyReport(plan: StudyPlan, results: readonly JobResult[], out: string): Promise<string[]> {
  const rows = studyRows(plan, results);
  const unlabelledResults = results.flatMap(({ unlabelledScores, ...result }) =>
    unlabelledScores ? [{ ...result, scores: unlabelledScores }] : [],
  );
  const unlabelled = studyRows(plan, unlabelledResults);
  const { against, name } = plan.definition;
  const open = plan.jobs.length - results.length;
  const state = `${results.length} of ${plan.jobs.length} jobs${open > 0 ? '; the tables will change' : ''}.`;
  const files = {
    'tables.md': [
      `# ${name}\n\n${state}\n\n${markdownTable(rows, against)}`,
      ...(unlabelled.length > 0 ? [`## ${UNLABELLED}\n\n${markdownTable(unlabelled, against)}`] : []),
    ].join('\n'),
    'tables.csv': csvTable(rows),
    'cases.csv': csvCases(results),
    ...(unlabelled.length > 0 && {
      'tables-unlabelled.csv': csvTable(unlabelled),
      'cases-unlabelled.csv': csvCases(unlabelledResults),
      'tables-unlabelled.tex': latexTable(unlabelled, against),
    }),
    'tables.tex': latexTable(rows, against),
    'study.html': page(plan, rows, unlabelled, state, await pictures(plan, results, out)),
  };
  return Object.entries(files).map(([file, text]) => {
    writeAtomic(join(out, file), new TextEncoder().encode(text));
    return join(out, file);
  });
}

function page(
  { definition, split, jobs }: StudyPlan,
  rows: readonly Row[],
  unlabelled: readonly Row[],
  state: string,
  figure: string,
): string {
  const { against } = definition;
  const options = jobs[0].options;
  const facts = [
    [
      'Cases',
      `${split.train.length} for training, ${split.validation.length} for validation, ${split.test.length} for the test`,
    ],
    [
      'Training',
      `${options.steps} steps, width ${options.width}, patch ${options.patch === 'auto' ? 'auto' : options.patch.join(' x ')}, last step (no checkpoint is chosen)`,
    ],
    ['Seeds', definition.seeds.join(', ')],
    ['State', state],
  ];
  const counts = [...new Set(rows.map((row) => row.labelled))];
  const own = (count: number, of = rows) => of.filter((row) => row.labelled === count);
  const body = [
    `<section><h1>${escapeHtml(definition.name)}</h1><dl>${facts.map(([k, v]) => `<dt>${k}</dt><dd>${escapeHtml(v)}</dd>`).join('')}</dl></section>`,
    ...counts.map(
      (n) =>
        `<section><h2>${n} labelled of ${split.train.length}</h2>${htmlTable(own(n), against)}${boxPlot(`${n} labelled`, own(n))}</section>`,
    ),
    ...[...new Set(unlabelled.map((row) => row.labelled))].map(
      (n) =>
        `<section><h2>${UNLABELLED}, ${n} labelled of ${split.train.length}</h2>${htmlTable(own(n, unlabelled), against)}</section>`,
    ),
    `<p class="dim">${escapeHtml(legend(against))}</p>`,
    efficiencyChart(rows),
    figure &&
      `<section><h2>Pictures</h2><p class="dim">Green: the reference; red: the prediction of the first seed.</p>${figure}</section>`,
    '<footer class="dim"><p>For research use: not a certified medical device.</p></footer>',
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(definition.name)}</title><style>${STYLE}</style></head>
<body>${body.join('\n')}</body></html>
`;
}

function htmlTable(rows: readonly Row[], against: string): string {
  const measures = ['Dice %', 'Jaccard %', '95HD mm', 'ASD mm'];
  const head = ['Method', ...measures, escapeHtml(differenceTitle(against)), 'Seeds', 'SD over seeds', 'Empty'];
  const body = rows.map((row) => {
    const cells = METRICS.map((m) => `<td${row.cells[m].best ? ' class="best"' : ''}>${cellText(row.cells[m])}</td>`);
    const seedSd = row.seedSd === null ? '-' : row.seedSd.toFixed(2);
    return `<tr><td>${escapeHtml(row.method)}</td>${cells.join('')}<td>${differenceText(row)}</td><td>${row.seeds}</td><td>${seedSd}</td><td>${row.emptyPredictions}</td></tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head.map((h) => `<th>${h}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** In the form of the paper's Fig. 4: a row a case; image, reference, then each method of the fewest labelled cases. */
async function pictures(
  { split, jobs, definition }: StudyPlan,
  results: readonly JobResult[],
  out: string,
): Promise<string> {
  const labelled = Math.min(...results.map((r) => r.labelled));
  const shown = definition.methods
    .map(({ name }) =>
      jobs.find((j) => j.method === name && j.labelled === labelled && results.some((r) => r.id === j.id)),
    )
    .filter((job) => job !== undefined);
  const step = Math.max(1, Math.floor(split.test.length / SHOWN));
  const rows: string[] = [];
  for (const test of split.test.filter((_, n) => n % step === 0).slice(0, SHOWN)) {
    const { volume } = await readVolume(test.volumePath);
    const reference = await readMask(test.maskPath, volume);
    const slice = largestSlice(reference);
    const window = percentileWindow(volume);
    const tile = (caption: string, outlines: Parameters<typeof axialPicture>[3]) =>
      `<figure><img alt="${escapeHtml(caption)}" src="${pngDataUri(axialPicture(volume, slice, window, outlines, 220))}"><figcaption>${escapeHtml(caption)}</figcaption></figure>`;
    const truth = { mask: reference, colour: TRUTH };
    const tiles = [tile(test.name, []), tile('reference', [truth])];
    for (const job of shown) {
      const path = join(jobFolder(out, job.id), 'masks', `${test.scan}.nii.gz`);
      if (existsSync(path))
        tiles.push(tile(job.method, [truth, { mask: await readMask(path, volume), colour: PREDICTION }]));
    }
    rows.push(
      `<div class="tiles" style="grid-template-columns:repeat(${Math.min(tiles.length, 6)},1fr)">${tiles.join('')}</div>`,
    );
  }
  return rows.join('');
}
