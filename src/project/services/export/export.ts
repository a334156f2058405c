/** Hands masks and figures out of the project: NIfTI, NRRD, DICOM SEG, RTSTRUCT, data-set folders, CSV tables, the report. */

import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { plainName } from '../../../core/plain-text.ts';
import { NOT_DRAWN } from '../../../core/volume.ts';
import { copyFileAtomic, makeFolder, sweepLeftovers } from '../../../disk/index.ts';
import {
  type ExportCase,
  exportBids,
  exportMsd,
  exportNnunet,
  readMask,
  readVolume,
  writeNrrd,
} from '../../../imaging/index.ts';
import { unique } from '../../../imaging/names.ts';
import { DecileError } from '../../../shared/errors.ts';
import { DICOM_FORMATS } from '../../../shared/export-formats.ts';
import { type Channel, explainedAsync, type Run, type Scan, type Store } from '../../store/index.ts';
import { notDrawnAsBackground } from '../drawing/ignore-label.ts';
import { voxelOrigin } from '../drawing/untouched.ts';
import { scansOf } from '../review/decide-scans.ts';
import { chooseMask, type MaskChoice } from './choose.ts';
import { exportCsv } from './export-csv.ts';
import { checkExport, startDeidentification } from './export-deid.ts';
import { exportDicom } from './export-dicom.ts';
import { exportHtml } from './export-html.ts';
import {
  type Chosen,
  type ExportJob,
  type ExportReport,
  type ExportRequest,
  type ForEach,
  readOrRefuse,
  rgb,
  stopHere,
} from './export-job.ts';

export { countChoices } from './choose.ts';
export type { ExportReport, ExportRequest } from './export-job.ts';

/**
 * Writes the chosen masks of the chosen scans, or tables or the report of them.
 * @throws export/nothing, export/exists, export/labels, export/not-dicom, export/identifiers, run/unknown, scan/unknown,
 *   disk/full, disk/read-only
 */
export async function exportProject(store: Store, request: ExportRequest): Promise<ExportReport> {
  const output = resolve(request.output);
  const { format } = request;
  if (request.stow && !DICOM_FORMATS.includes(format))
    throw new DecileError(
      'option/invalid',
      `A DICOMweb server must get DICOM objects, got the format ${format}.`,
      `Export with --format ${DICOM_FORMATS.join(', ')}.`,
    );
  const run = request.run === undefined ? null : store.runs.find(request.run);
  const choice: MaskChoice = { which: whichOf(request), run, withRejected: request.withRejected ?? false };
  const scans = request.scans ? scansOf(store, request.scans) : store.scans.list();
  if (scans.length === 0)
    throw new DecileError(
      'export/nothing',
      'A project must hold scans to export, got none.',
      'Import some: `decile import DIR SCANS_FOLDER`.',
    );
  makeFolder(output);
  sweepLeftovers(output, { depth: 3 });
  const deid = request.deidentify ? startDeidentification(store, scans, request.deidentify, output) : null;
  const names = scans.map((scan) => deid?.names.get(scan.id) ?? plainName(scan.name));
  const files = unique(names.map(safeName));
  const masks = scans.map((scan) => chooseMask(store, scan, choice));
  const chosen = scans.map((scan, n) => ({
    ...{ scan, mask: masks[n].mask, decided: masks[n].decided, name: names[n], file: files[n] },
  }));
  // The report is about reviewed predictions, and says so itself where there are none.
  const withoutMask = format === 'html' ? [] : chosen.filter(({ mask }) => mask === null).map(({ name }) => name);
  if (format !== 'csv' && withoutMask.length === scans.length) {
    throw new DecileError(
      'export/nothing',
      `At least one scan must have ${WANTED[choice.which]} to export, got ${scans.length} scans without.`,
      masks.some(({ rejected }) => rejected)
        ? 'Rejected masks leave only where they are asked for: --with-rejected.'
        : 'Draw, import, predict or accept masks first.',
    );
  }
  const renamed = deid ? scans.map((scan, n) => ({ scan: scan.name, name: names[n] })) : [];
  const rejected = chosen.filter((_, n) => masks[n].rejected && !choice.withRejected).map(({ name }) => name);
  const unseen = chosen.filter(({ mask, decided }) => mask !== null && !decided).map(({ name }) => name);
  const report: ExportReport = {
    ...{ output, withoutMask, rejected, unseen },
    files: [],
    refused: [],
    renamed,
    stored: 0,
    notices: [],
  };
  report.notices.push(...drawnInPart(chosen, format));
  report.files = await write({ store, request, chosen, output, report, deid }, run);
  if (deid) await checkExport(output, deid);
  return report;
}

