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
import { boxPlot, type Chart, chartFigure, chartFile, efficiencyChart } from './charts.ts';
import { FURTHER_LISTS, type FurtherList } from './definition.ts';
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
  TITLES,
} from './tables.ts';

const TRUTH = [0, 200, 83] as const;
const PREDICTION = [255, 82, 82] as const;
const FURTHER_TITLES: Record<FurtherList, string> = {
  validation: 'On the validation cases',
  unlabelled: 'On the unlabelled training cases',
};
/** Cases in the picture. */
const SHOWN = 3;

/** @returns the files written */
export async function writeStudyReport(plan: StudyPlan, results: readonly JobResult[], out: string): Promise<string[]> {
  const rows = studyRows(plan, results);
  const further = FURTHER_LISTS.map((list) => {
    const own = results.flatMap(({ also, ...result }) =>
      also?.[list]?.length ? [{ ...result, scores: also[list] }] : [],
    );
    return { list, title: FURTHER_TITLES[list], results: own, rows: studyRows(plan, own) };
  }).filter(({ rows }) => rows.length > 0);
  const { against, name } = plan.definition;
  const open = plan.jobs.length - results.length;
  const state = `${results.length} of ${plan.jobs.length} jobs${open > 0 ? '; the tables will change' : ''}.`;
  const charts = studyCharts(plan, rows);
  const files: Record<string, string> = {
    'tables.md': [
      `# ${name}\n\n${state}\n\n${markdownTable(rows, against)}`,
      ...further.map(({ title, rows }) => `## ${title}\n\n${markdownTable(rows, against)}`),
    ].join('\n'),
    'tables.csv': csvTable(rows),
    'cases.csv': csvCases(results),
    'tables.tex': latexTable(rows, against),
    ...Object.fromEntries(
      further.flatMap(({ list, rows, results }) => [
        [`tables-${list}.csv`, csvTable(rows)],
        [`cases-${list}.csv`, csvCases(results)],
        [`tables-${list}.tex`, latexTable(rows, against)],
      ]),
    ),
    ...Object.fromEntries(Object.entries(charts).map(([file, chart]) => [`${file}.svg`, chartFile(chart)])),
    'study.html': page(plan, rows, further, charts, state, await pictures(plan, results, out)),
  };
  return Object.entries(files).map(([file, text]) => {
    writeAtomic(join(out, file), new TextEncoder().encode(text));
    return join(out, file);
  });
}

/** By the names of their files; a chart without values is not there. */
function studyCharts({ split }: StudyPlan, rows: readonly Row[]): Record<string, Chart> {
  const charts: Record<string, Chart> = {};
  const add = (file: string, chart: Chart | null) => {
    if (chart) charts[file] = chart;
  };
  for (const n of new Set(rows.map(({ labelled }) => labelled))) {
    const own = rows.filter(({ labelled }) => labelled === n);
    add(`boxes-${n}`, boxPlot(`${n} labelled`, own));
  }
  add('efficiency', efficiencyChart(rows, split.train.length));
  return charts;
}

function page(
  { definition, split, jobs }: StudyPlan,
  rows: readonly Row[],
  further: readonly { title: string; rows: readonly Row[] }[],
  charts: Record<string, Chart>,
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
    ['Seeds', [...new Set(jobs.map(({ seed }) => seed))].sort((a, b) => a - b).join(', ')],
    ['State', state],
  ];
  const counts = [...new Set(rows.map((row) => row.labelled))];
  const own = (count: number, of = rows) => of.filter((row) => row.labelled === count);
  const body = [
    `<section><h1>${escapeHtml(definition.name)}</h1><dl>${facts.map(([k, v]) => `<dt>${k}</dt><dd>${escapeHtml(v)}</dd>`).join('')}</dl></section>`,
    ...counts.map(
      (n) =>
        `<section><h2>${n} labelled of ${split.train.length}</h2>${htmlTable(own(n), against)}${chartFigure(charts[`boxes-${n}`])}</section>`,
    ),
    ...further.flatMap(({ title, rows }) =>
      [...new Set(rows.map((row) => row.labelled))].map(
        (n) =>
          `<section><h2>${title}, ${n} labelled of ${split.train.length}</h2>${htmlTable(own(n, rows), against)}</section>`,
      ),
    ),
    `<p class="dim">${escapeHtml(legend(against))}</p>`,
    chartFigure(charts.efficiency ?? null),
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
  const someEmpty = rows.some((row) => row.emptyPredictions > 0);
  const head = [
    'Method',
    ...METRICS.map((m) => TITLES[m]),
    escapeHtml(differenceTitle(against)),
    'Seeds (SD)',
    ...(someEmpty ? ['Empty'] : []),
  ];
  const body = rows.map((row) => {
    const cells = METRICS.map((m) => `<td${row.cells[m].best ? ' class="best"' : ''}>${cellText(row.cells[m])}</td>`);
    const seeds = `${row.seeds}${row.seedSd === null ? '' : ` (${row.seedSd.toFixed(2)})`}`;
    const more = [differenceText(row), seeds, ...(someEmpty ? [row.emptyPredictions] : [])];
    return `<tr><td>${escapeHtml(row.method)}</td>${cells.join('')}${more.map((text) => `<td>${text}</td>`).join('')}</tr>`;
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
