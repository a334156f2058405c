/** A report as one page that stands alone: no script, no font, no picture from anywhere else. */
import { SERIES_HUES } from '../../core/hues.ts';

import {
  type CaseMetrics,
  LARGER_IS_BETTER,
  METRICS,
  type MetricName,
  type MetricSummary,
  meanAndSd,
  type PairedTTest,
  summarise,
} from '../../core/metrics/index.ts';
import { writeFileAtomic } from '../../disk/index.ts';
import { type Picture, pngDataUri } from '../../imaging/png.ts';
import { lineChart, stripPlot } from './charts.ts';
import { escapeHtml, inlineCode } from './html.ts';
import { STYLE } from './style.ts';

export interface ReportData {
  title: string;
  /** Paragraphs in plain words: what was done, what was found. `code` between backticks. */
  summary: readonly string[];
  /** Short facts, e.g. ['Device', '2 cores']. */
  facts: readonly (readonly [name: string, value: string])[];
  methods: readonly MethodReport[];
  /** Predictions that nobody has decided on: case, run and expected Dice in words. */
  expected?: { cases: readonly (readonly [name: string, run: string, words: string])[]; remark: string };
  /** What was measured on scans. */
  measurements?: readonly MeasuredFigures[];
  /** Sentences under the table, e.g. the paired t-test. */
  remarks: readonly string[];
  pictures: readonly PictureRow[];
  /** What the outlines' colours mean. */
  key: readonly { name: string; colour: string }[];
  /** Last lines, small: the command that made the page, the research-use notice. */
  footer: readonly string[];
}

export interface MeasuredFigures {
  scan: string;
  kind: string;
  plane: string;
  /** From 1. */
  slice: number;
  channel: string;
  /** In words, with their units. */
  figures: string;
}

export interface MethodReport {
  /** As the reader sees it: 'CPCL', 'supervised-only'. */
  name: string;
  colour: string;
  /** Methods may have scored different cases: the table of cases shows a dash where one is missing. */
  cases: readonly ReportedCase[];
  /** Curves by name: `loss.supervised`, `lambda`, `validation.dice`, ... */
  curves: Readonly<Record<string, readonly { step: number; value: number | null }[]>>;
}

/** Figures of one case; the further ones where they were measured, surface Dice at 1 mm. */
export interface ReportedCase extends CaseMetrics {
  name: string;
  hd95Max?: number | null;
  surfaceDice?: number | null;
  /** The prediction has the label, the reference nothing of it. */
  spurious?: boolean;
}

export interface PictureRow {
  caption: string;
  tiles: readonly { caption: string; picture: Picture }[];
}

const METRIC_TITLES: Record<MetricName, string> = {
  dice: 'Dice %',
  jaccard: 'Jaccard %',
  hd95: '95HD mm',
  asd: 'ASD mm',
};

/** Writes the page in one piece: a reader never sees half of it. */
export const writeReport = (path: string, data: ReportData): void => writeFileAtomic(path, renderReport(data));

/** @returns the whole page */
export function renderReport(data: ReportData): string {
  const facts = data.facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${inlineCode(value)}</dd>`).join('');
  const sections = [
    `<section><h1>${escapeHtml(data.title)}</h1>${paragraphs(data.summary)}<dl>${facts}</dl></section>`,
    data.methods.length
      ? `<section><h2>Results</h2>${resultTable(data.methods)}${paragraphs(data.remarks)}<div class="charts">${dicePlot(data.methods)}</div></section>`
      : '',
    data.pictures.length
      ? `<section><h2>Pictures</h2>${colourKey(data.key)}${data.pictures.map(pictureRow).join('')}</section>`
      : '',
    data.methods.some((m) => Object.keys(m.curves).length)
      ? `<section><h2>Training</h2>${data.methods.map(trainingCharts).join('')}</section>`
      : '',
    data.methods.length ? `<section><h2>Every case</h2>${caseTable(data.methods)}</section>` : '',
    data.expected?.cases.length ? `<section><h2>Not reviewed yet</h2>${expectedTable(data.expected)}</section>` : '',
    data.measurements?.length ? `<section><h2>Measurements</h2>${measurementTable(data.measurements)}</section>` : '',
    `<footer class="dim">${paragraphs(data.footer)}</footer>`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(data.title)}</title><style>${STYLE}</style></head>
<body>${sections.join('\n')}</body></html>
`;
}

