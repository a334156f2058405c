/** The DICOM series below a folder: their files, the volumes that we make of them, and what we leave out. */
import { extname } from 'node:path';
import { walkFiles } from '../../src/disk/index.ts';
import { HEAD_BYTES, looksLikeDicom, readDicomHeader } from '../../src/imaging/dicom/dataset.ts';
import { mapLimited, readHead } from '../../src/imaging/files.ts';
import { discoverScans, type MaskObject, type ScanFailure, type ScanSource } from '../../src/imaging/index.ts';

export interface Series {
  /** Study and series UID, or the file's path where it states none. */
  key: string;
  files: string[];
  sources: ScanSource[];
  failures: ScanFailure[];
}

const WIDTH = 8;

/** @returns mask objects apart: they are no series of images */
export async function seriesBelow(folder: string): Promise<{ series: Series[]; masks: MaskObject[] }> {
  const { sources, masks, failures } = await discoverScans(folder);
  const own = new Set(masks.map(({ path }) => path));
  const keys = new Map<string, string>();
  const files = await walkFiles(folder, { onFailure: () => {} });
  await mapLimited(files, WIDTH, async (path) => {
    const key = own.has(path) ? null : await keyOf(path);
    if (key !== null) keys.set(path, key);
  });
  const groups = new Map<string, Series>();
  for (const path of [...keys.keys()].sort()) {
    const key = keys.get(path)!;
    const series = groups.get(key) ?? { key, files: [], sources: [], failures: [] };
    series.files.push(path);
    groups.set(key, series);
  }
  const of = (path: string) => groups.get(keys.get(path) ?? '');
  for (const source of sources) of(source.paths[0])?.sources.push(source);
  for (const failure of failures) of(failure.path)?.failures.push(failure);
  return { series: [...groups.values()], masks };
}

/** Null for a file that is no DICOM and does not claim to be. */
async function keyOf(path: string): Promise<string | null> {
  if (/(^|[\\/])DICOMDIR$/i.test(path)) return null;
  const claims = /^\.(dcm|ima)$/i.test(extname(path));
  try {
    const head = await readHead(path, HEAD_BYTES);
    if (!looksLikeDicom(head)) return claims ? path : null;
    const { dataSet } = await readDicomHeader(path, head).catch(() => ({ dataSet: null }));
    const [study, series] = ['x0020000d', 'x0020000e'].map((tag) => (dataSet?.string(tag) ?? '').trim());
    // Where the header cannot be read, the search lists why.
    return series === '' ? path : `${study} ${series}`;
  } catch {
    return claims ? path : null;
  }
}
