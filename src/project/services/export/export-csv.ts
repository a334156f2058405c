/** The project's tables: scans.csv, one row a scan; metrics.csv, one row a run, scan and label that was evaluated. */

import { join } from 'node:path';
import { toCsv } from '../../../core/plain-text.ts';
import { writeFileAtomic } from '../../../disk/index.ts';
import type { Store } from '../../store/index.ts';
import type { Chosen } from './export-job.ts';

/** @param references with the folders that masks of reference were read from: paths say whose they are */
export function exportCsv(
  store: Store,
  chosen: readonly Chosen[],
  output: string,
  { references }: { references: boolean },
): string[] {
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
        references ? e.reference : null,
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