/** One sentence on a paired t-test of Dice, `first` minus `second`. */
export function describeTest(test: PairedTTest | null, first: string, second: string): string {
  if (!test) return `Too few cases for a paired t-test of ${first} against ${second}.`;
  const sign = test.meanDifference >= 0 ? 'higher' : 'lower';
  const verdict = test.p <= 0.05 ? 'unlikely to be chance (p <= .05)' : 'within what chance explains (p > .05)';
  return `${first} is ${Math.abs(test.meanDifference).toFixed(1)} Dice points ${sign} than ${second} over ${test.pairs} cases (95 % interval of the difference ${test.interval.map((bound) => bound.toFixed(1)).join(' to ')}); a two-sided paired t-test gives p = ${test.p < 0.001 ? '< .001' : test.p.toFixed(3)}, ${verdict}.`;
}

const paragraphs = (texts: readonly string[]) => texts.map((text) => `<p>${inlineCode(text)}</p>`).join('');
const colourKey = (key: ReportData['key']) =>
  key.length
    ? `<p class="dim">${key.map((k) => `<span class="key"><i style="background:${k.colour}"></i>${escapeHtml(k.name)}</span>`).join('')}</p>`
    : '';

/** Mean (SD), as in the papers of the field. */
export const formatSummary = ({ mean, sd }: MetricSummary): string =>
  mean === null ? '-' : sd === null ? mean.toFixed(1) : `${mean.toFixed(1)} (${sd.toFixed(1)})`;

