/** Box plots and the label-efficiency curve as SVG, in the look of the report pages. */
import { niceTicks } from '../report/charts.ts';
import { escapeHtml } from '../report/html.ts';
import type { Row } from './statistics.ts';

export const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#7f7f7f',
  '#8c564b',
] as const;
const WIDTH = 720;
const LEFT = 150;
const RIGHT = 16;

export interface Box {
  low: number;
  lower: number;
  median: number;
  upper: number;
  high: number;
  outliers: number[];
}

/** Quartiles (linear between neighbours); whiskers to the last value within 1.5 quartile distances, the rest outliers. */
export function boxOf(values: readonly number[]): Box {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
  };
  const [lower, median, upper] = [at(0.25), at(0.5), at(0.75)];
  const reach = 1.5 * (upper - lower);
  const within = sorted.filter((v) => v >= lower - reach && v <= upper + reach);
  const outliers = sorted.filter((v) => v < lower - reach || v > upper + reach);
  return { low: within[0], lower, median, upper, high: within[within.length - 1], outliers };
}

/** One horizontal box a row, Dice in percent. */
export function boxPlot(title: string, rows: readonly Row[]): string {
  const all = rows.flatMap((row) => row.dice);
  if (all.length === 0) return '';
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
    const { low, lower, median, upper, high, outliers } = boxOf(row.dice);
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
  return figure(title, 'Dice %, one value a test case', height, grid.join('') + boxes.join(''), []);
}

/** Mean Dice against the number of labelled cases, one line a method; '' where there is one number alone. */
export function efficiencyChart(rows: readonly Row[]): string {
  const counts = [...new Set(rows.map((row) => row.labelled))].sort((a, b) => a - b);
  if (counts.length < 2) return '';
  const means = rows.map((row) => row.cells.dice.mean).filter((m) => m !== null);
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
  const methods = [...new Set(rows.map((row) => row.method))];
  const lines = methods.map((method, n) => {
    const colour = COLOURS[n % COLOURS.length];
    const points = rows.filter((row) => row.method === method && row.cells.dice.mean !== null);
    const path = points.map((p, k) => `${k ? 'L' : 'M'}${x(p.labelled)} ${y(p.cells.dice.mean!)}`).join('');
    const dots = points.map(
      (p) => `<circle cx="${x(p.labelled)}" cy="${y(p.cells.dice.mean!)}" r="3" fill="${colour}"/>`,
    );
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`;
  });
  const legend = methods.map((name, n) => ({ name, colour: COLOURS[n % COLOURS.length] as string }));
  return figure('Label efficiency', 'mean Dice % of the test cases', height, grid.join('') + lines.join(''), legend);
}

function figure(
  title: string,
  unit: string,
  height: number,
  body: string,
  legend: { name: string; colour: string }[],
): string {
  const keys = legend.map((l) => `<li><i style="background:${l.colour}"></i>${escapeHtml(l.name)}</li>`).join('');
  return `<figure class="chart"><figcaption>${escapeHtml(title)} <span>${escapeHtml(unit)}</span></figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${body}</svg>${keys ? `<ul class="legend">${keys}</ul>` : ''}</figure>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
