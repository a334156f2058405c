/** What scans a folder holds: every file is looked at, none is judged by its name. */
import { basename, dirname, extname, relative, sep } from 'node:path';
import { DecileError } from '../../shared/errors.ts';
import { HEAD_BYTES, looksLikeDicom, readDicomHeader } from './dicom/dataset.ts';
import { type Frame, framesOf } from './dicom/frame.ts';
import { maskObjectOf } from './dicom/mask-object.ts';
import { reasonToLeaveOut, splitSeries } from './dicom/series.ts';
import { failure, fileSize, mapLimited, readHead, walk } from './files.ts';
import { looksLikeMetaImage, readMetaHeader } from './itk/metaimage.ts';
import { looksLikeNrrd, readNrrdHeader } from './itk/nrrd.ts';
import { slicerSegments } from './itk/slicer-segments.ts';
import { globMatcher, nameByPath, stem, tidy, unique } from './names.ts';
import { looksLikeNifti } from './nifti/header.ts';
import { compressionOf, readNiftiHeader } from './nifti/read.ts';
import type { DiscoverOptions, MaskObject, ScanFailure, ScanKind, ScanSource } from './types.ts';

/** Companions of scans that are never scans: passed over without a word. */
const COMPANIONS = new Set([
  '.json',
  '.txt',
  '.csv',
  '.tsv',
  '.md',
  '.xml',
  '.html',
  '.pdf',
  '.log',
  '.bval',
  '.bvec',
  '.yaml',
  '.yml',
  '.py',
  '.sh',
  '.zip',
  '.png',
  '.jpg',
  '.jpeg',
  '.gif',
  '.db',
  '.sqlite',
  '.ini',
  '.inf',
  '.exe',
  '.doc',
  '.docx',
  '.xls',
  '.xlsx',
  '.raw',
  '.img',
  '.zraw',
]);
const WIDTH = 8;

/**
 * Every readable scan below `folder`, every mask object (SEG, RTSTRUCT, .seg.nrrd), and every file or series that was
 * left out with its reason. Only headers are read. @throws file/missing, file/no-permission when the folder itself cannot be read
 */
export async function discoverScans(
  folder: string,
  options: DiscoverOptions = {},
): Promise<{ sources: ScanSource[]; masks: MaskObject[]; failures: ScanFailure[] }> {
  const failures: ScanFailure[] = [];
  const { signal, onProgress } = options;
  const files = await walk(
    folder,
    (f) => {
      if (f.path === folder) throw new DecileError(f.code, f.message, f.cure);
      failures.push(f);
    },
    signal,
  );
  const found: { path: string; kind: ScanKind }[] = [];
  const frames: Frame[] = [];
  const masks: MaskObject[] = [];
  let done = 0;
  await mapLimited(files, WIDTH, async (path) => {
    signal?.throwIfAborted();
    try {
      // One read serves the kind and, for most DICOM files, the whole header.
      const head = await readHead(path, HEAD_BYTES);
      const kind = basename(path).toUpperCase() === 'DICOMDIR' ? null : await kindOf(path, head);
      if (kind === 'dicom') {
        const file = await readDicomHeader(path, head);
        const mask = maskObjectOf(file);
        if (mask) masks.push(mask);
        else frames.push(...framesOf(file));
      } else if (kind === 'seg-nrrd')
        masks.push({ kind, path, name: stem(path), seriesUids: [], instanceUids: [], frameOfReference: '' });
      else if (kind === 'nifti') {
        await readNiftiHeader(path);
        found.push({ path, kind });
      } else if (kind) found.push({ path, kind });
    } catch (error) {
      failures.push(failure(path, error));
    }
    onProgress?.(++done, files.length);
  });
  found.sort((a, b) => (a.path < b.path ? -1 : 1));
  const names = nameByPath(
    folder,
    found.map((f) => f.path),
  );
  const plain: ScanSource[] = found.map(({ path, kind }, n) => ({ kind, name: names[n], paths: [path] }));
  const dicom = seriesSources(frames, failures);
  let sources = renameUnique([...plain, ...dicom]);
  if (options.only) sources = matching(sources, folder, options.only);
  masks.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length === 0 || (sources.length === 0 && masks.length === 0 && failures.length === 0)) {
    failures.push({
      path: folder,
      code: 'import/no-scans',
      message: `${folder} must hold NIfTI, DICOM, NRRD or MetaImage scans, got ${files.length === 0 ? 'no files' : `${files.length} files of other kinds${options.only ? ` or names that do not match ${options.only}` : ''}`}.`,
      cure: 'Choose the folder that holds the scans.',
    });
  }
  failures.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { sources, masks, failures };
}

/** Every DICOM file below `folder`, whatever it holds. @throws file/missing, file/no-permission */
export async function dicomFilesBelow(folder: string): Promise<string[]> {
  const files = await walk(folder, (f) => {
    throw new DecileError(f.code, f.message, f.cure);
  });
  const dicom = await mapLimited(files, WIDTH, async (path) => looksLikeDicom(await readHead(path, 1024)));
  return files.filter((_, n) => dicom[n]);
}

