/** Line charts and strip plots as SVG text, sized by a viewBox and coloured by the page's CSS variables. */
import { niceTicks } from '../../core/ticks.ts';
import { escapeHtml } from './html.ts';

export interface Line {
  name: string;
  /** CSS colour. */
  colour: string;
  points: readonly { step: number; value: number }[];
}

const WIDTH = 360;
const HEIGHT = 200;
const LEFT = 44;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 30;
const MOST_POINTS = 240;

/** Values over steps, one line each, with a legend. Values that are not finite are left out. */
export function lineChart(title: string, lines: readonly Line[], unit = ''): string {
  const kept = lines
    .map((line) => ({ ...line, points: thinned(line.points.filter((p) => Number.isFinite(p.value))) }))
    .filter((line) => line.points.length > 0);
  if (kept.length === 0) return '';
  const all = kept.flatMap((line) => line.points);
  const lastStep = Math.max(...all.map((p) => p.step), 1);
  const ticks = niceTicks(Math.min(0, ...all.map((p) => p.value)), Math.max(...all.map((p) => p.value)));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const x = (step: number) => LEFT + ((WIDTH - LEFT - RIGHT) * step) / lastStep;
  const y = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (value - low)) / (high - low);
  const grid = ticks.map(
    (t) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(t))}" y2="${round(y(t))}"/><text x="${LEFT - 6}" y="${round(y(t) + 4)}" text-anchor="end">${label(t)}</text>`,
  );
  const paths = kept.map(({ colour, points, name }) => {
    const path = points.map((p, n) => `${n ? 'L' : 'M'}${round(x(p.step))} ${round(y(p.value))}`).join('');
    const dots =
      points.length < 12
        ? points
            .map((p) => `<circle cx="${round(x(p.step))}" cy="${round(y(p.value))}" r="2.5" fill="${colour}"/>`)
            .join('')
        : '';
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6"><title>${escapeHtml(name)}</title></path>${dots}`;
  });
  const steps = [0, lastStep / 2, lastStep].map(
    (s) =>
      `<text x="${round(x(s))}" y="${HEIGHT - 14}" text-anchor="${s === 0 ? 'start' : s === lastStep ? 'end' : 'middle'}">${label(Math.round(s))}</text>`,
  );
  return figure(
    title,
    unit,
    `${grid.join('')}${steps.join('')}<text x="${WIDTH / 2}" y="${HEIGHT - 2}" text-anchor="middle">step</text>${paths.join('')}`,
    kept,
  );
}

/** One dot a case and row, the mean as a bar: what a mean alone hides. `high` and `low` bound the axis. */
export function stripPlot(
  title: string,
  rows: readonly { name: string; colour: string; values: readonly number[] }[],
  unit: string,
): string {
  const values = rows.flatMap((row) => row.values);
  if (values.length === 0) return '';
  const ticks = niceTicks(Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const x = (value: number) => LEFT + ((WIDTH - LEFT - RIGHT - 60) * (value - low)) / (high - low) + 60;
  const pitch = (HEIGHT - TOP - BOTTOM) / rows.length;
  const grid = ticks.map(
    (t) =>
      `<line class="grid" x1="${round(x(t))}" x2="${round(x(t))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${round(x(t))}" y="${HEIGHT - 14}" text-anchor="middle">${label(t)}</text>`,
  );
  const marks = rows.map((row, n) => {
    const y = TOP + pitch * (n + 0.5);
    const mean = row.values.reduce((sum, v) => sum + v, 0) / row.values.length;
    const dots = row.values.map(
      (v, c) =>
        `<circle cx="${round(x(v))}" cy="${round(y + ((c % 5) - 2) * 3)}" r="3.2" fill="${row.colour}" fill-opacity="0.55"/>`,
    );
    const bar = row.values.length
      ? `<line x1="${round(x(mean))}" x2="${round(x(mean))}" y1="${round(y - 13)}" y2="${round(y + 13)}" stroke="${row.colour}" stroke-width="2.5"/>`
      : '';
    return `<text x="0" y="${round(y + 4)}">${escapeHtml(row.name)}</text>${dots.join('')}${bar}`;
  });
  return figure(title, unit, grid.join('') + marks.join(''), []);
}

function figure(
  title: string,
  unit: string,
  body: string,
  legend: readonly { name: string; colour: string }[],
): string {
  const keys =
    legend.length > 1
      ? `<ul class="legend">${legend.map((l) => `<li><i style="background:${l.colour}"></i>${escapeHtml(l.name)}</li>`).join('')}</ul>`
      : '';
  const caption = `${escapeHtml(title)}${unit ? ` <span>${escapeHtml(unit)}</span>` : ''}`;
  return `<figure class="chart"><figcaption>${caption}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${body}</svg>${keys}</figure>`;
}

/** At most MOST_POINTS points: the mean of each stretch, so that a long run stays a small page. */
function thinned(points: readonly { step: number; value: number }[]): { step: number; value: number }[] {
  const stretch = Math.ceil(points.length / MOST_POINTS);
  if (stretch <= 1) return [...points];
  const result: { step: number; value: number }[] = [];
  for (let n = 0; n < points.length; n += stretch) {
    const part = points.slice(n, n + stretch);
    result.push({ step: part[part.length - 1].step, value: part.reduce((sum, p) => sum + p.value, 0) / part.length });
  }
  return result;
}

const round = (value: number) => Math.round(value * 10) / 10;
const label = (value: number) =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(4)));
