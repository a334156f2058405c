/** DICOMweb: search (QIDO-RS), retrieve (WADO-RS) and store (STOW-RS). The only network use of the program, on request. */

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, streamFileAtomic, writeAll } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';
import { looksLikeDicom } from './dicom/dataset.ts';

export interface DicomWebServer {
  /** Root of the services, for instance `https://pacs.example/dicom-web`. */
  url: string;
  /** Value of the Authorization header, if the server wants one. */
  authorization?: string;
  /** Longest silence of the server, milliseconds. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface SeriesEntry {
  studyUid: string;
  seriesUid: string;
  modality: string;
  description: string;
  number: string;
  instances: number;
}

/** Largest single object taken from a server. */
const MAX_PART = 2 ** 31 - 1;

/** The series of a study, or of all studies that match (for instance `{ PatientID: '7' }`). */
export async function searchSeries(server: DicomWebServer, studyUid: string): Promise<SeriesEntry[]> {
  const response = await request(server, `studies/${uid(studyUid)}/series`, {
    headers: { accept: 'application/dicom+json' },
  });
  if (response.status === 204) return [];
  const rows = (await json(server, response)) as Record<string, { Value?: unknown[] }>[];
  const value = (row: Record<string, { Value?: unknown[] }>, tag: string) => String(row[tag]?.Value?.[0] ?? '');
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
  const response = await request(server, `studies?${new URLSearchParams(query).toString().replaceAll('+', '%20')}`, {
    headers: { accept: 'application/dicom+json' },
  });
  if (response.status === 204) return [];
  const rows = (await json(server, response)) as Record<string, { Value?: unknown[] }>[];
  return rows.map((row) => String(row['0020000D']?.Value?.[0] ?? '')).filter(Boolean);
}

/**
 * Fetches every instance of a study (or one of its series) into `folder`, one file each, as the server stores them.
 * @returns the files, in the server's order
 */
export async function fetchStudy(
  server: DicomWebServer,
  studyUid: string,
  folder: string,
  options: { seriesUid?: string; onFile?: (count: number) => void } = {},
): Promise<string[]> {
  const path = `studies/${uid(studyUid)}${options.seriesUid ? `/series/${uid(options.seriesUid)}` : ''}`;
  const response = await request(server, path, {
    headers: { accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' },
  });
  makeFolder(folder);
  const files: string[] = [];
  for await (const part of parts(server, response)) {
    if (!looksLikeDicom(part))
      throw new DecileError(
        'dicomweb/answer',
        `${server.url} must answer with DICOM objects, got other content.`,
        'Check the server’s address and its log.',
      );
    const file = join(folder, `${String(files.length + 1).padStart(6, '0')}.dcm`);
    await streamFileAtomic(file, (handle) => writeAll(handle, part));
    files.push(file);
    options.onFile?.(files.length);
  }
  return files;
}

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

/** A UID as a path segment: digits and dots alone, so that nothing else reaches the URL. */
function uid(value: string): string {
  if (!/^[0-9.]{1,64}$/.test(value))
    throw new DecileError(
      'dicomweb/uid',
      `A UID must be digits and dots, got ${value.slice(0, 80)}.`,
      'Copy the StudyInstanceUID from the archive.',
    );
  return value;
}

async function request(server: DicomWebServer, path: string, init: RequestInit): Promise<Response> {
  let base: URL;
  try {
    base = new URL(server.url.endsWith('/') ? server.url : `${server.url}/`);
  } catch {
    throw new DecileError(
      'dicomweb/address',
      `The server’s address must be a URL, got ${server.url}.`,
      'Write it like https://pacs.example/dicom-web.',
    );
  }
  if (!/^https?:$/.test(base.protocol))
    throw new DecileError(
      'dicomweb/address',
      `The server’s address must begin with https:// or http://, got ${base.protocol}.`,
      'Write it like https://pacs.example/dicom-web.',
    );
  const headers = {
    ...(init.headers as Record<string, string>),
    ...(server.authorization ? { authorization: server.authorization } : {}),
  };
  const timeout = AbortSignal.timeout(server.timeoutMs ?? 600_000);
  let response: Response;
  try {
    // A redirect could carry the authorization to another host.
    response = await fetch(new URL(path, base), {
      ...init,
      headers,
      redirect: 'error',
      signal: server.signal ? AbortSignal.any([timeout, server.signal]) : timeout,
    });
  } catch (error) {
    if (server.signal?.aborted) throw error;
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    throw new DecileError(
      'dicomweb/unreachable',
      `${base.origin} must answer, got ${cause?.code ?? cause?.message ?? (error as Error).message}.`,
      'Check address, network and whether the server is running.',
    );
  }
  if (response.ok) return response;
  const code = response.status === 401 || response.status === 403 ? 'dicomweb/denied' : 'dicomweb/answer';
  throw new DecileError(
    code,
    `${base.origin} must answer with success, got ${response.status} ${response.statusText} for ${path.split('?')[0]}.`,
    code === 'dicomweb/denied' ? 'Check user name, password or token.' : 'Check the UID and the server’s log.',
  );
}

async function json(server: DicomWebServer, response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new DecileError(
      'dicomweb/answer',
      `${server.url} must answer with DICOM JSON, got other content.`,
      'Check the server’s address: it must be the root of the DICOMweb services.',
    );
  }
}

/** The bodies of a multipart answer, one at a time: no more than one object is held. */
async function* parts(server: DicomWebServer, response: Response): AsyncGenerator<Buffer> {
  const boundary = /boundary="?([^";]+)"?/i.exec(response.headers.get('content-type') ?? '')?.[1];
  const bad = (got: string) =>
    new DecileError(
      'dicomweb/answer',
      `${server.url} must answer with a multipart message, got ${got}.`,
      'Check the server’s log; the transfer may have been cut off.',
    );
  if (!boundary || !response.body) throw bad(response.headers.get('content-type') ?? 'no type');
  const mark = Buffer.from(`\r\n--${boundary}`);
  // The first mark has no line before it.
  let chunks: Buffer[] = [Buffer.from('\r\n')];
  let held = 2;
  let ended = false;
  const search = () => {
    const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    chunks = [all];
    return all;
  };
  let preamble = true;
  let nextSearch = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    held += chunk.byteLength;
    if (held > MAX_PART)
      throw new DecileError(
        'scan/size',
        `One object of ${server.url} must be smaller than 2 GiB, got more.`,
        'Fetch the series one by one.',
      );
    // Searched only when enough came to be worth joining: else a large object would be copied for every chunk.
    if (held < nextSearch) continue;
    let all = search();
    for (let at = all.indexOf(mark); at >= 0; at = all.indexOf(mark)) {
      if (!preamble) yield bodyOf(all.subarray(0, at), bad);
      preamble = false;
      all = all.subarray(at + mark.length);
      if (all.subarray(0, 2).toString() === '--') ended = true;
    }
    chunks = [Buffer.from(all)];
    held = all.length;
    nextSearch = held + Math.min(held, 1 << 24);
  }
  let all = search();
  for (let at = all.indexOf(mark); at >= 0; at = all.indexOf(mark)) {
    if (!preamble) yield bodyOf(all.subarray(0, at), bad);
    preamble = false;
    all = all.subarray(at + mark.length);
    if (all.subarray(0, 2).toString() === '--') ended = true;
  }
  if (!ended) throw bad('one that breaks off');
}

function bodyOf(part: Buffer, bad: (got: string) => DecileError): Buffer {
  const head = part.indexOf('\r\n\r\n');
  if (head < 0) throw bad('a part without header');
  return Buffer.from(part.subarray(head + 4));
}
