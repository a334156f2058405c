/** Folders that other programs train on or read: nnU-Net, Medical Segmentation Decathlon, BIDS derivatives. */

import { dirname, join } from 'node:path';
import { toTsv } from '../core/plain-text.ts';
import { isPartlyDrawn, type LabelMap, NOT_DRAWN, type Volume } from '../core/volume.ts';
import { makeFolder, streamFileAtomic, writeAll } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';

import { IGNORE } from './dataset-json.ts';
import { unique } from './names.ts';
import { writeNifti, writeNifti4D } from './nifti/write.ts';

/** One case; volumes are loaded one at a time, when it is their turn. */
export interface ExportCase {
  name: string;
  image: () => Promise<Volume>;
  /** Where the data set has several channels: each in its order, null where the case lacks it. */
  channels?: ((() => Promise<Volume>) | null)[];
  /** Absent for cases without a mask. */
  mask?: () => Promise<LabelMap>;
  /** False for a prediction that nobody accepted: nnU-Net and MSD must not learn from it. */
  decided?: boolean;
  /** How the mask came to be; written beside it in BIDS. */
  origin?: 'manual' | 'corrected' | 'predicted';
}
export interface ExportLabel {
  value: number;
  name: string;
  colour?: readonly [number, number, number];
}
export interface ExportOptions {
  /** Dataset name. */
  name: string;
  /** CT, MR, ... */
  modality: string;
  /** Names of several channels; one, called by the modality, without it. */
  channels?: readonly string[];
  labels: readonly ExportLabel[];
  /** Some masks are drawn in part. */
  partly?: boolean;
  version?: string;
  /** Called before each case, and at the end; may throw to stop. */
  onProgress?: (done: number, total: number, name: string) => void;
}

/** BIDS's own word. */
const NOT_AVAILABLE = ['n', 'a'].join('/');

const writeText = (path: string, text: string) =>
  streamFileAtomic(path, (handle) => writeAll(handle, new TextEncoder().encode(text)));
const writeJson = (path: string, value: unknown) => writeText(path, `${JSON.stringify(value, null, 2)}\n`);

/** File-name safe, unique whatever the file system makes of capitals. */
const fileNames = (cases: readonly ExportCase[]) =>
  unique(cases.map((c) => c.name.replace(/[^\p{L}\p{N}._-]+/gu, '_') || 'case'));

/** What a network may learn from; the other cases go to the test images. */
const isTraining = (c: ExportCase) => c.mask !== undefined && c.decided !== false;

/** nnU-Net: labels consecutive from 0, images `<case>_0000.nii.gz` and on, one a channel. Returns the files. @throws export/labels */
export async function exportNnunet(folder: string, cases: readonly ExportCase[], o: ExportOptions): Promise<string[]> {
  const values = o.labels.map((l) => l.value).sort((a, b) => a - b);
  if (values.some((v, n) => v !== n + 1))
    throw new DecileError(
      'export/labels',
      `nnU-Net's labels must be 1, 2, 3, ... without gaps, got ${values.join(', ')}.`,
      'Renumber the labels of the project.',
    );
  const names = fileNames(cases);
  // nnU-Net asks for the highest number.
  const ignore = values.length + 1;
  const files = await writeCases(folder, cases, names, { ...o, ignore }, async ({ image, channels }, path) => {
    const written: string[] = [];
    for (const [n, channel] of (channels ?? [image]).entries()) {
      if (!channel) continue;
      const name = `${path}_${String(n).padStart(4, '0')}.nii.gz`;
      await writeNifti(join(folder, name), await channel());
      written.push(name);
    }
    return written;
  });
  await writeJson(join(folder, 'dataset.json'), {
    name: o.name,
    channel_names: { ...(o.channels ?? [o.modality]) },
    labels: {
      background: 0,
      ...Object.fromEntries(o.labels.map((l) => [l.name, l.value])),
      ...(o.partly && { [IGNORE]: ignore }),
    },
    numTraining: cases.filter(isTraining).length,
    file_ending: '.nii.gz',
  });
  return [...files, 'dataset.json'];
}

/**
 * Medical Segmentation Decathlon: modality and labels by number, training pairs and test images listed; several channels as 4D
 * files, zero where a case lacks one.
 */
