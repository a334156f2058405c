/** nnU-Net and Medical Segmentation Decathlon folders: dataset.json in both forms. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { MOST_CHANNELS } from '../core/model-channels.ts';
import { fileError } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';

import { numberedName } from './channel-names.ts';
import { stem, unique } from './names.ts';

export interface DatasetCase {
  name: string;
  /** Of several channels the first that is there. */
  image: string;
  mask?: string;
  /** Where the data set has several: those that the case has, each by its place among `channels`. */
  channels?: { channel: number; path: string; part?: number }[];
}
export interface Dataset {
  layout: 'nnunet' | 'msd';
  /** Their names, one or several. */
  channels: string[];
  labels: { value: number; name: string }[];
  /** Value of voxels that nobody drew (nnU-Net's ignore label), where the masks have one. */
  ignore?: number;
  cases: DatasetCase[];
}

const nnunet = z.object({
  channel_names: z.record(z.string(), z.string()),
  labels: z.record(z.string(), z.union([z.int(), z.array(z.int())])),
  file_ending: z.string().default('.nii.gz'),
});
const msd = z.object({
  modality: z.union([z.record(z.string(), z.string()), z.string()]).optional(),
  labels: z.record(z.string(), z.string()),
  training: z.array(z.union([z.string(), z.object({ image: z.string(), label: z.string().optional() })])).default([]),
  test: z.array(z.union([z.string(), z.object({ image: z.string() })])).default([]),
});

/**
 * Reads the folder's dataset.json; null where there is none.
 * @throws import/dataset-json when it is there and is neither form, or has regions or more channels than a scan may have
 */
export async function discoverDataset(folder: string): Promise<Dataset | null> {
  const path = join(folder, 'dataset.json');
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
      return null;
    throw fileError(path, error);
  }
  const bad = (got: string) =>
    new DecileError(
      'import/dataset-json',
      `${path} must be a dataset.json of nnU-Net (channel_names, labels, file_ending) or the Medical Segmentation Decathlon (modality, labels, training), got ${got}.`,
      'Correct the file, or import the scans and masks as plain folders.',
    );
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch (error) {
    throw bad((error as Error).message);
  }
  const asNnunet = nnunet.safeParse(json);
  if (asNnunet.success) {
    const channels = channelNames(asNnunet.data.channel_names, bad);
    return {
      layout: 'nnunet',
      channels,
      ...withoutIgnore(labelsOf(asNnunet.data.labels, bad)),
      cases: await nnunetCases(folder, asNnunet.data.file_ending, channels.length),
    };
  }
  const asMsd = msd.safeParse(json);
  if (asMsd.success) {
    const { modality, labels } = asMsd.data;
    const channels = typeof modality === 'object' ? channelNames(modality, bad) : [modality ?? ''];
    const parts = channels.map((_, channel) => ({ channel, part: channel }));
    const cases = msdCases(folder, asMsd.data).map((one) =>
      channels.length === 1 ? one : { ...one, channels: parts.map((part) => ({ ...part, path: one.image })) },
    );
    return { layout: 'msd', channels, ...withoutIgnore(msdLabels(labels, bad)), cases };
  }
  throw bad(asNnunet.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
}

/** In the order of their numbers; equal names get their number. */
function channelNames(given: Record<string, string>, bad: (got: string) => DecileError): string[] {
  const numbers = Object.keys(given).sort((a, b) => Number(a) - Number(b));
  if (numbers.length === 0 || numbers.length > MOST_CHANNELS)
    throw bad(`${numbers.length} channels, where a scan has 1 to ${MOST_CHANNELS}`);
  if (numbers.some((key, n) => Number(key) !== n)) throw bad(`channels numbered ${numbers.join(', ')}`);
  return unique(numbers.map((key) => given[key]));
}

function labelsOf(labels: Record<string, number | number[]>, bad: (got: string) => DecileError) {
  return Object.entries(labels)
    .map(([name, value]) => {
      if (typeof value !== 'number') throw bad(`the region ${name} of several labels`);
      if (value < 0 || value > 255) throw bad(`label ${name} of value ${value}`);
      return { value, name };
    })
    .sort((a, b) => a.value - b.value);
}

/** nnU-Net's word for voxels that nobody drew. */
export const IGNORE = 'ignore';

/** The ignore label is no label. */
function withoutIgnore(labels: Dataset['labels']): Pick<Dataset, 'labels' | 'ignore'> {
  const ignore = labels.find(({ name }) => name.toLowerCase() === IGNORE)?.value;
  return { labels: labels.filter(({ value }) => value !== ignore), ...(ignore !== undefined && { ignore }) };
}

function msdLabels(labels: Record<string, string>, bad: (got: string) => DecileError) {
  return Object.entries(labels)
    .map(([key, name]) => {
      const value = Number(key);
      if (!Number.isInteger(value) || value < 0 || value > 255) throw bad(`label ${name} of value ${key}`);
      return { value, name };
    })
    .sort((a, b) => a.value - b.value);
}

/** imagesTr and imagesTs, masks of the same name in labelsTr and labelsTs. */
async function nnunetCases(folder: string, ending: string, channels: number): Promise<DatasetCase[]> {
  const cases = new Map<string, DatasetCase>();
  for (const [images, labels] of [
    ['imagesTr', 'labelsTr'],
    ['imagesTs', 'labelsTs'],
  ]) {
    const names = await list(join(folder, images));
    const masks = new Set(await list(join(folder, labels)));
    for (const file of names) {
      if (!file.endsWith(ending)) continue;
      const path = join(folder, images, file);
      const numbered = channels > 1 ? numberedName(file) : null;
      const name = numbered?.scan ?? file.slice(0, -ending.length).replace(/_0000$/, '');
      const mask = `${name}${ending}`;
      const key = join(images, name);
      const one = cases.get(key) ?? {
        ...{ name, image: path },
        ...(masks.has(mask) ? { mask: join(folder, labels, mask) } : {}),
      };
      cases.set(key, one);
      // A number that dataset.json does not name is no channel; a file without a number holds them all.
      if (numbered && numbered.number < channels)
        one.channels = [...(one.channels ?? []), { channel: numbered.number, path }];
      else if (channels > 1 && !numbered)
        one.channels = Array.from({ length: channels }, (_, channel) => ({ channel, path, part: channel }));
    }
  }
  return [...cases.values()].map((one) => ({ ...one, image: one.channels?.[0].path ?? one.image }));
}

async function list(folder: string): Promise<string[]> {
  try {
    if (!(await stat(folder)).isDirectory()) return [];
    return (await readdir(folder)).filter((n) => !n.startsWith('.')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(folder, error);
  }
}

function msdCases(folder: string, data: z.infer<typeof msd>): DatasetCase[] {
  // Paths inside the folder alone: a dataset.json from elsewhere must not reach other files.
  const inside = (p: string) => {
    const parts = p.replace(/^\.\//, '').split('/');
    if (p.startsWith('/') || parts.includes('..'))
      throw new DecileError(
        'import/dataset-json',
        `Every path of ${join(folder, 'dataset.json')} must lie in its folder, got ${p}.`,
        'Correct the file.',
      );
    return join(folder, ...parts);
  };
  const training = data.training.map((entry) => {
    const { image, label } = typeof entry === 'string' ? { image: entry, label: undefined } : entry;
    return { name: stem(basename(image)), image: inside(image), ...(label ? { mask: inside(label) } : {}) };
  });
  const test = data.test.map((entry) => {
    const image = typeof entry === 'string' ? entry : entry.image;
    return { name: stem(basename(image)), image: inside(image) };
  });
  return [...training, ...test];
}
