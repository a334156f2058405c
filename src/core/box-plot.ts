/** What a box plot shows of values (Tukey). */

export interface BoxPlot {
  low: number;
  lower: number;
  median: number;
  upper: number;
  high: number;
  outliers: number[];
}

/** Quartiles (linear between neighbours); whiskers to the last value within 1.5 quartile distances, the rest outliers. */
export function boxPlotOf(values: readonly number[]): BoxPlot {
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
