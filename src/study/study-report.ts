/** Writes what a study found: tables as Markdown, CSV and LaTeX, and one page with tables, plots and pictures. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../core/metrics/index.ts';
import { writeFileAtomic } from '../disk/index.ts';
import { readMask, readVolume } from '../imaging/index.ts';
import { pngDataUri } from '../imaging/png.ts';
import { escapeHtml } from '../project/report/html.ts';
import { axialPicture, largestSlice, percentileWindow } from '../project/report/slice-picture.ts';
import { STYLE } from '../project/report/style.ts';

import { boxPlot, type Chart, chartFigure, chartFile, efficiencyChart } from './charts.ts';
import type { StudyPlan } from './plan.ts';
import { type JobResult, jobFolder } from './run-job.ts';
import { type ScoredList, scoredLists } from './scored-lists.ts';
import { smallStructureRows, smallStructuresMarkdown } from './small-structures.ts';
import type { Row } from './statistics.ts';
import {
  bySeedText,
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
import { milestonesIn, qualityMarkdown, timeToQuality } from './time-to-quality.ts';

const TRUTH = [0, 200, 83] as const;
const PREDICTION = [255, 82, 82] as const;
/** Cases in the picture. */
const SHOWN = 3;

/** @returns the files written */
export async function writeStudyReport(plan: StudyPlan, results: readonly JobResult[], out: string): Promise<string[]> {
  const lists = scoredLists(plan, results);
  const { against, name } = plan.definition;
  const open = plan.jobs.length - results.length;
  const state = `${results.length} of ${plan.jobs.length} jobs${open > 0 ? '; the tables will change' : ''}.`;
  const files: Record<string, string> = {
    'tables.md': [
      `# ${name}\n\n${state}\n`,
      ...lists.map(({ suffix, title, rows }) => `${suffix ? `## ${title}\n\n` : ''}${markdownTable(rows, against)}`),
      `${legend(against)}\n`,
      ...lists.map(({ noun, results }) => smallStructuresMarkdown(smallStructureRows(plan.definition, results), noun)),
      qualityMarkdown(
        timeToQuality(plan.definition, results, (id) => milestonesIn(out, id)),
        against,
      ),
    ].join('\n'),
    ...Object.fromEntries(
      lists.flatMap(({ suffix, rows, results, noun }) => [
        [`tables${suffix}.csv`, csvTable(rows)],
        [`cases${suffix}.csv`, csvCases(results)],
        [`tables${suffix}.tex`, latexTable(rows, against)],
        ...charts(plan, rows, noun).map(({ file, chart }) => [`${file}${suffix}.svg`, chartFile(chart)]),
      ]),
    ),
    'study.html': page(plan, lists, state, await pictures(plan, results, out)),
  };
  return Object.entries(files).map(([file, text]) => {
    writeFileAtomic(join(out, file), new TextEncoder().encode(text));
    return join(out, file);
  });
}

/** Box plots by number of labelled cases, and the curve over these numbers; a chart without values is not there. */
function charts({ split }: StudyPlan, rows: readonly Row[], noun: string): { file: string; chart: Chart }[] {
  const boxes = [...new Set(rows.map(({ labelled }) => labelled))].map((n) => ({
    file: `boxes-${n}`,
    chart: boxPlot(`${n} labelled`, noun, withLabelled(rows, n)),
  }));
  const all = [...boxes, { file: 'efficiency', chart: efficiencyChart(rows, split.train.length, noun) }];
  return all.flatMap(({ file, chart }) => (chart ? [{ file, chart }] : []));
}

const withLabelled = (rows: readonly Row[], n: number): Row[] => rows.filter(({ labelled }) => labelled === n);

function page(plan: StudyPlan, lists: readonly ScoredList[], state: string, figure: string): string {
  const { definition, split, jobs } = plan;
  const { against } = definition;
  const options = jobs[0].options;
  const facts = [
    [
      'Cases',
      `${split.train.length} for training, ${split.validation.length} for validation, ${split.test.length} for the test`,
    ],
    [
      'Training',
      `${options.steps === 'auto' ? `steps auto (${options.length})` : `${options.steps} steps`}, width ${options.width}, patch ${options.patch === 'auto' ? 'auto' : options.patch.join(' x ')}, last step (no checkpoint is chosen)`,
    ],
    ['Seeds', [...new Set(jobs.map(({ seed }) => seed))].sort((a, b) => a - b).join(', ')],
    ['State', state],
  ];
  const sections = ({ suffix, title, rows, noun }: ScoredList): string[] => {
    const drawn = new Map(charts(plan, rows, noun).map(({ file, chart }) => [file, chart]));
    const counts = [...new Set(rows.map(({ labelled }) => labelled))];
    const tables = counts.map((n) => {
      const head = `${n} labelled of ${split.train.length}`;
      return `<section><h2>${escapeHtml(suffix ? `${title}, ${head}` : head)}</h2>${htmlTable(withLabelled(rows, n), against)}${chartFigure(drawn.get(`boxes-${n}`))}</section>`;
    });
    const curve = drawn.get('efficiency');
    return curve ? [...tables, `<section>${chartFigure(curve)}</section>`] : tables;
  };
  const body = [
    `<section><h1>${escapeHtml(definition.name)}</h1><dl>${facts.map(([k, v]) => `<dt>${k}</dt><dd>${escapeHtml(v)}</dd>`).join('')}</dl></section>`,
    ...lists.flatMap(sections),
    `<p class="dim">${escapeHtml(legend(against))}</p>`,
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
    const more = [difference(row), seeds, ...(someEmpty ? [row.emptyPredictions] : [])];
    return `<tr><td>${escapeHtml(row.method)}</td>${cells.join('')}${more.map((text) => `<td>${text}</td>`).join('')}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head.map((h) => `<th>${h}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** With each seed's own below it, where there are several. */
const difference = (row: Row): string =>
  [differenceText(row), bySeedText(row)].filter((text) => text !== '').join('<br>');

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
    const { volume } = await readVolume(test.volumePath, test.channels?.[0].part);
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
