/** DICOMweb: search (QIDO-RS), retrieve (WADO-RS) and store (STOW-RS). The only network use of the program, on request. */

import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { listFolder, makeFolder, streamFileAtomic, sweepLeftovers, writeAll } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';
import { looksLikeDicom, parseDicom } from './dicom/dataset.ts';
import { type DicomWebServer, json, parts, request, uid } from './dicomweb-http.ts';

export type { DicomWebServer } from './dicomweb-http.ts';

export interface SeriesEntry {
  studyUid: string;
  seriesUid: string;
  modality: string;
  description: string;
  number: string;
  instances: number;
}

type Row = Record<string, { Value?: unknown[] }>;
const value = (row: Row, tag: string) => String(row[tag]?.Value?.[0] ?? '');

/** Pages of a search that are asked for at most. */
const MAX_PAGES = 10_000;

/**
 * Every row of a QIDO-RS search: a server may hold results back (PS3.18 8.3.4.4), so the next are asked for by offset until
 * none comes, or none that is new where the server knows no offset.
 * @param key the tag by which rows differ
 * @throws dicomweb/answer where a server says that there is more and does not give it
 */
async function searchAll(server: DicomWebServer, path: string, key: string): Promise<Row[]> {
  const rows = new Map<string, Row>();
  for (let page = 0; page < MAX_PAGES; page++) {
    const next = page === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}offset=${rows.size}`;
    const asked = request(server, next, { headers: { accept: 'application/dicom+json' } });
    // A server without paging may refuse the offset: then the first answer was all.
    const response = page === 0 ? await asked : await asked.catch(() => null);
    const found = response === null || response.status === 204 ? [] : ((await json(server, response)) as Row[]);
    const before = rows.size;
    for (const row of found) rows.set(value(row, key), row);
    const more = response !== null && /^\s*299\b/.test(response.headers.get('warning') ?? '');
    if (rows.size > before) continue;
    if (!more) break;
    throw new DecileError(
      'dicomweb/answer',
      `${server.url} must give the further results that it announces, got none after ${rows.size}.`,
      'Narrow the search, or raise the server’s limit of results.',
    );
  }
  return [...rows.values()];
}

/** The series of a study. */
export async function searchSeries(server: DicomWebServer, studyUid: string): Promise<SeriesEntry[]> {
  const rows = await searchAll(server, `studies/${uid(studyUid)}/series`, '0020000E');
  return rows.map((row) => ({
    studyUid,
    seriesUid: value(row, '0020000E'),
    modality: value(row, '00080060'),
    description: value(row, '0008103E'),
    number: value(row, '00200011'),
    instances: Number(value(row, '00201209')) || 0,
  }));
}

/** StudyInstanceUIDs that match the QIDO-RS query. */
export async function searchStudies(server: DicomWebServer, query: Record<string, string> = {}): Promise<string[]> {
  // Servers differ on a plus sign; %20 is a blank to all of them.
  const path = `studies?${new URLSearchParams(query).toString().replaceAll('+', '%20')}`;
  return (await searchAll(server, path, '0020000D')).map((row) => value(row, '0020000D')).filter(Boolean);
}

/** How many series and instances the server says that a study has, 0 where it does not say. */
export async function studySize(
  server: DicomWebServer,
  studyUid: string,
): Promise<{ series: number; instances: number }> {
  const query = `studies?StudyInstanceUID=${uid(studyUid)}&includefield=00201206&includefield=00201208`;
  const response = await request(server, query, { headers: { accept: 'application/dicom+json' } }).catch(() => null);
  const rows = response?.status === 200 ? ((await json(server, response)) as Row[]) : [];
  const row = rows.find((one) => value(one, '0020000D') === studyUid);
  return {
    series: (row && Number(value(row, '00201206'))) || 0,
    instances: (row && Number(value(row, '00201208'))) || 0,
  };
}

export interface FetchOptions {
  seriesUid?: string;
  /** How many objects the server says that there are; an answer of fewer is not taken for whole. */
  expected?: number;
  onFile?: (count: number) => void;
}

/**
 * Fetches every instance of a study (or one of its series) into `folder`, one file each, as the server stores them. What
 * lies there from a fetch that was killed is not asked for again. What an answer leaves out, or what was cut off with it, is asked
 * for instance by instance.
 * @returns the files, in the server's order
 * @throws dicomweb/incomplete where instances are missing in the end
 */
export async function fetchStudy(
  server: DicomWebServer,
  studyUid: string,
  folder: string,
  options: FetchOptions = {},
): Promise<string[]> {
  const path = `studies/${uid(studyUid)}${options.seriesUid ? `/series/${uid(options.seriesUid)}` : ''}`;
  makeFolder(folder);
  const files = await alreadyThere(folder);
  let next = 1 + Math.max(0, ...[...files.values()].map((path) => Number.parseInt(basename(path), 10)));
  const fetchInto = async (from: string): Promise<number> => {
    const response = await request(server, from, {
      headers: { accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' },
    });
    for await (const part of parts(server, response)) {
      if (!looksLikeDicom(part))
        throw new DecileError(
          'dicomweb/answer',
          `${server.url} must answer with DICOM objects, got other content.`,
          'Check the server’s address and its log.',
        );
      const sop = sopOf(part) || `object ${files.size}`;
      if (files.has(sop)) continue;
      const file = join(folder, `${String(next++).padStart(6, '0')}.dcm`);
      await streamFileAtomic(file, (handle) => writeAll(handle, part));
      files.set(sop, file);
      options.onFile?.(files.size);
    }
    return response.status;
  };
  const expected = options.expected ?? 0;
  if (expected > 0 && files.size >= expected) return [...files.values()];
  // Of a series that was fetched for the most part the rest alone is asked for, where the server lists it.
  const resumed = expected > 0 && 2 * files.size >= expected && options.seriesUid !== undefined;
  const list = () => searchAll(server, `${path}/instances`, '00080018').catch(() => null);
  const known = resumed ? await list() : null;
  let failure: unknown;
  const status = known
    ? 206
    : await fetchInto(path).catch((error: unknown) => {
        // Nothing came at all: the server's own reason is the best one.
        if (files.size === 0 || server.signal?.aborted) throw error;
        failure = error;
        return 206;
      });
  if (status !== 206 && files.size >= expected) return [...files.values()];
  const listed = known ?? (options.seriesUid ? await list() : null);
  for (const sop of (listed ?? []).map((row) => value(row, '00080018')))
    if (sop && !files.has(sop)) await fetchInto(`${path}/instances/${uid(sop)}`).catch(() => 0);
  const wanted = Math.max(expected, listed?.length ?? 0);
  if (wanted > 0 && files.size >= wanted) return [...files.values()];
  if (wanted === 0 && failure) throw failure;
  throw new DecileError(
    'dicomweb/incomplete',
    `${server.url} must give all ${wanted || 'its'} objects of ${options.seriesUid ? `series ${options.seriesUid}` : `study ${studyUid}`}, got ${files.size}.`,
    'Try again later; if it stays so, look into the server’s log, or export the series from the archive.',
  );
}

/** Objects of an earlier fetch by SOPInstanceUID; what is no whole object goes. */
async function alreadyThere(folder: string): Promise<Map<string, string>> {
  sweepLeftovers(folder);
  const files = new Map<string, string>();
  for (const { path, kind } of listFolder(folder)) {
    if (kind !== 'file' || !/\d{6}\.dcm$/.test(path)) continue;
    const sop = sopOf(await readFile(path));
    if (sop && !files.has(sop)) files.set(sop, path);
    else rmSync(path, { force: true });
  }
  return files;
}

const sopOf = (bytes: Uint8Array): string => {
  try {
    return (parseDicom('', bytes, true).dataSet.string('x00080018') ?? '').trim();
  } catch {
    return '';
  }
};

/** Stores DICOM files on the server. @throws dicomweb/refused naming how many were not taken */
export async function storeFiles(server: DicomWebServer, files: readonly string[]): Promise<void> {
  const boundary = `decile-${randomUUID()}`;
  const body: Uint8Array[] = [];
  for (const file of files)
    body.push(
      Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
      await readFile(file),
      Buffer.from('\r\n'),
    );
  body.push(Buffer.from(`--${boundary}--\r\n`));
  const response = await request(server, 'studies', {
    method: 'POST',
    headers: {
      accept: 'application/dicom+json',
      'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    },
    body: Buffer.concat(body),
  });
  const answer = (await json(server, response)) as Record<string, { Value?: unknown[] }>;
  const failed = answer['00081198']?.Value?.length ?? 0;
  if (failed > 0)
    throw new DecileError(
      'dicomweb/refused',
      `${server.url} must take all ${files.length} objects, got ${failed} refused.`,
      'See the server’s log for the reason.',
    );
}
