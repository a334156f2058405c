/** Metrics over cases: mean, per-case standard deviation, and how many predictions were empty. */
import type { CaseMetrics } from './case-metrics.ts';

export interface MetricSummary {
  /** Over the cases in which the metric exists; null where there is none. */
  readonly mean: number | null;
  /** Sample standard deviation (n - 1) over cases; null below two cases. */
  readonly sd: number | null;
  readonly cases: number;
}

export interface Summary {
  readonly dice: MetricSummary;
  readonly jaccard: MetricSummary;
  readonly hd95: MetricSummary;
  readonly asd: MetricSummary;
  readonly cases: number;
  /** Cases with an empty prediction of a non-empty reference: they count 0 in overlap and are absent from distances. */
  readonly emptyPredictions: number;
}

/** Mean and standard deviation of each metric over cases. */
export function summarise(cases: readonly CaseMetrics[]): Summary {
  return {
    dice: meanAndSd(cases.map((c) => c.dice)),
    jaccard: meanAndSd(cases.map((c) => c.jaccard)),
    hd95: meanAndSd(cases.map((c) => c.hd95)),
    asd: meanAndSd(cases.map((c) => c.asd)),
    cases: cases.length,
    emptyPredictions: cases.filter((c) => c.emptyPrediction).length,
  };
}

/** Mean and sample standard deviation of the values that exist. */
export function meanAndSd(values: readonly (number | null)[]): MetricSummary {
  const present = values.filter((value) => value !== null);
  const n = present.length;
  if (n === 0) return { mean: null, sd: null, cases: 0 };
  const mean = present.reduce((sum, value) => sum + value, 0) / n;
  const squares = present.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: n < 2 ? null : Math.sqrt(squares / (n - 1)), cases: n };
}