function write(job: ExportJob, run: Run | null): string[] | Promise<string[]> {
  switch (job.request.format) {
    case 'nifti':
      return exportNifti(job);
    case 'nrrd':
      return exportNrrd(job);
    case 'seg':
    case 'seg-labelmap':
    case 'rtstruct':
      return exportDicom(job, forEach);
    case 'nnunet':
    case 'msd':
    case 'bids':
      return exportDataset(job);
    case 'csv':
      return exportCsv(job.store, job.chosen, job.output, { references: job.deid === null });
    case 'html':
      return exportHtml(job, run);
  }
}

/** Says of which masks only a part was drawn, and what becomes of the rest in this format. */
function drawnInPart(chosen: readonly Chosen[], format: ExportRequest['format']): string[] {
  const names = chosen.filter(({ mask }) => mask !== null && mask.notDrawn > 0).map(({ name }) => name);
  const rest = REST[format];
  if (names.length === 0 || !rest) return [];
  const some = names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  return [`Drawn in part: ${some}. ${rest}`];
}

const BACKGROUND = 'The format has no word for that: what nobody drew leaves as background.';
const REST: Partial<Record<ExportRequest['format'], string>> = {
  nifti: `What nobody drew has the value ${NOT_DRAWN}; import it with --ignore-label ${NOT_DRAWN}.`,
  nnunet: 'What nobody drew has the ignore label.',
  msd: `What nobody drew has the value ${NOT_DRAWN}, called ignore.`,
  bids: `What nobody drew has the value ${NOT_DRAWN}, called ignore.`,
  csv: 'Their volumes are of the voxels that were drawn; not_drawn_voxels in scans.csv counts the others.',
  nrrd: BACKGROUND,
  seg: BACKGROUND,
  'seg-labelmap': BACKGROUND,
  rtstruct: BACKGROUND,
};

const WANTED = { accepted: 'an accepted mask', predictions: 'a prediction', all: 'a mask' } as const;

function whichOf({ run, which }: ExportRequest): MaskChoice['which'] {
  if (run !== undefined && which !== undefined && which !== 'predictions')
    throw new DecileError(
      'option/invalid',
      `--run must come with the predictions, got --which ${which}.`,
      'Leave one of the two out.',
    );
  return which ?? (run === undefined ? 'all' : 'predictions');
}

/** Most bytes of a file name before its suffix: file systems take 255 bytes in all, not letters. */
const MAX_NAME_BYTES = 180;

