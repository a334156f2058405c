/** The project's tables: scans.csv, one row a scan; metrics.csv, one row a run, scan and label that was evaluated. */

import { join } from 'node:path';
import { writeFileAtomic } from '../../../disk/index.ts';
import type { Store } from '../../store/index.ts';
import type { Chosen } from './export-job.ts';

export function exportCsv(store: Store, chosen: readonly Chosen[], output: string): string[] {
  const labels = store.labels.list();
  const runs = store.runs.list();
  const names = new Map(chosen.map(({ scan, name }) => [scan.id, name]));
  const scanRows = chosen.map(({ scan, mask, name }) => {
    const prediction = store.predictions.latest(scan.id);
    const volumes = labels.map((label) => (mask ? (mask.labels.find((l) => l.value === label.value)?.ml ?? 0) : null));
    const run = runs.find((r) => r.id === mask?.run)?.name ?? '';
    return [
      name,
      scan.modality,
      ...scan.size,
      ...scan.spacing,
      scan.review,
      mask?.origin ?? '',
      mask?.version ?? '',
      run,
      ...volumes,
      prediction?.meanEntropy ?? null,
    ];
  });
  const header = [
    'scan',
    'modality',
    'size_i',
    'size_j',
    'size_k',
    'spacing_i_mm',
    'spacing_j_mm',
    'spacing_k_mm',
    'review',
    'mask_origin',
    'mask_version',
    'run',
    ...labels.map((l) => `${l.name}_ml`),
    'mean_entropy_nats',
  ];
  const metricRows = runs.flatMap((run) => {
    const roles = new Map(store.runs.cases(run.id).map((c) => [c.scan, c.role]));
    return store.evaluations.list(run.id).map((e) => {
      const label = labels.find((l) => l.value === e.label)?.name ?? e.label;
      return [
        run.name,
        run.options.method,
        run.step,
        names.get(e.scan) ?? store.scans.get(e.scan).name,
        roles.get(e.scan) ?? '',
        label,
        e.dice,
        e.jaccard,
        e.hd95,
        e.asd,
        e.reference,
      ];
    });
  });
  writeFileAtomic(join(output, 'scans.csv'), toCsv([header, ...scanRows]));
  writeFileAtomic(
    join(output, 'metrics.csv'),
    toCsv([
      [
        'run',
        'method',
        'steps',
        'scan',
        'role',
        'label',
        'dice_percent',
        'jaccard_percent',
        'hd95_mm',
        'asd_mm',
        'reference',
      ],
      ...metricRows,
    ]),
  );
  return ['scans.csv', 'metrics.csv'];
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe. */
export function toCsv(rows: (string | number | null)[][]): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    if (typeof value === 'number') return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}
