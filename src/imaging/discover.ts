/** What scans a folder holds: every file is looked at, none is judged by its name. */

import { basename, extname, relative, sep } from 'node:path';
import { MOST_CHANNELS } from '../core/model-channels.ts';
import { fileError, walkFiles } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';
import { HEAD_BYTES, looksLikeDicom, readDicomHeader } from './dicom/dataset.ts';
import { missingFiles } from './dicom/dicomdir.ts';
import { type Frame, framesOf } from './dicom/frame.ts';
import { maskObjectOf } from './dicom/mask-object.ts';
import { failure, fileSize, linkOutside, mapLimited, readHead } from './files.ts';
import { looksLikeMetaImage, readMetaHeader } from './itk/metaimage.ts';
import { looksLikeNrrd, readNrrdHeader } from './itk/nrrd.ts';
import { slicerSegments } from './itk/slicer-segments.ts';
import { globMatcher, nameByPath, stem, unique } from './names.ts';
import { looksLikeNifti } from './nifti/header.ts';
import { compressionOf, readNiftiHeader, severalVolumes } from './nifti/read.ts';
import { seriesSources } from './series-sources.ts';
import type { DiscoverOptions, MaskObject, ScanFailure, ScanKind, ScanSource } from './types.ts';

/** Companions of scans that are never scans, the viewers on patients' discs among them: passed over without a word. */
const COMPANIONS = new Set(
  [
    ...[
      'json',
      'txt',
      'csv',
      'tsv',
      'md',
      'xml',
      'html',
      'htm',
      'pdf',
      'log',
      'bval',
      'bvec',
      'yaml',
      'yml',
      'py',
      'sh',
    ],
    ...['png', 'jpg', 'jpeg', 'gif', 'bmp', 'ico', 'svg', 'db', 'sqlite', 'ini', 'inf', 'doc', 'docx', 'xls', 'xlsx'],
    ...[
      'exe',
      'dll',
      'so',
      'dylib',
      'jar',
      'class',
      'js',
      'css',
      'bat',
      'cmd',
      'lnk',
      'chm',
      'msi',
      'cab',
      'ocx',
      'sys',
    ],
    ...['plist', 'ttf', 'xsl', 'xslt', 'properties', 'config', 'manifest', 'lng', 'raw', 'img', 'zraw'],
  ].map((extension) => `.${extension}`),
);
/** Packed folders: what is in them is not looked at, and that is said. */
const PACKED = /\.(zip|rar|7z|tar|tgz|tar\.(gz|bz2|xz)|iso)$/i;
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
  const files = await walkFiles(folder, {
    links: options.followLinks ? 'all' : 'inside',
    onLink: (path) => failures.push(linkOutside(path, folder)),
    onFailure(path, error) {
      if (path === folder) throw fileError(path, error);
      failures.push(failure(path, error));
    },
    signal,
  });
  const found: { path: string; kind: ScanKind; volumes?: number }[] = [];
  const frames: Frame[] = [];
  const masks: MaskObject[] = [];
  const free: Buffer[] = [];
  let done = 0;
  await mapLimited(files, WIDTH, async (path) => {
    signal?.throwIfAborted();
    try {
      // One read serves the kind and, for most DICOM files, the whole header.
      const memory = free.pop() ?? Buffer.allocUnsafeSlow(HEAD_BYTES);
      const head = await readHead(path, HEAD_BYTES, memory);
      const directory = basename(path).toUpperCase() === 'DICOMDIR';
      const kind = directory ? null : await kindOf(path, head);
      if (directory) failures.push(...(await missingFiles(path, files)));
      else if (kind === 'dicom') {
        const file = await readDicomHeader(path, head);
        const mask = maskObjectOf(file);
        if (mask) masks.push(mask);
        else frames.push(...framesOf(file));
      } else if (kind === 'seg-nrrd')
        masks.push({ kind, path, name: stem(path), seriesUids: [], instanceUids: [], frameOfReference: '' });
      else if (kind === 'nifti') {
        found.push({ path, kind, ...(await volumesOf(path)) });
      } else if (kind) found.push({ path, kind });
      // Only text was kept of it: the next head goes into the same memory.
      free.push(memory);
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
  const plain: ScanSource[] = found.map(({ path, kind, volumes }, n) => ({
    ...{ kind, name: names[n], paths: [path] },
    ...(volumes && { volumes }),
  }));
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

/**
 * Every DICOM file below `folder`, whatever it holds.
 * @param onLink told of links that lead out of the folder, which are not followed; without it each is an error
 * @throws file/missing, file/no-permission, file/link-outside
 */
export async function dicomFilesBelow(
  folder: string,
  onLink: (left: ScanFailure) => void = ({ code, message, cure }) => {
    throw new DecileError(code, message, cure);
  },
): Promise<string[]> {
  const files = await walkFiles(folder, {
    links: 'inside',
    onLink: (path) => onLink(linkOutside(path, folder)),
    onFailure(path, error) {
      throw fileError(path, error);
    },
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
  if (PACKED.test(path))
    throw new DecileError(
      'file/packed',
      `${path} must be unpacked, got an archive whose contents were not looked at.`,
      'Unpack it into a folder and import that.',
    );
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

/** @throws scan/four-dimensional for moments, and for more volumes than a scan has channels */
async function volumesOf(path: string): Promise<{ volumes?: number }> {
  const header = await readNiftiHeader(path);
  if (header.volumes === 1) return {};
  if (header.timed || header.volumes > MOST_CHANNELS) throw severalVolumes(path, header);
  return { volumes: header.volumes };
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
