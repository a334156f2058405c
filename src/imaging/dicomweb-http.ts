/** Requests to a DICOMweb server: tried again where it is busy, their answers as JSON or object by object. */
import { setTimeout } from 'node:timers/promises';
import { DecileError } from '../shared/errors.ts';

export interface DicomWebServer {
  /** Root of the services, for instance `https://pacs.example/dicom-web`. */
  url: string;
  /** Value of the Authorization header, if the server wants one. */
  authorization?: string;
  /** Longest silence of the server, milliseconds. */
  timeoutMs?: number;
  /** First pause before a request is tried again, milliseconds; it doubles each time. */
  retryMs?: number;
  signal?: AbortSignal;
}

/** Largest single object taken from a server. */
const MAX_PART = 2 ** 31 - 1;

/** A UID as a path segment: digits and dots alone, so that nothing else reaches the URL. */
export function uid(value: string): string {
  if (!/^[0-9.]{1,64}$/.test(value))
    throw new DecileError(
      'dicomweb/uid',
      `A UID must be digits and dots, got ${value.slice(0, 80)}.`,
      'Copy the StudyInstanceUID from the archive.',
    );
  return value;
}

/** Answers that may be better a moment later: busy, overloaded, restarted. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const RETRIES = 3;
/** Longest pause that a server may ask for, ms. */
const MAX_PAUSE = 30_000;

/** Asks again after a pause where a question was not answered for a passing reason; never stores twice. */
export async function request(server: DicomWebServer, path: string, init: RequestInit): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    let answer: Response | DecileError;
    try {
      answer = await requestOnce(server, path, init);
    } catch (error) {
      if (!(error instanceof Dropped) || init.method === 'POST' || attempt === RETRIES) throw asDecileError(error);
      answer = error.reason;
    }
    if (answer instanceof Response) {
      if (answer.ok) return answer;
      if (!PASSING.has(answer.status) || init.method === 'POST' || attempt === RETRIES) throw refusal(server, answer);
    }
    const asked = answer instanceof Response ? Number(answer.headers.get('retry-after')) * 1000 || 0 : 0;
    const pause = Math.min(MAX_PAUSE, Math.max(asked, (server.retryMs ?? 500) * 2 ** attempt));
    await setTimeout(pause, undefined, { signal: server.signal });
  }
}

/** A connection that was there and went. */
class Dropped extends Error {
  readonly reason: DecileError;
  constructor(reason: DecileError) {
    super(reason.message);
    this.reason = reason;
  }
}
const asDecileError = (error: unknown): unknown => (error instanceof Dropped ? error.reason : error);
const DROPPED = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ETIMEDOUT|EAI_AGAIN)$/;

async function requestOnce(server: DicomWebServer, path: string, init: RequestInit): Promise<Response> {
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
    const reason = new DecileError(
      'dicomweb/unreachable',
      `${base.origin} must answer, got ${cause?.code ?? cause?.message ?? (error as Error).message}.`,
      'Check address, network and whether the server is running.',
    );
    throw DROPPED.test(cause?.code ?? '') ? new Dropped(reason) : reason;
  }
  return response;
}

function refusal(server: DicomWebServer, response: Response): DecileError {
  const code = response.status === 401 || response.status === 403 ? 'dicomweb/denied' : 'dicomweb/answer';
  return new DecileError(
    code,
    `${new URL(server.url).origin} must answer with success, got ${response.status} ${response.statusText} for ${new URL(response.url).pathname}.`,
    code === 'dicomweb/denied' ? 'Check user name, password or token.' : 'Check the UID and the server’s log.',
  );
}

export async function json(server: DicomWebServer, response: Response): Promise<unknown> {
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
export async function* parts(server: DicomWebServer, response: Response): AsyncGenerator<Buffer> {
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