export async function exportMsd(folder: string, cases: readonly ExportCase[], o: ExportOptions): Promise<string[]> {
  const names = fileNames(cases);
  const files = await writeCases(folder, cases, names, o, async ({ image, channels }, path) => {
    const volumes: (Volume | null)[] = [];
    for (const channel of channels ?? [image]) volumes.push(channel && (await channel()));
    const there = volumes.find((volume) => volume !== null) as Volume;
    // A 4D file has no place for what is not there.
    const blank = (): Volume => ({ ...there, data: there.data.map(() => 0) });
    await writeNifti4D(
      join(folder, `${path}.nii.gz`),
      volumes.map((volume) => volume ?? blank()),
    );
    return [`${path}.nii.gz`];
  });
  const training = names
    .filter((_, n) => isTraining(cases[n]))
    .map((n) => ({ image: `./imagesTr/${n}.nii.gz`, label: `./labelsTr/${n}.nii.gz` }));
  const test = names.filter((_, n) => !isTraining(cases[n])).map((n) => `./imagesTs/${n}.nii.gz`);
  await writeJson(join(folder, 'dataset.json'), {
    name: o.name,
    tensorImageSize: o.channels ? '4D' : '3D',
    modality: { ...(o.channels ?? [o.modality]) },
    labels: {
      0: 'background',
      ...Object.fromEntries(o.labels.map((l) => [String(l.value), l.name])),
      ...(o.partly && { [NOT_DRAWN]: IGNORE }),
    },
    numTraining: training.length,
    numTest: test.length,
    training,
    test,
  });
  return [...files, 'dataset.json'];
}

/**
 * Images and masks: training cases to imagesTr and labelsTr, all others to imagesTs, with what was predicted for them in
 * predictionsTs, which neither format reads.
 */
async function writeCases(
  folder: string,
  cases: readonly ExportCase[],
  names: readonly string[],
  o: ExportOptions & { ignore?: number },
  writeImage: (one: ExportCase, path: string) => Promise<string[]>,
): Promise<string[]> {
  const files: string[] = [];
  for (const sub of ['imagesTr', 'labelsTr', 'imagesTs']) makeFolder(join(folder, sub));
  for (const [n, c] of cases.entries()) {
    o.onProgress?.(n, cases.length, c.name);
    files.push(...(await writeImage(c, `${isTraining(c) ? 'imagesTr' : 'imagesTs'}/${names[n]}`)));
    if (!c.mask) continue;
    const mask = `${isTraining(c) ? 'labelsTr' : 'predictionsTs'}/${names[n]}.nii.gz`;
    makeFolder(join(folder, dirname(mask)));
    await writeNifti(join(folder, mask), renumbered(await c.mask(), o.ignore));
    files.push(mask);
  }
  o.onProgress?.(cases.length, cases.length, '');
  return files;
}

/** What nobody drew under another number. */
const renumbered = (mask: LabelMap, ignore = NOT_DRAWN): LabelMap =>
  isPartlyDrawn(mask) ? { ...mask, data: mask.data.map((v) => (v === NOT_DRAWN ? ignore : v)) } : mask;

/**
 * BIDS derivatives: `sub-<case>/<anat|ct>/sub-<case>_desc-<origin>_dseg.nii.gz` with a sidecar, `dseg.tsv` for the
 * labels, `dataset_description.json`. BIDS allows letters and digits alone in a subject's name: the case's own name is
 * in the sidecar and in `sourcenames.tsv`.
 */
export async function exportBids(folder: string, cases: readonly ExportCase[], o: ExportOptions): Promise<string[]> {
  const files = ['dataset_description.json', 'dseg.tsv', 'sourcenames.tsv'];
  const subjects = unique(cases.map((c) => c.name.normalize('NFKD').replace(/[^A-Za-z0-9]/g, '') || 'case')).map((s) =>
    s.replace('-', 'x'),
  );
  const kind = o.modality === 'CT' ? 'ct' : 'anat';
  makeFolder(folder);
  const hex = (c: readonly number[] | undefined) =>
    c ? `#${c.map((x) => x.toString(16).padStart(2, '0')).join('')}` : NOT_AVAILABLE;
  await writeText(
    join(folder, 'dseg.tsv'),
    toTsv([
      ['index', 'name', 'color'],
      ...o.labels.map((l) => [l.value, l.name, hex(l.colour)]),
      ...(o.partly ? [[NOT_DRAWN, IGNORE, NOT_AVAILABLE]] : []),
    ]),
  );
  await writeText(
    join(folder, 'sourcenames.tsv'),
    toTsv([['participant_id', 'source_name'], ...cases.map((c, n) => [`sub-${subjects[n]}`, c.name])]),
  );
  await writeJson(join(folder, 'dataset_description.json'), {
    Name: o.name,
    BIDSVersion: '1.10.0',
    DatasetType: 'derivative',
    GeneratedBy: [{ Name: 'Decile', Version: o.version ?? '0.1.0' }],
  });
  for (const [n, c] of cases.entries()) {
    o.onProgress?.(n, cases.length, c.name);
    if (!c.mask) continue;
    const here = `sub-${subjects[n]}/${kind}`;
    makeFolder(join(folder, here));
    const base = `${here}/sub-${subjects[n]}_desc-${c.origin ?? 'manual'}_dseg`;
    await writeNifti(join(folder, `${base}.nii.gz`), await c.mask());
    await writeJson(join(folder, `${base}.json`), {
      Manual: (c.origin ?? 'manual') === 'manual',
      SourceName: c.name,
      SpatialReference: 'orig',
    });
    files.push(`${base}.nii.gz`, `${base}.json`);
  }
  o.onProgress?.(cases.length, cases.length, '');
  return files;
}