/** The format by content, null for companions; throws for what claims to be a scan and is not. */
async function kindOf(path: string, head: Uint8Array): Promise<ScanKind | 'seg-nrrd' | null> {
  const extension = extname(path).toLowerCase();
  if (looksLikeDicom(head)) return 'dicom';
  if (looksLikeNifti(head)) return 'nifti';
  if (looksLikeNrrd(head)) {
    const { pairs } = await readNrrdHeader(path);
    return slicerSegments(pairs).length > 0 ? 'seg-nrrd' : 'nrrd';
  }
  if (looksLikeMetaImage(head)) {
    await readMetaHeader(path);
    return 'metaimage';
  }
  const claims = /\.(nii|nii\.gz|hdr|nrrd|nhdr|mha|mhd|dcm|ima)$/i.test(path);
  if (!claims && COMPANIONS.has(extension)) return null;
  if ((await fileSize(path)) === 0)
    throw new DecileError(
      'scan/truncated',
      `${path} must hold a scan, got an empty file.`,
      'Copy or export the file again.',
    );
  if ((await compressionOf(path)) === 'gzip' && (claims || extension === '.gz')) {
    await readNiftiHeader(path);
    return 'nifti';
  }
  if (/\.(nii|nii\.gz|hdr)$/i.test(path)) {
    throw new DecileError(
      'scan/not-nifti',
      `${path} must begin as a NIfTI file, got other content.`,
      'The file is damaged or misnamed: export it again.',
    );
  }
  if (/\.(dcm|ima)$/i.test(path)) {
    throw new DecileError(
      'scan/not-dicom',
      `${path} must begin as a DICOM file, got other content.`,
      'The file is damaged or misnamed: transfer it again.',
    );
  }
  throw new DecileError(
    'scan/unknown-format',
    `${path} must be a NIfTI, DICOM, NRRD or MetaImage file, got an unknown format.`,
    'Remove the file, or convert it to NIfTI.',
  );
}

/** Frames of all files to sources: one for each volume of each series. */
function seriesSources(frames: Frame[], failures: ScanFailure[]): ScanSource[] {
  const sources: ScanSource[] = [];
  frames.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.index - b.index));
  // Without a series UID the files of one folder and series number belong together.
  const series = Map.groupBy(frames, (f) =>
    f.seriesUid ? `${f.seriesUid} ${f.studyUid}` : `${dirname(f.path)} ${f.seriesNumber ?? ''}`,
  );
  for (const [uid, all] of series) {
    const kept: Frame[] = [];
    const refused = new Set<string>();
    for (const f of all) {
      const reason = reasonToLeaveOut(f);
      if (!reason) kept.push(f);
      else if (!refused.has(f.path)) {
        refused.add(f.path);
        failures.push(failure(f.path, reason));
      }
    }
    if (kept.length === 0) continue;
    try {
      const { stacks, duplicates } = splitSeries(kept);
      for (const path of new Set(duplicates.map((d) => d.path))) {
        failures.push({
          path,
          code: 'scan/duplicate',
          message: `${path} must be a new image, got a copy of another file (same instance).`,
          cure: 'Nothing to do: the first copy was used.',
        });
      }
      const planner = isPlanner(stacks);
      stacks.forEach((stack, n) => {
        if (planner) {
          failures.push({
            path: stack.frames[0].path,
            code: 'scan/localiser',
            message: `Series ${stack.frames[0].seriesNumber ?? uid} must be a volume, got ${stacks.length} orientations with at most ${Math.max(...stacks.map((s) => s.frames.length))} slices each (a localiser).`,
            cure: 'Localisers are for planning; import the diagnostic series.',
          });
          return;
        }
        sources.push(sourceOf(stack.frames, stack.part, stacks.length > 1 ? n : undefined));
      });
    } catch (error) {
      failures.push(failure(kept[0].path, error));
    }
  }
  return sources;
}

/** Three planes with a handful of slices each: a localiser without the word. */
function isPlanner(stacks: { frames: Frame[]; part: string }[]): boolean {
  return stacks.length >= 2 && stacks.every((s) => s.part.startsWith('orientation') && s.frames.length <= 7);
}

function sourceOf(frames: Frame[], part: string, index: number | undefined): ScanSource {
  const f = frames[0];
  const name = tidy(
    [f.modality || 'scan', f.seriesNumber ?? '', f.description, part].filter((s) => s !== '').join('_'),
  );
  const paths = [...new Set(frames.map((x) => x.path))];
  // A classic stack is named by its files; only frames of one file need the number of the volume.
  const needsPart = index !== undefined && frames.some((x) => x.index > 0);
  return {
    kind: 'dicom',
    name,
    paths,
    seriesUid: f.seriesUid,
    modality: f.modality,
    description: f.description,
    patientName: f.patientName,
    patientId: f.patientId,
    frameOfReference: f.frameOfReference,
    ...(needsPart ? { part: index } : {}),
  };
}

function renameUnique(sources: ScanSource[]): ScanSource[] {
  const names = unique(sources.map((s) => s.name || 'scan'));
  return sources.map((s, n) => ({ ...s, name: names[n] }));
}

function matching(sources: ScanSource[], folder: string, only: string): ScanSource[] {
  const match = globMatcher(only);
  return sources.filter(
    (s) =>
      match(s.name) ||
      s.paths.some((p) => match(basename(p)) || match(stem(p)) || match(relative(folder, p).split(sep).join('/'))),
  );
}
