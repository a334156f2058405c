/** Public data sets as users download them: BraTS 2019 (HGG/LGG, four modalities a case) and KiTS19 (case folders). */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { listFolder } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';
import { aliasesOf } from './channel-names.ts';

export const LAYOUTS = ['brats2019', 'kits19'] as const;
export type LayoutName = (typeof LAYOUTS)[number];
export const BRATS_MODALITIES = ['flair', 't1', 't1ce', 't2'] as const;
export type BratsModality = (typeof BRATS_MODALITIES)[number];

export interface LayoutCase {
  /** Name of the case's folder. */
  name: string;
  image: string;
  /** Null where the data set has none: KiTS19's cases 210 to 299, BraTS's validation cases. */
  mask: string | null;
  /** Where several were asked for: those that the case has, in the order of the request. */
  channels?: { name: string; path: string }[];
}

/** Every value above 0 of the masks is the structure that the paper segments: the whole tumour, the whole kidney. */
export interface LayoutDataset {
  layout: LayoutName;
  /** What the data set is called. */
  title: string;
  cases: LayoutCase[];
  notices: string[];
}

const GRADES = ['HGG', 'LGG'];
const KITS_CASE = /^case_\d{5}$/;

/**
 * The data set of a folder by its layout, or null. The folder may be the data set's own (with HGG and LGG, or with
 * case_00000 and so on) or that of KiTS19's repository, whose cases lie in `data`.
 * @param channels names of several modalities of a case that are channels of its scan; BraTS alone
 */
export function discoverLayout(
  root: string,
  modality: BratsModality = 'flair',
  channels?: readonly string[],
): LayoutDataset | null {
  return discoverBrats(root, channels ?? modality) ?? discoverKits(root) ?? discoverKits(join(root, 'data'));
}

/** As `discoverLayout`, of one layout; throws `layout/not-found` saying what is expected. */
export function readLayout(root: string, layout: LayoutName, modality: BratsModality = 'flair'): LayoutDataset {
  const found = discoverLayout(root, modality);
  if (found?.layout === layout) return found;
  const expected = {
    brats2019: 'the folders HGG and LGG with a folder a case, e.g. HGG/BraTS19_2013_2_1/BraTS19_2013_2_1_flair.nii.gz',
    kits19: 'a folder a case, e.g. case_00000/imaging.nii.gz',
  }[layout];
  throw new DecileError('layout/not-found', `${root} must hold ${expected}, got neither.`, 'Check the path.');
}

function discoverBrats(root: string, wanted: BratsModality | readonly string[]): LayoutDataset | null {
  const grades = GRADES.map((grade) => join(root, grade)).filter(existsSync);
  const folders = GRADES.includes(basename(root)) ? [root] : grades;
  const several = typeof wanted !== 'string';
  const asked = several ? wanted : [wanted];
  const cases: LayoutCase[] = [];
  const notices: string[] = [];
  for (const folder of folders.flatMap(subfolders)) {
    const name = basename(folder);
    const found = asked.flatMap((channel) => {
      const path = aliasesOf(channel)
        .map((alias) => niftiNamed(folder, `${name}_${alias}`))
        .find(Boolean);
      return path ? [{ name: channel, path }] : [];
    });
    const mask = niftiNamed(folder, `${name}_seg`);
    if (found.length > 0) cases.push({ name, image: found[0].path, mask, ...(several && { channels: found }) });
    else if (BRATS_MODALITIES.some((other) => niftiNamed(folder, `${name}_${other}`)))
      notices.push(`${name} is left out: it has no ${name}_${asked.join(` and no ${name}_`)}.nii.gz.`);
  }
  if (cases.length === 0) return null;
  return { layout: 'brats2019', title: `BraTS 2019 (${asked.join(', ')})`, cases: inOrder(cases), notices };
}

function discoverKits(root: string): LayoutDataset | null {
  const cases: LayoutCase[] = [];
  const notices: string[] = [];
  for (const folder of subfolders(root).filter((path) => KITS_CASE.test(basename(path)))) {
    const name = basename(folder);
    const image = niftiNamed(folder, 'imaging');
    const mask = niftiNamed(folder, 'segmentation');
    if (image) cases.push({ name, image, mask });
    else if (mask) notices.push(`${name} is left out: it has no imaging.nii.gz, which KiTS19 has downloaded apart.`);
  }
  return cases.length === 0 ? null : { layout: 'kits19', title: 'KiTS19', cases: inOrder(cases), notices };
}

const inOrder = (cases: LayoutCase[]): LayoutCase[] =>
  cases.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));

function subfolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return listFolder(folder)
    .filter(({ kind }) => kind === 'folder' || kind === 'link')
    .map(({ path }) => path);
}

const niftiNamed = (folder: string, name: string): string | null =>
  ['.nii.gz', '.nii'].map((ending) => join(folder, name + ending)).find(existsSync) ?? null;
