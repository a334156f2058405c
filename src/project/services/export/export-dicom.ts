/** Masks as DICOM SEG or RTSTRUCT, each joined to the study of its images; de-identified together with them. */

import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { plainName } from '../../../core/plain-text.ts';
import { codesFor, type SegmentCodes } from '../../../core/terms.ts';
import { VERSION } from '../../../core/version.ts';
import { makeFolder, writeFileAtomic } from '../../../disk/index.ts';
import {
  deidentify,
  deidentifyFile,
  discoverScans,
  encodeDicomSeg,
  encodeRtStruct,
  identifiersOf,
  type Provenance,
  patientIdOf,
  readMask,
  type Segment,
  type SegOptions,
  storeFiles,
} from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { explainedAsync, type Label, type Mask, type Run, type Scan, type Store } from '../../store/index.ts';
import { notDrawnAsBackground } from '../drawing/ignore-label.ts';
import { type Chosen, type ExportJob, type ForEach, readOrRefuse, rgb } from './export-job.ts';
import { provenanceOf } from './provenance.ts';

/** @throws export/not-dicom when none of the scans came from DICOM */
export async function exportDicom(job: ExportJob, forEach: ForEach): Promise<string[]> {
  const files: string[] = [];
  await forEach(job, async (one) => {
    if (!one.mask) return;
    try {
      files.push(...(await exportOne(job, one, one.mask)));
    } catch (error) {
      if (!(error instanceof DecileError) || error.code !== 'export/not-dicom') throw error;
      job.report.refused.push({ scan: one.name, code: error.code, message: error.message, cure: error.cure });
    }
  });
  const { refused } = job.report;
  if (files.length === 0 && refused.length > 0) {
    const [{ code, message, cure }] = refused;
    throw new DecileError(code, message, cure);
  }
  return files;
}

async function exportOne(job: ExportJob, one: Chosen, mask: Mask): Promise<string[]> {
  const { store, request, output, report, deid } = job;
  const { scan, name, file } = one;
  const source = await provenanceOf(store, scan);
  if (!source)
    throw new DecileError(
      'export/not-dicom',
      `A DICOM object must refer to DICOM images, got ${name}, which was imported from another format${scan.seriesUid ? ' or whose images are gone' : ''}.`,
      'Import its DICOM series and masks, or export as NIfTI or NRRD.',
    );
  const labels = await readOrRefuse(job, one, async () => notDrawnAsBackground(await readMask(store.path(mask.file))));
  if (!labels) return [];
  const run = mask.run === null ? null : store.runs.get(mask.run);
  const { format } = request;
  const options: SegOptions = {
    segments: await segmentsOf(store, mask, labels.data),
    source,
    ...(run ? { made: madeBy(run) } : {}),
    labelMap: format === 'seg-labelmap',
  };
  const { bytes, between } =
    format === 'rtstruct'
      ? await encodeRtStruct(labels, options)
      : { bytes: await encodeDicomSeg(labels, options), between: 0 };
  if (between > 0)
    report.notices.push(
      `${name} was resampled when it was imported: the contours of ${between} of its slices lie between its images.`,
    );
  const kept = `${file}.${format === 'rtstruct' ? 'rtstruct' : 'seg'}.dcm`;
  if (!deid) return stored(job, [put(output, kept, bytes)]);
  const clean = deid.optionsFor(patientIdOf(source));
  const written = [put(output, `${file}/${kept}`, deidentify(kept, bytes, clean))];
  const images = await sourceFiles(scan, source);
  if (images.length === 0)
    report.notices.push(
      `The images of ${name} are gone from where they were imported; its ${format === 'rtstruct' ? 'structure set' : 'segmentation'} was exported alone.`,
    );
  for (const [n, image] of images.entries()) {
    const path = `${file}/images/${String(n + 1).padStart(5, '0')}.dcm`;
    for (const identifier of identifiersOf(image, await readFile(image))) deid.identifiers.add(identifier);
    makeFolder(join(output, file, 'images'));
    await explainedAsync(`Writing ${path}`, () => deidentifyFile(image, join(output, path), clean));
    written.push(path);
  }
  return stored(job, written);
}