function resultTable(methods: readonly MethodReport[]): string {
  const rows = methods.map((method) => ({ name: method.name, summary: summarise(method.cases) }));
  const best = (metric: MetricName) => {
    const means = rows.map((row) => row.summary[metric].mean).filter((mean) => mean !== null);
    return LARGER_IS_BETTER[metric] ? Math.max(...means) : Math.min(...means);
  };
  const further = methods.some(hasFurther);
  const body = rows.map(({ name, summary }, n) => {
    const cells = METRICS.map(
      (metric) =>
        `<td${rows.length > 1 && summary[metric].mean === best(metric) ? ' class="best"' : ''}>${formatSummary(summary[metric])}</td>`,
    );
    const { cases } = methods[n];
    const more = FURTHER.map(({ of }) => `<td>${formatSummary(meanAndSd(cases.map(of)))}</td>`);
    const spurious = `<td>${cases.filter((one) => one.spurious).length}</td>`;
    return `<tr><td>${escapeHtml(name)}</td>${cells.join('')}${further ? more.join('') : ''}<td>${summary.emptyPredictions}</td>${further ? spurious : ''}<td>${summary.cases}</td></tr>`;
  });
  const heads = [...METRICS.map((m) => METRIC_TITLES[m]), ...(further ? FURTHER.map(({ title }) => title) : [])];
  const counts = ['Empty', ...(further ? ['Spurious'] : []), 'Cases'];
  const head = ['Method', ...heads, ...counts].map((title) => `<th>${title}</th>`).join('');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>
<p class="dim">Mean (standard deviation over cases). 95HD: 95th percentile of the surface distances of both directions; ASD: mean distance from the predicted surface to the reference. Empty predictions count 0 in Dice and Jaccard and have no distances.${further ? ' So do spurious ones, found where the reference has nothing. 95HD max: the larger of both directions; surface Dice: share of both surfaces within 1 mm of each other.' : ''}</p>`;
}

/** Figures that compare with other papers, where they were measured. */
const FURTHER: readonly { title: string; of: (one: ReportedCase) => number | null }[] = [
  { title: '95HD max mm', of: ({ hd95Max }) => hd95Max ?? null },
  { title: 'Surface Dice %', of: ({ surfaceDice }) => surfaceDice ?? null },
];
const hasFurther = ({ cases }: MethodReport): boolean => cases.some(({ surfaceDice }) => surfaceDice !== undefined);

const dicePlot = (methods: readonly MethodReport[]) =>
  stripPlot(
    'Dice of each case',
    methods.map((m) => ({ name: m.name, colour: m.colour, values: m.cases.map((c) => c.dice) })),
    '%; the bar is the mean',
  );

function pictureRow({ caption, tiles }: PictureRow): string {
  const figures = tiles.map(
    (tile) =>
      `<figure><img src="${pngDataUri(tile.picture)}" alt="${escapeHtml(`${caption}: ${tile.caption}`)}"><figcaption>${escapeHtml(tile.caption)}</figcaption></figure>`,
  );
  return `<h3>${escapeHtml(caption)}</h3><div class="tiles" style="grid-template-columns:repeat(${tiles.length},1fr)">${figures.join('')}</div>`;
}

function trainingCharts({ name, curves }: MethodReport): string {
  const points = (curve: string) =>
    (curves[curve] ?? []).filter((p): p is { step: number; value: number } => p.value !== null);
  const losses = Object.keys(curves).filter((curve) => curve.startsWith('loss.'));
  const charts = [
    lineChart(
      'Loss by term',
      losses.map((curve, n) => ({
        name: curve.slice(5),
        colour: SERIES_HUES[n % SERIES_HUES.length],
        points: points(curve),
      })),
      'before weighting',
    ),
    lineChart(
      'Lambda',
      [{ name: 'lambda', colour: SERIES_HUES[3], points: points('lambda') }],
      'weight of the consistency terms',
    ),
    lineChart(
      'Validation Dice',
      [{ name: 'validation', colour: SERIES_HUES[2], points: points('validation.dice') }],
      '%',
    ),
  ].join('');
  return charts ? `<h3>${escapeHtml(name)}</h3><div class="charts">${charts}</div>` : '';
}

function expectedTable({ cases, remark }: NonNullable<ReportData['expected']>): string {
  const rows = cases.map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table><thead><tr><th>Case</th><th>Run</th><th>Expected Dice %</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>
<p class="dim">${escapeHtml(remark)}</p>`;
}

function measurementTable(measurements: readonly MeasuredFigures[]): string {
  const rows = measurements.map(({ scan, kind, plane, slice, channel, figures }) => {
    const cells = [scan, kind, `${plane} slice ${slice}`, channel, figures];
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  });
  const head = ['Case', 'Kind', 'Where', 'Channel', 'Figures'].map((title) => `<th>${title}</th>`).join('');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>
<p class="dim">Lengths and areas in mm from the voxel geometry. Regions: mean ± standard deviation of the voxels whose centres are inside.</p>`;
}

function caseTable(methods: readonly MethodReport[]): string {
  const number = (value: number | null) => (value === null ? '-' : value.toFixed(1));
  const titles = (m: MethodReport) => [
    ...METRICS.map((metric) => METRIC_TITLES[metric]),
    ...(hasFurther(m) ? FURTHER.map(({ title }) => title) : []),
  ];
  const head = methods
    .map((m) =>
      titles(m)
        .map((title) => `<th>${escapeHtml(m.name)}<br>${title}</th>`)
        .join(''),
    )
    .join('');
  const names = [...new Set(methods.flatMap((m) => m.cases.map((c) => c.name)))];
  const rows = names.map((name) => {
    const cells = methods.map((m) => {
      const one = m.cases.find((c) => c.name === name);
      const further = hasFurther(m) ? FURTHER.map(({ of }) => one && of(one)) : [];
      const values = [...METRICS.map((metric) => one?.[metric]), ...further];
      return values.map((value) => `<td>${number(value ?? null)}</td>`).join('');
    });
    return `<tr><td>${escapeHtml(name)}</td>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr><th>Case</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
