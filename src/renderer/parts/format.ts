/** Numbers and times as people read them. */

export function ago(time: number, now: number): string {
  const seconds = Math.max(0, (now - time) / 1000);
  if (seconds < 1) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return days < 30 ? `${days} day${days === 1 ? '' : 's'} ago` : new Date(time).toLocaleDateString();
}

/** Three significant digits, no exponent for what people meet. */
export function number(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(1);
  return String(Number(value.toPrecision(digits)));
}

export const fixed = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits);

export const ml = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : value < 10 ? value.toFixed(2) : value.toFixed(1);

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** 0.70 x 0.70 x 5.00: the same places in every row of a table. */
export const spacing = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(' × ');
export const size = (values: readonly number[]): string => values.join(' × ');

/** A cure for people in a window: without the commands that a terminal would take. */
export function plainCure(cure: string): string {
  return cure
    .replace(/,? (?:or )?with `decile[^`]*`/g, '')
    .replace(/[:,]? ?`decile[^`]*`/g, '')
    .replace(/ --[a-z]+( [A-Z]+)?/g, '')
    .replace(/\s+([.,:;])/g, '$1')
    .replace(/[:,]\./g, '.')
    .trim();
}
