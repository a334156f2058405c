/** Hands masks and figures out of the project: NIfTI masks, an nnU-Net folder, CSV tables. */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DecileError } from '../../shared/errors.ts';
import { readVolume, writeNifti } from '../imaging/index.ts';
import {
  explainedAsync,
  explainFailure,
  type Mask,
  type Run,
  type Scan,
  type Store,
  writeFileAtomic,
} from '../store/index.ts';
import type { ExportFormat } from './export-formats.ts';

export { EXPORT_FORMATS, type ExportFormat } from './export-formats.ts';

export interface ExportRequest {
  format: ExportFormat;
  /** Folder, made when absent. */
  output: string;
  /** Only this run's predictions; without it each scan's accepted mask, else its newest prediction. */
  run?: string;
  onProgress?: (done: number, total: number, name: string) => void;
  signal?: AbortSignal;
}

export interface ExportReport {
  output: string;
  /** Written files, relative to `output`. */
  files: string[];
  /** Scans that have no mask to hand out. */
  withoutMask: string[];
}

/** @throws export/nothing, run/unknown, disk/full, disk/read-only */
export async function exportProject(store: Store, request: ExportRequest): Promise<ExportReport> {
  const output = resolve(request.output);
  const run = request.run === undefined ? null : store.runs.find(request.run);
  const scans = store.scans.list();
  if (scans.length === 0)
    throw new DecileError(
      'export/nothing',
      'A project must hold scans to export, got none.',
      'Import some: `decile import DIR SCANS_FOLDER`.',
    );
  try {
    mkdirSync(output, { recursive: true });
  } catch (error) {
    throw explainFailure(error, `Making ${output}`);
  }
  const files = uniqueNames(scans.map((scan) => safeName(scan.name)));
  const chosen = scans.map((scan, n) => ({ scan, mask: maskToExport(store, scan, run), file: files[n] }));
  const withoutMask = chosen.filter(({ mask }) => mask === null).map(({ scan }) => scan.name);
  if (request.format !== 'csv' && withoutMask.length === scans.length) {
    throw new DecileError(
      'export/nothing',
      `At least one scan must have a mask to export, got ${scans.length} scans without.`,
      'Draw, import or predict masks first.',
    );
  }
  switch (request.format) {
    case 'nifti':
      return { output, withoutMask, files: await exportNifti(store, chosen, output, request) };
    case 'nnunet':
      return { output, withoutMask, files: await exportNnunet(store, chosen, output, request) };
    case 'csv':
      return { output, withoutMask, files: exportCsv(store, chosen, output) };
  }
}

interface Chosen {
  scan: Scan;
  mask: Mask | null;
  /** File name without suffix, unique in the export. */
  file: string;
}

function maskToExport(store: Store, scan: Scan, run: Run | null): Mask | null {
  if (run) {
    const prediction = store.predictions.get(run.id, scan.id);
    return prediction && store.masks.get(prediction.mask);
  }
  return store.masks.reference(scan.id) ?? store.masks.current(scan.id, 'predicted');
}

/** A file name for a scan: its name without what file systems refuse. */
export const safeName = (name: string): string =>
  name
    .replace(/[/\\:*?"<>|\p{Cc}]/gu, '_')
    .replace(/^\.+/, '_')
    .slice(0, 180);

/** Adds -2, -3, ... where names became equal, upper and lower case being one file on some systems. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${name}-${n}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

/** Stored masks are on the scan's own grid already: a copy keeps every voxel and the geometry. */
function copyAtomic(from: string, to: string): void {
  const part = `${to}.${process.pid}.part`;
  try {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, part);
    renameSync(part, to);
  } catch (error) {
    rmSync(part, { force: true });
    throw explainFailure(error, `Writing ${to}`);
  }
}

async function forEach(
  chosen: Chosen[],
  request: ExportRequest,
  work: (one: Chosen) => void | Promise<void>,
): Promise<void> {
  for (const [index, one] of chosen.entries()) {
    if (request.signal?.aborted)
      throw new DecileError(
        'export/cancelled',
        `The export must run to its end, got stopped after ${index} of ${chosen.length} scans.`,
        'Start it again.',
      );
    request.onProgress?.(index, chosen.length, one.scan.name);
    await work(one);
    await new Promise((next) => setImmediate(next));
  }
  request.onProgress?.(chosen.length, chosen.length, '');
}

async function exportNifti(store: Store, chosen: Chosen[], output: string, request: ExportRequest): Promise<string[]> {
  const files: string[] = [];
  await forEach(chosen, request, ({ mask, file }) => {
    if (!mask) return;
    copyAtomic(store.path(mask.file), join(output, `${file}.nii.gz`));
    files.push(`${file}.nii.gz`);
  });
  return files;
}

/** nnU-Net v2 raw folder: labelled scans to imagesTr and labelsTr, the others to imagesTs, with dataset.json. */
async function exportNnunet(store: Store, chosen: Chosen[], output: string, request: ExportRequest): Promise<string[]> {
  const files: string[] = [];
  if (existsSync(join(output, 'dataset.json')))
    throw new DecileError(
      'export/exists',
      `The export folder must hold no data set, got ${join(output, 'dataset.json')}.`,
      'Choose another folder.',
    );
  await forEach(chosen, request, async ({ scan, mask, file: name }) => {
    const image = `${mask ? 'imagesTr' : 'imagesTs'}/${name}_0000.nii.gz`;
    const { volume } = await readVolume(store.path(scan.volumeFile));
    mkdirSync(join(output, dirname(image)), { recursive: true });
    await explainedAsync(`Writing ${image}`, () => writeNifti(join(output, image), volume));
    files.push(image);
    if (mask) {
      copyAtomic(store.path(mask.file), join(output, `labelsTr/${name}.nii.gz`));
      files.push(`labelsTr/${name}.nii.gz`);
    }
  });
  const labels = Object.fromEntries([
    ['background', 0],
    ...store.labels.list().map((label) => [label.name, label.value]),
  ]);
  const dataset = {
    channel_names: { 0: chosen[0].scan.modality },
    labels,
    numTraining: chosen.filter(({ mask }) => mask).length,
    file_ending: '.nii.gz',
    name: store.project.get().name,
  };
  writeFileAtomic(join(output, 'dataset.json'), `${JSON.stringify(dataset, null, 2)}\n`);
  return [...files, 'dataset.json'];
}

/** scans.csv: one row a scan; metrics.csv: one row a run, scan and label that was evaluated. */
function exportCsv(store: Store, chosen: Chosen[], output: string): string[] {
  const labels = store.labels.list();
  const runs = store.runs.list();
  const scanRows = chosen.map(({ scan, mask }) => {
    const prediction = store.predictions.latest(scan.id);
    const volumes = labels.map((label) => (mask ? (mask.labels.find((l) => l.value === label.value)?.ml ?? 0) : null));
    const run = runs.find((r) => r.id === mask?.run)?.name ?? '';
    return [
      scan.name,
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
        store.scans.get(e.scan).name,
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
