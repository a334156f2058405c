/** Brings scans and masks into a project, one at a time, and lists what could not be brought in. */
import { existsSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { temporaryFolder } from '../../../disk/index.ts';
import {
  discoverDataset,
  discoverScans,
  type MaskObject,
  type Provenance,
  readScan,
  type ScanFailure,
  type ScanKind,
  type ScanSource,
  writeNifti,
} from '../../../imaging/index.ts';
import { type BratsModality, discoverLayout } from '../../../imaging/layouts.ts';
import { globMatcher } from '../../../imaging/names.ts';
import { DecileError } from '../../../shared/errors.ts';
import { explainedAsync, type Scan, type Store } from '../../store/index.ts';
import { keptProvenance, saveProvenance } from '../export/provenance.ts';
import { contentHash } from './content-hash.ts';
import { type HeldFile, held, maskValues, settle } from './held-masks.ts';
import { asFailure, importMaskFile, importMaskObjects } from './import-masks.ts';
import { caseName, findMaskFiles, freeName, type MaskFiles, nameDifferences } from './names.ts';
import { importOrgans } from './organs.ts';
import { type Roles, rolesOf } from './roles.ts';

export interface ImportOptions {
  /** Folder with masks: named like the scans, or DICOM SEG and RTSTRUCT that refer to them. */
  labels?: string;
  /** Glob on names or paths, e.g. 'la_00*'. */
  only?: string;
  /** Glob on names or paths of the files that are masks: all others are scans, whatever they look like. */
  masks?: string;
  /** Which of BraTS's four scans of a case; FLAIR without it. */
  modality?: BratsModality;
  /** Where the folder's files came from, if that is not the folder: kept as the scans' source. */
  from?: string;
  onProgress?: (progress: ImportProgress) => void;
  signal?: AbortSignal;
}

export interface ImportProgress {
  phase: 'searching' | 'importing';
  done: number;
  total: number;
  /** The case being imported. */
  name: string;
}

export interface ImportReport {
  added: { id: number; name: string; notices: string[] }[];
  /** Scans that the project had already, with the name they have there. */
  duplicates: { path: string; name: string }[];
  /** Masks that became a version. */
  masks: { scan: string; version: number; path: string }[];
  /** Masks that are already the scan's current one. */
  sameMasks: number;
  /** Scans and masks that were refused, each with its reason; the rest was imported. */
  failures: ScanFailure[];
  /** Mask files of `labels` that belong to no scan of this import. */
  unmatchedMasks: string[];
  notices: string[];
  /** Stopped by the signal: what is listed was imported, the rest was not looked at. */
  interrupted: boolean;
}

interface Candidate {
  source: ScanSource;
  mask: string | null;
  /** Masks of one label each, named like labels. */
  organs?: string[];
  /** Called like a mask: its voxels decide. */
  suspect?: boolean;
  /** What the user's word on masks says of it. */
  word?: HeldFile['word'];
  /** The one label that every value above 0 of the mask stands for. */
  merge?: number;
}
interface Candidates {
  scans: Candidate[];
  /** SEG, RTSTRUCT and .seg.nrrd, which find their scans by reference or name once those are imported. */
  objects: MaskObject[];
}

/**
 * Imports a folder: DICOM series, NIfTI, NRRD and MetaImage files, a data set with dataset.json (nnU-Net, MSD), or BraTS
 * 2019 and KiTS19 in their own layouts; masks
 * come along by name, and SEG and RTSTRUCT objects by the series they refer to, also of scans imported before.
 * Memory holds one scan at a time. A scan that is already there is not doubled, but gets its mask.
 * @throws import/no-folder, import/no-scans, disk/full, disk/read-only
 */
export async function importScans(store: Store, folder: string, options: ImportOptions = {}): Promise<ImportReport> {
  const root = existingFolder(folder, 'The scans');
  const labels = options.labels === undefined ? undefined : existingFolder(options.labels, 'The masks');
  const report: ImportReport = {
    added: [],
    duplicates: [],
    masks: [],
    sameMasks: 0,
    failures: [],
    unmatchedMasks: [],
    notices: [],
    interrupted: false,
  };
  const files = labels === undefined ? null : findMaskFiles(labels);
  const { scans: candidates, objects } = await findCandidates(store, root, labels, files, options, report);
  if (candidates.length === 0 && objects.length === 0 && !options.signal?.aborted) {
    // Nothing but "this folder holds no scan" is the whole story, not one failure among others.
    const none = report.failures.find((failure) => failure.code === 'import/no-scans');
    if (none && report.failures.length === 1) throw new DecileError(none.code, none.message, none.cure);
    if (report.failures.length === 0) {
      const filter = options.only ? ` that match ${options.only}` : '';
      throw new DecileError(
        'import/no-scans',
        `${root} must hold scans${filter}, got none.`,
        `Check the path${options.only ? ' and --only' : ''}.`,
      );
    }
  }
  const used = new Set<string>();
  const touched = new Map<number, Scan>();
  const holding: HeldFile[] = [];
  const brought: { scan: Scan; path: string }[] = [];
  for (const [index, { source, mask, merge, organs, suspect, word }] of candidates.entries()) {
    if (options.signal?.aborted) break;
    options.onProgress?.({ phase: 'importing', done: index, total: candidates.length, name: source.name });
    const settled = options.masks !== undefined && word === undefined;
    const hold = settled || source.kind === 'dicom' || mask !== null ? undefined : { files: holding, suspect, word };
    const scan = await importScan(store, source, options, report, hold);
    if (mask !== null) used.add(mask);
    if (scan) brought.push({ scan, path: source.paths[0] });
    if (scan && organs) await importOrgans(store, scan, organs, report);
    if (scan) touched.set(scan.id, scan);
    if (scan && mask !== null) await importMaskFile(store, scan, mask, report, merge);
    // Lets Ctrl-C and other work in between two scans.
    await new Promise((next) => setImmediate(next));
  }
  if (!options.signal?.aborted)
    for (const file of holding) {
      const scan = await settleHeld(store, file, brought, options, report);
      if (scan) touched.set(scan.id, scan);
    }
  if (!options.signal?.aborted && objects.length > 0)
    await importMaskObjects(store, objects, [...touched.values()], options.only !== undefined, report);
  report.interrupted = options.signal?.aborted ?? false;
  if (!report.interrupted) {
    options.onProgress?.({ phase: 'importing', done: candidates.length, total: candidates.length, name: '' });
    report.unmatchedMasks = (files?.paths ?? []).filter((path) => !used.has(path) && !options.only);
  }
  return report;
}

async function findCandidates(
  store: Store,
  root: string,
  labels: string | undefined,
  files: MaskFiles | null,
  options: ImportOptions,
  report: ImportReport,
): Promise<Candidates> {
  // Masks named like scans are found by name; what refers to a series by itself is found by content.
  const referring = async (): Promise<MaskObject[]> =>
    labels === undefined
      ? []
      : (await discoverScans(labels, { signal: options.signal })).masks.filter(({ kind }) => kind !== 'seg-nrrd');
  const dataset = await discoverDataset(root);
  if (dataset) {
    report.notices.push(
      `Found ${dataset.layout === 'nnunet' ? 'an nnU-Net' : 'an MSD'} data set with ${dataset.cases.length} cases.`,
      ...nameDifferences(store, dataset.labels),
    );
    const wanted = dataset.cases.filter((c) => matchesGlob(options.only, c.name, c.image));
    return {
      scans: wanted.map((c) => ({
        source: { kind: kindByName(c.image), name: c.name, paths: [c.image] },
        mask: files?.find(c.name) ?? c.mask ?? null,
      })),
      objects: await referring(),
    };
  }
  const known = discoverLayout(root, options.modality);
  if (known) {
    const { title, cases, notices } = known;
    // A project with one label takes the structure as a whole, as the paper does; with more, the values are its labels.
    const [label, ...more] = store.labels.list();
    const merge = more.length === 0 ? label.value : undefined;
    const whole = merge === undefined ? '' : ` Every value of its masks becomes ${label.name}.`;
    report.notices.push(`Found ${title} with ${cases.length} cases.${whole}`, ...notices);
    const wanted = cases.filter((c) => matchesGlob(options.only, c.name, c.image));
    return {
      scans: wanted.map(({ name, image, mask }) => ({
        ...{ source: { kind: 'nifti', name, paths: [image] }, mask: files?.find(name) ?? mask, merge },
      })),
      objects: await referring(),
    };
  }
  const found = await discoverScans(root, {
    only: options.only,
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.({ phase: 'searching', done, total, name: '' }),
  }).catch((error: unknown) => {
    if (options.signal?.aborted) return { sources: [], masks: [], failures: [] };
    throw error;
  });
  const inLabels = (path: string) =>
    labels !== undefined && labels !== root && (path === labels || path.startsWith(labels + sep));
  report.failures.push(...found.failures.filter((failure) => !inLabels(failure.path)));
  const sources = found.sources.filter((source) => !inLabels(source.paths[0]));
  const series = seriesByFolder(sources);
  const single = sources.filter((source) => source.kind !== 'dicom').map((source) => source.paths[0]);
  const slicer = found.masks.filter(({ kind }) => kind === 'seg-nrrd').map(({ path }) => path);
  const folders = new Map([...series].map(([folder, { paths }]) => [basename(folder), paths[0]]));
  const roles = rolesOf(root, [...single, ...slicer], folders, maskMatcher(options.masks, root));
  tellRoles(roles, report);
  const beside = roles.masks;
  const masks = new Set([
    ...[...beside.values(), ...[...roles.organs.values()].flat()],
    ...roles.passedOver.flatMap(({ others }) => others),
    ...roles.several.flatMap(({ masks: all }) => all),
  ]);
  const scans = sources.filter((source) => !masks.has(source.paths[0]));
  const stems = Map.groupBy(scans, (source) => caseName(source.paths[0]));
  const inside = new Set(found.masks.map(({ path }) => path));
  const objects = found.masks.filter(({ path, kind }) => !masks.has(path) && !(kind === 'seg-nrrd' && inLabels(path)));
  return {
    scans: scans.map((source) => {
      const [path] = source.paths;
      const dicom = source.kind === 'dicom';
      const folder = dirname(path);
      const stem = dicom && series.get(folder) === source ? basename(folder) : caseName(path);
      // `images_case` was only needed to tell the scan from its mask `labels_case`: the plain name is free again.
      const name = dicom || stems.get(stem)!.length > 1 ? source.name : stem;
      const mask = files?.find(name) ?? files?.find(stem) ?? beside.get(path) ?? null;
      const organs = roles.organs.get(path);
      const word = roles.called.has(path) ? 'mask' : roles.doubtful.has(path) ? 'no mask' : undefined;
      return { source: { ...source, name }, mask, organs, suspect: roles.orphans.has(path), word };
    }),
    objects: [...objects, ...(await referring()).filter(({ path }) => !inside.has(path))],
  };
}

/** DICOM series that are alone in their folder, by folder: masks may carry the folder's name. */
function seriesByFolder(sources: readonly ScanSource[]): Map<string, ScanSource> {
  const alone = new Map<string, ScanSource>();
  const groups = Map.groupBy(
    sources.filter(({ kind }) => kind === 'dicom'),
    ({ paths }) => dirname(paths[0]),
  );
  for (const [folder, list] of groups) if (list.length === 1) alone.set(folder, list[0]);
  return alone;
}

/** nnU-Net lets a data set choose its format by file name. */
const kindByName = (path: string): ScanKind =>
  /\.(nrrd|nhdr)$/i.test(path) ? 'nrrd' : /\.(mha|mhd)$/i.test(path) ? 'metaimage' : 'nifti';

/** Which files the user calls masks; undefined where nothing was said. */
function maskMatcher(glob: string | undefined, root: string): ((path: string) => boolean) | undefined {
  if (glob === undefined) return undefined;
  const matches = globMatcher(glob);
  return (path) => [caseName(path), basename(path), relative(root, path).split(sep).join('/')].some(matches);
}

/** What was left beside the masks that were taken. */
function tellRoles(roles: Roles, report: ImportReport): void {
  for (const { scan, kept, others } of roles.passedOver)
    report.notices.push(
      `${basename(scan)}: of its masks ${kept} was taken; ${others.length === 1 ? others[0] : `${others.length} others (${others[0]}, ...)`} was left out.`,
    );
  for (const { scan, masks } of roles.several)
    report.failures.push(
      asFailure(
        new DecileError(
          'mask/several',
          `The mask of ${basename(scan)} must be one file, got ${masks.join(' and ')}.`,
          'Say with --masks GLOB which files are masks, or move the others away.',
        ),
        masks[0],
      ),
    );
}

/** A file whose voxels are a mask's: becomes the mask of its scan, a scan with a notice, or a failure. */
async function settleHeld(
  store: Store,
  file: HeldFile,
  brought: readonly { scan: Scan; path: string }[],
  options: ImportOptions,
  report: ImportReport,
): Promise<Scan | null> {
  const [path] = file.source.paths;
  const what = settle(file, brought);
  if (what === null)
    report.notices.push(
      `${basename(path)} in ${basename(dirname(path))} was left out: by name or folder it is a mask, it holds ${file.values} whole values, as masks do, and --masks names others.`,
    );
  else if (what instanceof DecileError) report.failures.push(asFailure(what, path));
  else if (what === 'scan') {
    report.notices.push(
      `${basename(path)} holds ${file.values} whole values alone, as masks do; it was imported as a scan.`,
    );
    return importScan(store, file.source, options, report);
  } else {
    report.notices.push(
      `${basename(path)} was taken for the mask of ${what.name}: it holds ${file.values} whole values on the same voxels.`,
    );
    await importMaskFile(store, what, path, report);
  }
  return null;
}

/**
 * Reads a scan and keeps it; returns the scan it is or was already, or null after listing why not.
 * @param holding gets a file whose voxels are a mask's, or that the user called one; without it every file is a scan
 */
async function importScan(
  store: Store,
  source: ScanSource,
  options: ImportOptions,
  report: ImportReport,
  holding?: { files: HeldFile[]; suspect?: boolean; word?: HeldFile['word'] },
): Promise<Scan | null> {
  const path = source.paths.length === 1 ? source.paths[0] : resolve(source.paths[0], '..');
  let read: Awaited<ReturnType<typeof readScan>>;
  try {
    read = await readScan(source);
  } catch (error) {
    report.failures.push(asFailure(error, path));
    return null;
  }
  const { volume, modality, notices, provenance } = read;
  const values = holding ? maskValues(volume) : 0;
  if (holding && (values > 0 || holding.word === 'mask')) {
    holding.files.push(held(source, volume, values, holding.suspect ?? false, holding.word));
    return null;
  }
  const hash = contentHash(volume);
  const twin = importedAlready(store, hash, path, provenance, report);
  if (twin) return twin;
  const patient =
    source.patientName || source.patientId ? { name: source.patientName ?? '', id: source.patientId ?? '' } : null;
  const unfinished = temporaryFolder(store.path('volumes'), 'scan');
  try {
    const file = join(unfinished, 'volume.nii');
    await explainedAsync(`Importing ${source.name}`, () => writeNifti(file, volume));
    // Asked again: another import may have brought the scan, or its name, while this one was written.
    const scan = store.transaction(() => {
      if (store.scans.findByHash(hash)) return null;
      const name = freeName(store, source.name);
      if (name !== source.name) notices.push(`Another scan is named ${source.name}; this one became ${name}.`);
      const kept = store.scans.keep(file, {
        ...{ name, modality: modality || presetModality(store), notices, patient },
        ...{ contentHash: hash, sourcePath: options.from ?? path },
        ...{ size: volume.size, spacing: volume.spacing, origin: volume.origin, direction: volume.direction },
        ...{ seriesUid: source.seriesUid ?? null, description: source.description ?? '' },
      });
      if (provenance) saveProvenance(store, kept.id, provenance);
      return kept;
    });
    if (!scan) return importedAlready(store, hash, path, provenance, report);
    report.added.push({ id: scan.id, name: scan.name, notices });
    return scan;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The scan that holds these voxels already, listed as a duplicate; null where there is none. */
function importedAlready(
  store: Store,
  hash: string,
  path: string,
  provenance: Provenance | null | undefined,
  report: ImportReport,
): Scan | null {
  const twin = store.scans.findByHash(hash);
  if (!twin) return null;
  report.duplicates.push({ path, name: twin.name });
  // Imported first from a file that says nothing of its origin, or by an older version: now it is known.
  if (provenance && !keptProvenance(store, twin.id)) saveProvenance(store, twin.id, provenance);
  return twin;
}

/** NIfTI does not say its modality; the project's preset does. */
const presetModality = (store: Store): string => (store.project.get().preset === 'ct-kidney' ? 'CT' : 'MR');

const matchesGlob = (glob: string | undefined, name: string, path: string): boolean =>
  !glob || [name, basename(path), path].some(globMatcher(glob));

function existingFolder(folder: string, what: string): string {
  const root = resolve(folder);
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new DecileError('import/no-folder', `${what} must be in a folder, got ${root}.`, 'Check the path.');
  }
  return root;
}
