/** Brings scans and masks into a project, one at a time, and lists what could not be brought in. */
import { existsSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { temporaryFolder } from '../../../disk/index.ts';
import { type Provenance, readScan, writeNifti } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { type Channel, explainedAsync, type Scan, type Store } from '../../store/index.ts';
import { keptProvenance, saveProvenance, startProvenance } from '../export/provenance.ts';
import { type Candidate, findCandidates } from './candidates.ts';
import { contentHash } from './content-hash.ts';
import { type HeldFile, held, maskValues, settle } from './held-masks.ts';
import { asFailure, importMaskFile, importMaskObjects } from './import-masks.ts';
import { linksOf } from './links.ts';
import { findMaskFiles, freeName } from './names.ts';
import { importOrgans } from './organs.ts';
import { leaveOutOthers, otherKinds } from './other-kinds.ts';
import { checkRule } from './overlaps.ts';
import { channelsHash, lackingNotice, readChannels, settleChannels } from './read-channels.ts';
import { type ImportOptions, type ImportReport, settledAs } from './request.ts';

export type { ImportOptions, ImportProgress, ImportReport } from './request.ts';

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
  const { overlaps } = options;
  checkRule(overlaps, store.labels.list());
  const report: ImportReport = {
    added: [],
    duplicates: [],
    masks: [],
    sameMasks: 0,
    failures: [],
    unmatchedMasks: [],
    notices: [],
    others: [],
    interrupted: false,
  };
  const links = linksOf(options, report);
  const files = labels === undefined ? null : findMaskFiles(labels, links);
  const { scans: candidates, objects, channels } = await findCandidates(store, root, labels, files, options, report);
  const incoming: Incoming = { store, options, report, channels };
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
  for (const [index, candidate] of candidates.entries()) {
    const { source, mask, merge, organs, suspect, word } = candidate;
    const ignore = options.ignoreLabel ?? candidate.ignore;
    if (options.signal?.aborted) break;
    options.onProgress?.({ phase: 'importing', done: index, total: candidates.length, name: source.name });
    const settled =
      settledAs(options, source.paths[0]) === 'scan' ||
      (options.masks !== undefined && word === undefined) ||
      candidate.channels !== undefined;
    const hold = settled || source.kind === 'dicom' || mask !== null ? undefined : { files: holding, suspect, word };
    const scan = await importScan(incoming, candidate, hold);
    if (mask !== null) used.add(mask);
    if (scan) brought.push({ scan, path: source.paths[0] });
    if (scan && organs) await importOrgans(store, scan, organs, report, { ignore, overlaps });
    if (scan) touched.set(scan.id, scan);
    if (scan && mask !== null) await importMaskFile(store, scan, mask, report, { merge, ignore, overlaps });
    // Lets Ctrl-C and other work in between two scans.
    await new Promise((next) => setImmediate(next));
  }
  if (!options.signal?.aborted)
    for (const file of holding) {
      const scan = await settleHeld(incoming, file, brought);
      if (scan) touched.set(scan.id, scan);
    }
  if (!options.signal?.aborted && objects.length > 0)
    await importMaskObjects(store, objects, [...touched.values()], options.only !== undefined, report, overlaps);
  report.interrupted = options.signal?.aborted ?? false;
  if (!report.interrupted) {
    options.onProgress?.({ phase: 'importing', done: candidates.length, total: candidates.length, name: '' });
    report.unmatchedMasks = (files?.paths ?? []).filter((path) => !used.has(path) && !options.only);
  }
  report.others = otherKinds(
    store,
    report.added.map(({ id }) => store.scans.get(id)),
  );
  const left = options.otherKinds === 'take' ? null : leaveOutOthers(store, report.others);
  if (left) report.notices.push(left);
  return report;
}

