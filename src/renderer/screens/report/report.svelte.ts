/** The Report screen: figures of reviewed cases, sorted by what deserves a look. */
import { boxPlotOf } from '../../../core/box-plot.ts';
import type { ReportedCase, ReportSummary, RunInfo } from '../../../shared/contract/index.ts';

import type { AppState } from '../../shell/app.svelte.ts';
import { casePoints } from './case-points.ts';

export type Metric = 'dice' | 'jaccard' | 'hd95' | 'asd';
export type Column = 'name' | 'runName' | Metric | 'hd95Max' | 'surfaceDice' | 'addedMl' | 'removedMl';
export const METRIC_TEXTS: Record<Metric, { title: string; unit: string; higher: boolean }> = {
  dice: { title: 'Dice', unit: '%', higher: true },
  jaccard: { title: 'Jaccard', unit: '%', higher: true },
  hd95: { title: '95HD', unit: 'mm', higher: false },
  asd: { title: 'ASD', unit: 'mm', higher: false },
};
const natural = new Intl.Collator('en', { numeric: true }).compare;

export class ReportState {
  summary = $state.raw<ReportSummary | null>(null);
  runs = $state.raw<RunInfo[]>([]);
  run = $state<number | null>(null);
  metric = $state<Metric>('dice');
  column = $state<Column>('dice');
  descending = $state(false);
  private readonly app: AppState;

  readonly rows = $derived.by(() => {
    const sign = this.descending ? -1 : 1;
    const rows = (this.summary?.cases ?? []).filter((row) => this.run === null || row.run === this.run);
    return rows.sort((a, b) => sign * compare(a, b, this.column) || natural(a.name, b.name));
  });
  /** Means of the rows; what was missed, or found where nothing is, has no distance and counts 0 in overlap. */
  readonly means = $derived.by(() => {
    const rows = this.rows;
    const mean = (column: 'dice' | 'jaccard' | 'hd95' | 'asd' | 'hd95Max' | 'surfaceDice') => {
      const values = rows.map((row) => row[column]).filter((value) => value !== null);
      return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
    };
    return {
      ...{ dice: mean('dice'), jaccard: mean('jaccard'), hd95: mean('hd95'), asd: mean('asd') },
      ...{ hd95Max: mean('hd95Max'), surfaceDice: mean('surfaceDice') },
      missed: rows.filter((row) => row.missed).length,
      spurious: rows.filter((row) => row.spurious).length,
    };
  });
  /** One box over the cases of each run that has figures, oldest first. */
  readonly boxes = $derived.by(() => {
    const byRun = Map.groupBy(this.summary?.cases ?? [], (row) => row.run);
    return [...byRun]
      .sort(([a], [b]) => a - b)
      .map(([run, rows]) => {
        const figures = rows.map((row) => ({ row, value: row[this.metric] }));
        const values = casePoints(figures, METRIC_TEXTS[this.metric].higher);
        const numbers = values.map(({ value }) => value);
        return {
          run,
          name: rows[0].runName,
          values,
          box: numbers.length ? boxPlotOf(numbers) : null,
          mean: numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length),
        };
      });
  });

  /** What each round had to learn from and what came of it, oldest first. */
  readonly rounds = $derived.by(() => {
    const known = new Map(this.runs.map((run) => [run.id, run]));
    return this.boxes.flatMap(({ run, name, box, values }) => {
      const info = known.get(run);
      if (!box) return [];
      const rows = (this.summary?.cases ?? []).filter((row) => row.run === run);
      // A case has a row for each label.
      const cases = [...Map.groupBy(rows, ({ scan }) => scan).values()];
      const changed = cases.map((own) => own.reduce((sum, row) => sum + row.addedMl + row.removedMl, 0));
      const untouched = changed.filter((ml) => ml === 0).length;
      return [
        {
          run,
          name,
          method: info?.method ?? '',
          labelled: info?.labelled ?? null,
          compared: values.length,
          median: box.median,
          change: changed.reduce((sum, ml) => sum + ml, 0) / Math.max(1, changed.length),
          untouched: cases.length ? (100 * untouched) / cases.length : 0,
        },
      ];
    });
  });

  constructor(app: AppState) {
    this.app = app;
  }

  follow(): () => void {
    void this.load();
    return this.app.client.on('scans', () => void this.load());
  }

  private async load(): Promise<void> {
    const { client } = this.app;
    const loaded = await this.app.attempt(() =>
      Promise.all([client.call('report.summary', {}), client.call('runs.list')]),
    );
    if (loaded) [this.summary, this.runs] = loaded;
  }

  sort(column: Column): void {
    if (this.column === column) this.descending = !this.descending;
    else {
      this.column = column;
      // Worst first.
      this.descending =
        column === 'hd95' || column === 'hd95Max' || column === 'asd' || column === 'addedMl' || column === 'removedMl';
    }
  }

  open(row: ReportedCase): void {
    this.app.openCase(row.scan, 'review', row.worstSlice);
  }

  label(value: number): string {
    return this.app.project?.labels.find((label) => label.value === value)?.name ?? String(value);
  }
}

function compare(a: ReportedCase, b: ReportedCase, column: Column): number {
  if (column === 'name' || column === 'runName') return natural(a[column], b[column]);
  const value = (row: ReportedCase) => row[column] ?? Number.POSITIVE_INFINITY;
  return value(a) - value(b) || 0;
}