/** A file name for a scan: its name without what file systems refuse. */
export function safeName(name: string): string {
  const safe = plainName(name)
    .replace(/[/\\:*?"<>|\p{Cc}]/gu, '_')
    .replace(/^\.+/, '_');
  let kept = '';
  for (const letter of safe) {
    if (Buffer.byteLength(kept + letter) > MAX_NAME_BYTES) break;
    kept += letter;
  }
  return kept;
}

/** One scan after another, with progress and a way out between two. */
const forEach: ForEach = async ({ chosen, request }, work) => {
  for (const [index, one] of chosen.entries()) {
    stopHere(request, index, chosen.length);
    request.onProgress?.(index, chosen.length, one.scan.name);
    await work(one);
    await new Promise((next) => setImmediate(next));
  }
  request.onProgress?.(chosen.length, chosen.length, '');
};

async function exportNifti(job: ExportJob): Promise<string[]> {
  const files: string[] = [];
  await forEach(job, async (one) => {
    const { mask, file } = one;
    // Read to its end first: a damaged mask must not leave as if it were whole.
    if (!mask || !(await readOrRefuse(job, one, () => readMask(job.store.path(mask.file))))) return;
    // Stored masks are on the scan's own grid already: a copy keeps every voxel and the geometry.
    copyFileAtomic(job.store.path(mask.file), join(job.output, `${file}.nii.gz`));
    files.push(`${file}.nii.gz`);
  });
  return files;
}

/** Segmentations as 3D Slicer opens them, with the labels' names and colours. */
async function exportNrrd(job: ExportJob): Promise<string[]> {
  const files: string[] = [];
  const segments = job.store.labels
    .list()
    .map(({ value, name, colour }) => ({ value, name: plainName(name), colour: rgb(colour) }));
  await forEach(job, async (one) => {
    const { mask, file } = one;
    if (!mask) return;
    const path = `${file}.seg.nrrd`;
    const volume = await readOrRefuse(job, one, () => readMask(job.store.path(mask.file)));
    if (!volume) return;
    await explainedAsync(`Writing ${path}`, () =>
      writeNrrd(join(job.output, path), notDrawnAsBackground(volume), segments),
    );
    files.push(path);
  });
  return files;
}

/** nnU-Net v2 raw folder, Medical Segmentation Decathlon, or BIDS derivatives. */
async function exportDataset(job: ExportJob): Promise<string[]> {
  const { store, request, output, report } = job;
  const marker = request.format === 'bids' ? 'dataset_description.json' : 'dataset.json';
  if (existsSync(join(output, marker)))
    throw new DecileError(
      'export/exists',
      `The export folder must hold no data set, got ${join(output, marker)}.`,
      'Choose another folder.',
    );
  const channels = store.channels.list();
  const volume = (file: string) => async () => (await readVolume(store.path(file))).volume;
  const images = request.format !== 'bids';
  const chosen: Chosen[] = [];
  // Known before anything is written: the lists name all cases.
  for (const one of job.chosen) {
    const { scan, mask } = one;
    const sound = await readOrRefuse(job, one, async () => {
      const volumes = channels.length > 0 ? filesOf(store, scan) : [scan.volumeFile];
      for (const file of images ? volumes : []) if (file) await readVolume(store.path(file));
      if (mask) await readMask(store.path(mask.file));
      return true;
    });
    if (sound) chosen.push(one);
  }
  const cases = chosen.map(
    ({ scan, mask, file, decided }): ExportCase => ({
      name: file,
      image: volume(scan.volumeFile),
      ...(channels.length > 0 && { channels: filesOf(store, scan).map((one) => (one === null ? null : volume(one))) }),
      ...(mask ? { mask: () => readMask(store.path(mask.file)), origin: voxelOrigin(mask), decided } : {}),
    }),
  );
  if (request.format !== 'bids')
    for (const { scan, name } of chosen) {
      const lacking = channels.filter((_, n) => filesOf(store, scan)[n] === null).map((channel) => channel.name);
      if (channels.length > 0 && lacking.length > 0)
        report.notices.push(
          `${name} has no ${lacking.join(' and no ')}: ${LACKING[request.format as 'nnunet' | 'msd']}`,
        );
    }
  const write = { nnunet: exportNnunet, msd: exportMsd, bids: exportBids }[request.format as 'nnunet' | 'msd' | 'bids'];
  return explainedAsync(`Writing ${basename(output)}`, () =>
    write(output, cases, {
      name: request.deidentify ? 'Decile' : plainName(store.project.get().name),
      modality: job.chosen[0].scan.modality,
      partly: chosen.some(({ mask }) => mask !== null && mask.notDrawn > 0),
      ...(channels.length > 0 && { channels: channels.map((one) => plainName(nnunetName(one))) }),
      labels: store.labels
        .list()
        .map(({ value, name, colour }) => ({ value, name: plainName(name), colour: rgb(colour) })),
      onProgress: (done, total, name) => {
        stopHere(request, done, total);
        request.onProgress?.(done, total, name);
      },
    }),
  );
}

const LACKING = {
  nnunet: 'nnU-Net needs a file for every channel; make one or leave the case out.',
  msd: 'its volume is zero.',
};

/** nnU-Net knows CT by the name and clips it then. */
const nnunetName = ({ name, kind }: Channel): string => (kind === 'ct' ? 'CT' : name);

/** The file of each of the project's channels; null where the scan lacks it. */
function filesOf(store: Store, scan: Scan): (string | null)[] {
  const own = new Map(store.channels.of(scan.id).map(({ name, file }) => [name, file]));
  return store.channels.list().map(({ name }) => own.get(name) ?? null);
}