function put(output: string, path: string, content: Uint8Array): string {
  writeFileAtomic(join(output, path), content);
  return path;
}

/** Sends the files to the server too, where one was named. */
async function stored({ request, output, report }: ExportJob, written: string[]): Promise<string[]> {
  if (request.stow) {
    for (const path of written) await storeFiles(request.stow, [join(output, path)]);
    report.stored += written.length;
  }
  return written;
}

/** What tells a run from all others: its name, what it learned with and for how long, and when it was made. */
const madeBy = ({ name, options, step, createdAt, model }: Run) => ({
  name: `Decile ${options.method}`,
  version: VERSION,
  run: [
    `run ${name}`,
    `${options.network} ${options.method}, ${step} steps, seed ${options.seed}`,
    `made ${createdAt}`,
    ...(model ? [`model sha256 ${model.sha256}`] : []),
  ].join('; '),
});

/** The files of the scan's instances, where they still are. */
async function sourceFiles(scan: Scan, source: Provenance): Promise<string[]> {
  if (!existsSync(scan.sourcePath)) return [];
  const folder = statSync(scan.sourcePath).isDirectory() ? scan.sourcePath : dirname(scan.sourcePath);
  const { sources } = await discoverScans(folder);
  const same = sources.filter(({ seriesUid }) => seriesUid === source.seriesUid);
  return [...new Set(same.flatMap(({ paths }) => paths))];
}

/** One segment a label, present or not, with its coded term and how its voxels came to be. */
async function segmentsOf(store: Store, mask: Mask, data: Uint8Array): Promise<Segment[]> {
  const predicted = await predictionBehind(store, mask);
  return store.labels.list().map((label) => ({
    value: label.value,
    label: plainName(label.name),
    colour: rgb(label.colour),
    codes: codesOf(label),
    algorithm: algorithmOf(mask, label.value, data, predicted),
  }));
}

/** The voxels that the run predicted, for a mask that corrects them. */
async function predictionBehind(store: Store, mask: Mask): Promise<Uint8Array | null> {
  if (mask.origin !== 'corrected' || mask.run === null) return null;
  const prediction = store.predictions.get(mask.run, mask.scan);
  return prediction && (await readMask(store.path(store.masks.get(prediction.mask).file))).data;
}

/**
 * MANUAL for what was drawn, AUTOMATIC for a prediction as it was, SEMIAUTOMATIC for a corrected one. Of a corrected
 * mask each label counts by itself: untouched ones are AUTOMATIC, ones that the prediction did not have MANUAL.
 */
function algorithmOf(
  { origin }: Mask,
  value: number,
  data: Uint8Array,
  predicted: Uint8Array | null,
): Segment['algorithm'] {
  if (origin === 'manual') return 'MANUAL';
  if (origin === 'predicted') return 'AUTOMATIC';
  if (!predicted || predicted.length !== data.length) return 'SEMIAUTOMATIC';
  let changed = false;
  let had = false;
  for (let n = 0; n < data.length; n++) {
    if (predicted[n] === value) had = true;
    if ((predicted[n] === value) !== (data[n] === value)) changed = true;
  }
  return !changed ? 'AUTOMATIC' : had ? 'SEMIAUTOMATIC' : 'MANUAL';
}

/** The label's own term; category and side by its name. */
function codesOf(label: Label): SegmentCodes {
  const byName = codesFor(label.name);
  if (!label.term || (label.term.code === byName.type.value && label.term.scheme === byName.type.scheme)) return byName;
  const { scheme, code, meaning } = label.term;
  const { category, modifier } = codesFor(meaning);
  return { category, type: { value: code, scheme, meaning }, modifier: modifier ?? byName.modifier };
}
