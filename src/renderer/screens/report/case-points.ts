/** What the box plot shows of a run: each case once, however many labels it has. */
import { meanAndSd } from '../../../core/metrics/index.ts';

/** A figure of one label of a case; null where there is none. */
export interface LabelFigure<Row> {
  readonly row: Row;
  readonly value: number | null;
}

export interface CasePoint<Row> {
  /** Mean over the labels that have the figure. */
  readonly value: number;
  /** The label that is worst. */
  readonly row: Row;
  /** In the order given. */
  readonly labels: readonly { readonly row: Row; readonly value: number }[];
}

/** @param higher whether a larger figure is a better one */
export function casePoints<Row extends { readonly scan: number }>(
  figures: readonly LabelFigure<Row>[],
  higher: boolean,
): CasePoint<Row>[] {
  return [...Map.groupBy(figures, ({ row }) => row.scan).values()].flatMap((own) => {
    const labels = own.flatMap(({ row, value }) => (value === null ? [] : [{ row, value }]));
    const { mean } = meanAndSd(labels.map(({ value }) => value));
    if (mean === null) return [];
    const [{ row }] = labels.toSorted((a, b) => (higher ? a.value - b.value : b.value - a.value));
    return [{ value: mean, row, labels }];
  });
}
