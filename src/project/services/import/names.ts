import { basename } from 'node:path';
import { alike } from '../../../core/label-names.ts';
import { walkFilesSync } from '../../../disk/index.ts';
import { linkOutside } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { naturalOrder, type Store } from '../../store/index.ts';
import type { Links } from './links.ts';
import { maskNames, scanNames } from './mask-names.ts';

const EXTENSION = /\.(nii\.gz|nii|hdr|seg\.nrrd|nrrd|nhdr|mha|mhd)$/i;
const MASK_SUFFIX = /[._-](mask|masks|msk|seg|segs|dseg|segmentation|segmentations|label|labels|labelmap|roi|gt)$/i;

/** File name without extension; nnU-Net's channel number _0000 goes too. */
export const caseName = (path: string): string =>
  // Names made on a Mac have accents as letters of their own: compared in one form.
  basename(path)
    .normalize('NFC')
    .replace(EXTENSION, '')
    .replace(/_0000$/, '');

/** Case name of a mask file: `case_seg` belongs to `case`. */
export const maskCaseName = (path: string): string => caseName(path).replace(MASK_SUFFIX, '');

/** Mask files of a folder, deep, by natural order of their paths. */
export interface MaskFiles {
  /** By case name: the full stem wins over the stem without `_seg` and the like, so that a case named `x_seg` finds its own mask. */
  find(name: string): string | null;
  paths: string[];
}

/**
 * Lists the files that may be masks; throws `import/no-folder`.
 * @param links of a folder that is imported; the folders of a study are its author's own
 */
export function findMaskFiles(folder: string, links?: Links): MaskFiles {
  let entries: string[];
  try {
    // A link to nowhere stays in the list: whoever needs that mask is told that it is missing.
    const dangling: string[] = [];
    const onFailure = (path: string, error: unknown) => {
      if (path === folder || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      dangling.push(path);
    };
    const walk = links && {
      ...{ links: links.follow ? ('all' as const) : ('inside' as const) },
      onLink: (path: string) => links.onLink(linkOutside(path, folder)),
    };
    entries = [...walkFilesSync(folder, { onFailure, ...walk }), ...dangling].filter((path) => EXTENSION.test(path));
  } catch (error) {
    throw new DecileError(
      'import/no-folder',
      `The masks must be in a folder that can be read, got ${folder} (${(error as Error).message}).`,
      'Check the path.',
    );
  }
  const paths = entries.sort(naturalOrder);
  const exact = new Map<string, string>();
  const loose = new Map<string, string>();
  for (const path of paths) {
    const name = caseName(path);
    if (!exact.has(name)) exact.set(name, path);
    for (const key of [maskCaseName(path), ...maskNames(name)]) if (!loose.has(key)) loose.set(key, path);
  }
  const find = (name: string) =>
    exact.get(name.normalize('NFC')) ??
    scanNames(name.normalize('NFC'))
      .map((key) => loose.get(key))
      .find((path) => path !== undefined) ??
    null;
  return { paths, find };
}

/** `wanted`, or the first of `wanted-2`, `wanted-3`, ... that no scan of the project has. */
export function freeName(store: Store, wanted: string): string {
  let name = wanted;
  for (let n = 2; store.scans.find(name); n++) name = `${wanted}-${n}`;
  return name;
}

/** Where a data set calls a value by another name than the project does, in words. */
export function nameDifferences(store: Store, dataset: { value: number; name: string }[]): string[] {
  const own = new Map(store.labels.list().map((label) => [label.value, label.name]));
  return dataset
    .filter(({ value, name }) => own.has(value) && !alike(own.get(value)!, name))
    .map(({ value, name }) => `The data set calls value ${value} ${name}; this project calls it ${own.get(value)}.`);
}