/** A file whose voxels are a mask's: becomes the mask of its scan, a scan with a notice, or a failure. */
async function settleHeld(
  incoming: Incoming,
  file: HeldFile,
  brought: readonly { scan: Scan; path: string }[],
): Promise<Scan | null> {
  const { store, report } = incoming;
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
    return importScan(incoming, { source: file.source });
  } else {
    report.notices.push(
      `${basename(path)} was taken for the mask of ${what.name}: it holds ${file.values} whole values on the same voxels.`,
    );
    const { ignoreLabel: ignore, overlaps } = incoming.options;
    await importMaskFile(store, what, path, report, { ignore, overlaps });
  }
  return null;
}

/** Where scans are going, and the channels that those on their way may have. */
interface Incoming {
  store: Store;
  options: ImportOptions;
  report: ImportReport;
  channels: readonly Channel[];
}

/**
 * Reads a scan and keeps it; returns the scan it is or was already, or null after listing why not.
 * @param holding gets a file whose voxels are a mask's, or that the user called one; without it every file is a scan
 */
async function importScan(
  { store, options, report, channels: all }: Incoming,
  { source, channels = [] }: Pick<Candidate, 'source' | 'channels'>,
  holding?: { files: HeldFile[]; suspect?: boolean; word?: HeldFile['word'] },
): Promise<Scan | null> {
  const path = source.paths.length === 1 ? source.paths[0] : resolve(source.paths[0], '..');
  const names = channels.map(({ name }) => name);
  let read: Awaited<ReturnType<typeof readChannels>>;
  let settled: Channel[];
  try {
    settled = settleChannels(store, names, all);
    read =
      channels.length > 0 ? await readChannels(source.name, channels) : { ...(await readScan(source)), further: [] };
  } catch (error) {
    report.failures.push(asFailure(error, path));
    return null;
  }
  const { volume, further, modality, provenance } = read;
  const notices = [...read.notices, ...lackingNotice(names, settled)];
  const values = holding ? maskValues(volume) : 0;
  if (holding && (values > 0 || holding.word === 'mask')) {
    holding.files.push(held(source, volume, values, holding.suspect ?? false, holding.word));
    return null;
  }
  const hash = names.length > 0 ? channelsHash(names, [volume, ...further]) : contentHash(volume);
  const twin = importedAlready(store, hash, path, provenance, report);
  if (twin) return twin;
  const patient =
    source.patientName || source.patientId ? { name: source.patientName ?? '', id: source.patientId ?? '' } : null;
  const unfinished = temporaryFolder(store.path('volumes'), 'scan');
  try {
    const files = [volume, ...further].map((_, n) => join(unfinished, `volume-${n}.nii`));
    await explainedAsync(`Importing ${source.name}`, async () => {
      for (const [n, one] of [volume, ...further].entries()) await writeNifti(files[n], one);
    });
    // Asked again: another import may have brought the scan, or its name, while this one was written.
    const scan = store.transaction(() => {
      if (store.scans.findByHash(hash)) return null;
      const name = freeName(store, source.name);
      if (name !== source.name) notices.push(`Another scan is named ${source.name}; this one became ${name}.`);
      if (settled.length > 0) store.channels.set(settled);
      const kept = store.scans.keep(
        files[0],
        {
          ...{ name, modality: modality || presetModality(store), notices, patient },
          ...{ contentHash: hash, sourcePath: options.from ?? path },
          ...{ size: volume.size, spacing: volume.spacing, origin: volume.origin, direction: volume.direction },
          ...{ seriesUid: source.seriesUid ?? null, description: source.description ?? '' },
        },
        names.map((channel, n) => ({ name: channel, from: files[n] })),
      );
      startProvenance(store, kept.id, provenance);
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
const presetModality = (store: Store): string => (store.project.get().preset.startsWith('ct') ? 'CT' : 'MR');

function existingFolder(folder: string, what: string): string {
  const root = resolve(folder);
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new DecileError('import/no-folder', `${what} must be in a folder, got ${root}.`, 'Check the path.');
  }
  return root;
}
