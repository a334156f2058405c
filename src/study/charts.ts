/** Box plots and the label-efficiency curve: as figures of the study's page, in its look, and as SVG files that stand alone. */

import { boxPlotOf } from '../core/box-plot.ts';
import { SERIES_HUES } from '../core/hues.ts';
import { niceTicks } from '../core/ticks.ts';
import { escapeHtml } from '../project/report/html.ts';
import type { Row } from './statistics.ts';

/** One a method; two greys-browns end the row, so that eight are told apart. */
const COLOURS: readonly string[] = [...SERIES_HUES, '#7f7f7f', '#8c564b'];
const WIDTH = 720;
const LEFT = 150;
const RIGHT = 16;

export interface Chart {
  title: string;
  unit: string;
  height: number;
  /** SVG within 0 0 720 height. */
  body: string;
  legend: { name: string; colour: string }[];
}

/** One horizontal box a row, Dice in percent; null where there is no value. @param noun what the cases are called */
export function boxPlot(title: string, noun: string, rows: readonly Row[]): Chart | null {
  const all = rows.flatMap((row) => row.dice);
  if (all.length === 0) return null;
  const ticks = niceTicks(Math.min(...all), Math.max(...all));
  const [first, last] = [ticks[0], ticks[ticks.length - 1]];
  const height = 30 + rows.length * 24;
  const x = (value: number) => round(LEFT + ((WIDTH - LEFT - RIGHT) * (value - first)) / (last - first || 1));
  const grid = ticks.map(
    (t) =>
      `<line class="grid" x1="${x(t)}" x2="${x(t)}" y1="4" y2="${height - 24}"/><text x="${x(t)}" y="${height - 8}" text-anchor="middle">${t}</text>`,
  );
  const boxes = rows.map((row, n) => {
    const colour = COLOURS[n % COLOURS.length];
    const y = 16 + n * 24;
    const { low, lower, median, upper, high, outliers } = boxPlotOf(row.dice);
    const line = (from: number, to: number) =>
      `<line x1="${x(from)}" x2="${x(to)}" y1="${y}" y2="${y}" stroke="${colour}"/>`;
    return [
      `<text x="0" y="${y + 4}">${escapeHtml(row.method)}</text>`,
      line(low, lower),
      line(upper, high),
      `<rect x="${x(lower)}" y="${y - 8}" width="${round(Math.max(1, x(upper) - x(lower)))}" height="16" fill="${colour}" fill-opacity="0.35" stroke="${colour}"/>`,
      `<line x1="${x(median)}" x2="${x(median)}" y1="${y - 8}" y2="${y + 8}" stroke="${colour}" stroke-width="2.5"/>`,
      ...outliers.map((v) => `<circle cx="${x(v)}" cy="${y}" r="2.5" fill="none" stroke="${colour}"/>`),
    ].join('');
  });
  return {
    title,
    unit: `Dice % of ${noun}, one value a case`,
    height,
    body: grid.join('') + boxes.join(''),
    legend: [],
  };
}

/**
 * Mean Dice against the number of labelled cases, one line a method, with a dashed line at the mean of a method that has all
 * `trainCases` labelled; null where there is one number alone.
 */
export function efficiencyChart(rows: readonly Row[], trainCases: number, noun: string): Chart | null {
  const points = rows.flatMap(({ method, labelled, cells: { dice } }) =>
    dice.mean === null ? [] : [{ method, labelled, mean: dice.mean }],
  );
  const counts = [...new Set(points.map(({ labelled }) => labelled))].sort((a, b) => a - b);
  if (counts.length < 2) return null;
  const means = points.map(({ mean }) => mean);
  const ticks = niceTicks(Math.min(...means), Math.max(...means));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const height = 300;
  const x = (n: number) =>
    round(
      LEFT + ((WIDTH - LEFT - RIGHT - 20) * Math.log(n / counts[0])) / Math.log(counts[counts.length - 1] / counts[0]),
    );
  const y = (v: number) => round(height - 34 - ((height - 50) * (v - low)) / (high - low || 1));
  const grid = [
    ...ticks.map(
      (t) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(t)}" y2="${y(t)}"/><text x="${LEFT - 8}" y="${y(t) + 4}" text-anchor="end">${t}</text>`,
    ),
    ...counts.map((n) => `<text x="${x(n)}" y="${height - 14}" text-anchor="middle">${n}</text>`),
    `<text x="${WIDTH / 2}" y="${height - 1}" text-anchor="middle">labelled cases</text>`,
  ];
  const methods = [...new Set(points.map(({ method }) => method))];
  const lines = methods.map((method, n) => {
    const colour = COLOURS[n % COLOURS.length];
    const own = points.filter((point) => point.method === method);
    const path = own.map((p, k) => `${k ? 'L' : 'M'}${x(p.labelled)} ${y(p.mean)}`).join('');
    const dots = own.map((p) => `<circle cx="${x(p.labelled)}" cy="${y(p.mean)}" r="3" fill="${colour}"/>`);
    const all = own.find(({ labelled }) => labelled === trainCases);
    const line = all
      ? `<line class="all" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(all.mean)}" y2="${y(all.mean)}" stroke="${colour}" stroke-dasharray="5 4"/><text x="${LEFT + 4}" y="${y(all.mean) - 5}">${escapeHtml(method)}, all ${trainCases} labelled</text>`
      : '';
    return `${line}<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`;
  });
  return {
    title: 'Label efficiency',
    unit: `mean Dice % of ${noun}`,
    height,
    body: grid.join('') + lines.join(''),
    legend: methods.map((name, n) => ({ name, colour: COLOURS[n % COLOURS.length] })),
  };
}

/** The chart as a part of a page; '' for none. */
export function chartFigure(chart: Chart | undefined): string {
  if (!chart) return '';
  const { title, unit, height, body, legend } = chart;
  const keys = legend.map((l) => `<li><i style="background:${l.colour}"></i>${escapeHtml(l.name)}</li>`).join('');
  return `<figure class="chart"><figcaption>${escapeHtml(title)} <span>${escapeHtml(unit)}</span></figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${body}</svg>${keys ? `<ul class="legend">${keys}</ul>` : ''}</figure>`;
}

const KEYS_A_LINE = 4;

/** The chart as an SVG file for a paper or a slide: black on white, with its legend. */
export function chartFile({ title, unit, height, body, legend }: Chart): string {
  const keys = legend.map(({ name, colour }, n) => {
    const [x, y] = [(n % KEYS_A_LINE) * (WIDTH / KEYS_A_LINE), height + 12 + 18 * Math.floor(n / KEYS_A_LINE)];
    return `<rect x="${x}" y="${y}" width="10" height="10" rx="2" fill="${colour}"/><text x="${x + 16}" y="${y + 9}">${escapeHtml(name)}</text>`;
  });
  const whole = height + 8 + 18 * Math.ceil(legend.length / KEYS_A_LINE);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-12 -28 ${WIDTH + 24} ${whole + 40}" width="${WIDTH + 24}" height="${whole + 40}" role="img" aria-label="${escapeHtml(title)}">
<style>text{font:11px system-ui,"Segoe UI",Roboto,sans-serif;fill:#333}.grid{stroke:#d6dce3}</style>
<rect x="-12" y="-28" width="100%" height="100%" fill="#fff"/>
<text x="0" y="-10"><tspan font-weight="600">${escapeHtml(title)}</tspan>  ${escapeHtml(unit)}</text>
${body}${keys.join('')}
</svg>
`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
