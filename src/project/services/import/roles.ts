/** Which files of a folder are masks, and of which scan: by their names and the folders that they lie in. */
import { basename, dirname, relative, sep } from 'node:path';
import { caseName } from './names.ts';

const WORD = '(?:mask|masks|seg|segs|segmentation|segmentations|label|labels|labelmap|gt|groundtruth|ground_truth)';
/** `mask.nii.gz`, `Segmentation-label.nrrd`: the folder or the only scan beside it says whose. */
const ONLY_WORD = new RegExp(`^${WORD}(?:[._-](?:${WORD}|final|manual|\\d{1,2}))*$`, 'i');
const SUFFIX = new RegExp(`[._-]${WORD}$`, 'i');
/** `label0001`, `segmentation-0`, `mask_case`. */
const PREFIX = new RegExp(`^${WORD}(?:[._-]+|(?=\\d))`, 'i');
const FOLDER = /^(labels?(tr|ts)?|masks?|segmentations?|segs?|gt|ground_?truth)$/i;
const EXTENSION = /\.seg\.nrrd$/i;

const IMAGE =
  '(?:image|images|img|scan|volume|vol|imaging|data|orig|ct|mr|mri|pet|t1|t1c|t1ce|t1gd|t1n|t2|t2w|t2f|flair|adc|dwi)';
const IMAGE_SUFFIX = new RegExp(`[._-]${IMAGE}$`, 'i');
const IMAGE_PREFIX = new RegExp(`^${IMAGE}(?:[._-]+|(?=\\d))`, 'i');

/** Of several masks of a scan these folders and names mean the one that somebody approved, and one that nobody did. */
const FINAL = /(^|[._/-])(final|manual|approved|reference|gt|ground_?truth)([._/-]|$)/i;
const DRAFT = /(^|[._/-])(original|auto|automatic|predictions?|predicted|pred|model|backup|old)([._/-]|$)/i;

export interface Roles {
  /** Masks by the scan that they belong to; a mask of several images of one case (T1, T2, ...) stands with each. */
  masks: Map<string, string>;
  /** One file a label, by scan: the files are named like labels. */
  organs: Map<string, string[]>;
  /** Files that are masks by name or folder and belong to no scan by name. */
  orphans: Set<string>;
  /** Masks beside the one that was taken. */
  passedOver: { scan: string; kept: string; others: string[] }[];
  /** Masks of which none is the one to take. */
  several: { scan: string; masks: string[] }[];
}

/**
 * @param paths files below `root` that hold one volume each
 * @param others scans that are no single files (DICOM series): name to what stands for them in the result
 * @param isMask the user's word on which files are masks; all others are scans then
 */
export function rolesOf(
  root: string,
  paths: readonly string[],
  others: ReadonlyMap<string, string>,
  isMask?: (path: string) => boolean,
): Roles {
  const inFolder = (path: string) => EXTENSION.test(path) || foldersOf(root, path).some((name) => FOLDER.test(name));
  const named = (path: string) => {
    const name = caseName(path);
    return ONLY_WORD.test(name) || SUFFIX.test(name) || PREFIX.test(name);
  };
  const strong = (path: string) => (isMask ? isMask(path) : inFolder(path));
  const weak = (path: string) => !isMask && !inFolder(path) && named(path);
  const index = new Index(
    root,
    paths.filter((path) => !strong(path) && !weak(path)),
    others,
  );
  const found = new Map<string, string[]>();
  const loose: string[] = [];
  const take = (path: string, where: Index) => {
    const scans = where.scansOf(path);
    for (const scan of scans) found.set(scan, [...(found.get(scan) ?? []), path]);
    return scans.length > 0;
  };
  const orphans = new Set<string>();
  for (const path of paths) if (weak(path) && !take(path, index)) orphans.add(path);
  // A scan that is called like a mask and has none beside it: `labels/x_seg` is the mask of `x_seg`.
  const all = new Index(root, [...orphans], new Map());
  for (const path of paths) if (strong(path) && !take(path, index) && !take(path, all)) loose.push(path);
  for (const list of found.values()) for (const path of list) orphans.delete(path);
  for (const scan of found.keys()) orphans.delete(scan);
  const roles: Roles = { masks: new Map(), organs: new Map(), orphans, passedOver: [], several: [] };
  for (const [scan, masks] of found) choose(root, scan, masks, roles);
  const plain = loose.filter((path) => !EXTENSION.test(path));
  for (const path of loose) if (!plain.includes(path)) orphans.add(path);
  for (const [folder, files] of Map.groupBy(plain, dirname)) {
    const scans = index.around(folder);
    // One file beside one scan of another name may belong to a scan that is not there; several are one a label.
    const theirs = files.length > 1 || relative(root, folder).includes(sep);
    if (theirs && scans.length === 1 && !roles.masks.has(scans[0])) roles.organs.set(scans[0], files);
    else for (const path of files) orphans.add(path);
  }
  return roles;
}

