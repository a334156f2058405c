/** The project's tables: scans.csv, one row a scan; metrics.csv, one row a run, scan and label that was evaluated; means.csv, one row a run; history.csv, who did what; measurements.csv, where something was measured. */

import { join } from 'node:path';
import { meanAndSd } from '../../../core/metrics/index.ts';
import { toCsv } from '../../../core/plain-text.ts';
import { writeFileAtomic } from '../../../disk/index.ts';
import type { Evaluation, Run, Store } from '../../store/index.ts';
import { voxelOrigin } from '../drawing/untouched.ts';
import { measuredOn } from '../review/measured.ts';
import { historyOf } from '../review/readers.ts';
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
      mask ? voxelOrigin(mask) : '',
      mask?.version ?? '',
      run,
      ...volumes,
      prediction?.meanEntropy ?? null,
      mask?.notDrawn ?? null,
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
    'not_drawn_voxels',
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
        e.hd95Max,
        e.surfaceDice,
        e.tolerance,
        e.missed ? 'missed' : e.spurious ? 'spurious' : '',
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
        'hd95Max_mm',
        'surfaceDice_percent',
        'tolerance_mm',
        'finding',
        'reference',
      ],
      ...metricRows,
    ]),
  );
  writeFileAtomic(join(output, 'means.csv'), toCsv([MEAN_COLUMNS, ...runs.flatMap((run) => meanRow(store, run))]));
  const history = historyOf(
    store,
    chosen.map(({ scan }) => scan),
  );
  writeFileAtomic(
    join(output, 'history.csv'),
    toCsv([
      ['scan', 'when', 'who', 'what', 'mask_version', 'run', 'reason', 'taken_back'],
      ...history.map((one) => [
        names.get(store.scans.find(one.scan)?.id ?? -1) ?? one.scan,
        // Readers are people too: a de-identified export names nobody, and says no day.
        ...(!references ? ['', ''] : [one.when, one.who]),
        ...[one.what, one.version, one.run, one.reason],
        !references ? (one.undone ? 'yes' : '') : one.undone,
      ]),
    ]),
  );
  return ['scans.csv', 'metrics.csv', 'means.csv', 'history.csv', ...measurements(store, chosen, output, references)];
}

const MEASUREMENT_COLUMNS = [
  ...['scan', 'kind', 'plane', 'slice', 'length_mm', 'angle_degrees', 'area_mm2', 'mean', 'sd', 'voxels', 'channel'],
  ...['when', 'who'],
];

/** measurements.csv, where there are any. @param named with who measured when */
function measurements(store: Store, chosen: readonly Chosen[], output: string, named: boolean): string[] {
  const rows = chosen.flatMap(({ scan, name }) =>
    measuredOn(store, [scan]).map((one) => [
      ...[name, one.kind, one.plane, one.slice, one.lengthMm, one.angleDegrees, one.areaMm2],
      ...[one.mean, one.sd, one.voxels, one.channel, named ? one.when : '', named ? one.who : ''],
    ]),
  );
  if (rows.length === 0) return [];
  writeFileAtomic(join(output, 'measurements.csv'), toCsv([MEASUREMENT_COLUMNS, ...rows]));
  return ['measurements.csv'];
}

const MEAN_COLUMNS = [
  ...['run', 'cases', 'dice_percent', 'jaccard_percent', 'hd95_mm', 'asd_mm', 'hd95Max_mm', 'surfaceDice_percent'],
  ...['tolerance_mm', 'missed', 'spurious'],
];

/** Means over cases and labels; what was missed or found where nothing is counts 0 in overlap and has no distance. */
function meanRow(store: Store, run: Run): (string | number | null)[][] {
  const rows = store.evaluations.list(run.id);
  if (rows.length === 0) return [];
  const mean = (of: (row: Evaluation) => number | null) => meanAndSd(rows.map(of)).mean;
  const tolerances = new Set(rows.map((row) => row.tolerance));
  return [
    [
      run.name,
      new Set(rows.map((row) => row.scan)).size,
      ...[mean((row) => row.dice), mean((row) => row.jaccard), mean((row) => row.hd95), mean((row) => row.asd)],
      ...[mean((row) => row.hd95Max), mean((row) => row.surfaceDice)],
      tolerances.size === 1 ? rows[0].tolerance : null,
      ...[rows.filter((row) => row.missed).length, rows.filter((row) => row.spurious).length],
    ],
  ];
}
