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

export const rounded = (value: number): number => Math.round(1000 * value) / 1000;