const foldersOf = (root: string, path: string): string[] => relative(root, dirname(path)).split(sep).filter(Boolean);

function choose(root: string, scan: string, masks: string[], roles: Roles): void {
  const score = (path: string) => {
    const where = relative(root, path).split(sep).join('/');
    return FINAL.test(where) ? 1 : DRAFT.test(where) ? -1 : 0;
  };
  const best = Math.max(...masks.map(score));
  const kept = masks.filter((path) => score(path) === best);
  if (kept.length > 1) {
    roles.several.push({ scan, masks: kept });
    return;
  }
  roles.masks.set(scan, kept[0]);
  const others = masks.filter((path) => path !== kept[0]);
  if (others.length > 0) roles.passedOver.push({ scan, kept: kept[0], others });
}

/** Scans by the names that masks may call them. */
class Index {
  private readonly byName = new Map<string, string[]>();
  private readonly files: readonly string[];
  private readonly root: string;

  constructor(root: string, files: readonly string[], others: ReadonlyMap<string, string>) {
    this.root = root;
    this.files = files;
    for (const [name, scan] of others) this.add(name.normalize('NFC'), scan);
    for (const path of files) {
      const name = caseName(path);
      for (const key of new Set([name, name.replace(IMAGE_SUFFIX, ''), name.replace(IMAGE_PREFIX, '')]))
        this.add(key, path);
    }
  }

  private add(key: string, scan: string): void {
    this.byName.set(key, [...(this.byName.get(key) ?? []), scan]);
  }

  /** Scans that the mask belongs to by name, the nearest folder first; where it has no name of its own, those around it. */
  scansOf(mask: string): string[] {
    const name = caseName(mask);
    for (const key of [name, name.replace(SUFFIX, ''), name.replace(PREFIX, '')]) {
      const scans = (this.byName.get(key) ?? []).filter((scan) => scan !== mask);
      if (scans.length === 0) continue;
      const exact = scans.filter((scan) => caseName(scan) === key);
      return this.nearest(mask, exact.length > 0 ? exact : scans);
    }
    return ONLY_WORD.test(name) && !EXTENSION.test(mask) ? this.around(dirname(mask)) : [];
  }

  private nearest(mask: string, scans: string[]): string[] {
    const shared = (scan: string) => {
      const [a, b] = [foldersOf(this.root, mask), foldersOf(this.root, scan)];
      const end = a.findIndex((folder, n) => folder !== b[n]);
      return end < 0 ? a.length : end;
    };
    const most = Math.max(...scans.map(shared));
    return scans.filter((scan) => shared(scan) === most);
  }

  /** Scans in the folder, or in the folder that a folder of masks lies in. Of the root none: it holds many cases. */
  around(folder: string): string[] {
    const home = FOLDER.test(basename(folder)) ? dirname(folder) : folder;
    const here = this.files.filter((path) => dirname(path) === home);
    return relative(this.root, home) === '' && here.length > 1 ? [] : here;
  }
}
