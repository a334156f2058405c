/** What the bench prints: one line a figure, and the aims last. */

export type Figure = { readonly figure: string } & Readonly<Record<string, string | number | null>>;

/** Dice, percent, that readers work towards. */
export const GOALS = [80, 85, 90, 95] as const;

export interface Aim {
  readonly aim: string;
  /** Null where this run cannot judge it. */
  readonly value: number | null;
  readonly limit: number;
  readonly met: boolean | null;
}

export const atMost = (aim: string, value: number | null, limit: number): Aim => ({
  aim,
  value,
  limit,
  met: value === null ? null : value <= limit,
});

export const atLeast = (aim: string, value: number | null, limit: number): Aim => ({
  aim,
  value,
  limit,
  met: value === null ? null : value >= limit,
});

export const above = (aim: string, value: number | null, limit: number): Aim => ({
  aim,
  value,
  limit,
  met: value === null ? null : value > limit,
});

export function meanSd(values: readonly number[]): { mean: number | null; sd: number | null } {
  if (values.length === 0) return { mean: null, sd: null };
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const sd =
    values.length < 2 ? null : Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
  return { mean: rounded(mean), sd: sd === null ? null : rounded(sd) };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export const rounded = (value: number): number => Math.round(1000 * value) / 1000;

/** Keys that are counted: over seeds they add up. */
const COUNTS: readonly string[] = [
  ...['cases', 'failures', 'previews', 'covered', 'intervals', 'below80', 'below80InFirstFifth', 'scans'],
];

/**
 * The same figures of several seeds as one: counts added up, other numbers the mean of those that are there. A figure's words, and the numbers
 * that say which one it is, are the same in all.
 * @param bySeed a list for each seed, in the same order
 */
export function overSeeds(bySeed: readonly (readonly Figure[])[]): Figure[] {
  const [first, ...others] = bySeed;
  if (others.length === 0) return [...first];
  return first.map((figure, n) => {
    const all = bySeed.map((figures) => figures[n]);
    const merged = Object.entries(figure).map(([key, value]) => {
      const values = all.flatMap((one) => (typeof one[key] === 'number' ? [one[key]] : []));
      if (key === 'seed' || values.length === 0) return [key, value];
      const sum = values.reduce((a, b) => a + b, 0);
      return [key, COUNTS.includes(key) ? sum : rounded(sum / values.length)];
    });
    const { seed: _, ...rest } = Object.fromEntries(merged);
    const { sd } = meanSd(all.flatMap(({ mean }) => (typeof mean === 'number' ? [mean] : [])));
    return { ...rest, ...(sd !== null && { sdOfSeeds: sd }), seeds: bySeed.length } as Figure;
  });
}
