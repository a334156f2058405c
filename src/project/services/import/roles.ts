/** Which files of a folder are masks, and of which scan: by their names and the folders that they lie in. */
import { basename, dirname, relative, sep } from 'node:path';
import { FOLDER, isMaskWord, looksNamed, maskNames, scanNames } from './mask-names.ts';
import { caseName } from './names.ts';

const EXTENSION = /\.seg\.nrrd$/i;

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
  /** Files that the user called masks and that belong to no scan by name or place. */
  called: Set<string>;
  /** Files that look like masks by name or folder and that the user did not call masks: scans, unless their voxels are a mask's. */
  doubtful: Set<string>;
  /** Masks beside the one that was taken. */
  passedOver: { scan: string; kept: string; others: string[] }[];
  /** Masks of which none is the one to take. */
  several: { scan: string; masks: string[] }[];
}

/**
 * @param paths files below `root` that hold one volume each
 * @param others scans that are no single files (DICOM series): name to what stands for them in the result
 * @param isMask the user's word on which files are masks
 * @param settled the user's word on files that he was asked about
 */
export function rolesOf(
  root: string,
  paths: readonly string[],
  others: ReadonlyMap<string, string>,
  isMask?: (path: string) => boolean,
  settled: (path: string) => 'mask' | 'scan' | undefined = () => undefined,
): Roles {
  const inFolder = (path: string) => EXTENSION.test(path) || foldersOf(root, path).some((name) => FOLDER.test(name));
  const named = (path: string) => looksNamed(caseName(path));
  const byUser = (path: string) => isMask?.(path) || settled(path) === 'mask';
  const strong = (path: string) => byUser(path) || (!isMask && settled(path) === undefined && inFolder(path));
  const weak = (path: string) => !isMask && settled(path) === undefined && !inFolder(path) && named(path);
  const doubtful = new Set(isMask ? paths.filter((path) => !isMask(path) && (inFolder(path) || named(path))) : []);
  const index = new Index(
    root,
    paths.filter((path) => !strong(path) && !weak(path) && !doubtful.has(path)),
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
  const all = new Index(root, [...orphans, ...doubtful], new Map());
  for (const path of paths) if (strong(path) && !take(path, index) && !take(path, all)) loose.push(path);
  for (const list of found.values()) for (const path of list) orphans.delete(path);
  for (const scan of found.keys()) orphans.delete(scan);
  const roles: Roles = {
    ...{ masks: new Map(), organs: new Map(), orphans, called: new Set(), doubtful, passedOver: [], several: [] },
  };
  for (const [scan, masks] of found) choose(root, scan, masks, roles);
  const plain = loose.filter((path) => !EXTENSION.test(path));
  for (const path of loose) if (!plain.includes(path)) orphans.add(path);
  for (const [folder, files] of Map.groupBy(plain, dirname)) {
    const scans = index.around(folder);
    // One file beside one scan of another name may belong to a scan that is not there; several are one a label.
    const theirs = files.length > 1 || relative(root, folder).includes(sep);
    const free = scans.length > 0 && scans.every((scan) => !roles.masks.has(scan));
    if (theirs && scans.length === 1 && free) roles.organs.set(scans[0], files);
    // The user's word: a mask of whatever name is that of the scans beside it.
    else if (byUser(files[0]) && files.length === 1 && free) for (const scan of scans) roles.masks.set(scan, files[0]);
    else for (const path of files) orphans.add(path);
  }
  roles.called = new Set(paths.filter((path) => orphans.has(path) && byUser(path)));
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
    for (const path of files) for (const key of scanNames(caseName(path))) this.add(key, path);
  }

  private add(key: string, scan: string): void {
    this.byName.set(key, [...(this.byName.get(key) ?? []), scan]);
  }

  /** Scans that the mask belongs to by name, the nearest folder first; where it has no name of its own, those around it. */
  scansOf(mask: string): string[] {
    const name = caseName(mask);
    for (const key of maskNames(name)) {
      const scans = (this.byName.get(key) ?? []).filter((scan) => scan !== mask);
      if (scans.length === 0) continue;
      const exact = scans.filter((scan) => caseName(scan) === key);
      return this.nearest(mask, exact.length > 0 ? exact : scans);
    }
    const begun = this.begunBy(name);
    if (begun.length > 0) return this.nearest(mask, begun);
    return isMaskWord(name) && !EXTENSION.test(mask) ? this.around(dirname(mask)) : [];
  }

  /** Scans whose whole name begins the mask's, with words behind it: `case_1_lesion` is of `case_1`; `case_1_2` is not. */
  private begunBy(name: string): string[] {
    const fits = [...this.byName].filter(
      ([key]) => name.startsWith(key) && /^[._-]+\p{L}/u.test(name.slice(key.length)) && !/^\d*$/.test(key),
    );
    const longest = Math.max(0, ...fits.map(([key]) => key.length));
    return fits
      .filter(([key, scans]) => key.length === longest && scans.some((s) => caseName(s) === key))
      .flatMap(([, scans]) => scans);
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
