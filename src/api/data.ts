/** Answers `/data/...`: voxels and pictures as bytes (the table is in src/shared/contract/data.ts). */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Grid, type VoxelType, voxelCount } from '../core/volume.ts';
import { BOXES_TYPE, type MaskOrigin, type ModelReceipt, type SaveReceipt } from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';
import type { DataRequest } from './api.ts';
import { errorInfo } from './errors.ts';
import type { Session } from './session.ts';

const NOT_FOUND = /(unknown|not-found|vanished|none-open)$/;

export async function answerData(session: Session, request: DataRequest): Promise<Response> {
  try {
    return await route(session, request);
  } catch (error) {
    const info = errorInfo(error);
    return Response.json(info, { status: statusOf(info.code) });
  }
}

const statusOf = (code: string): number => {
  if (code === 'project/other') return 409;
  if (code === 'server/too-large') return 413;
  return NOT_FOUND.test(code) ? 404 : code.startsWith('disk/') ? 507 : 400;
};

async function route(session: Session, request: DataRequest): Promise<Response> {
  session.admit(request.url.searchParams.get('project') ?? undefined);
  const [, , what, first, second, third] = request.url.pathname.split('/');
  const id = Number(first);
  if (!Number.isSafeInteger(id) || id < 0) throw unknown(request);
  if (request.method === 'PUT' && what === 'mask') return save(session, id, second, request);
  if (what === 'undo') return undo(session, `${id}/${kindOf(second)}`, request);
  if (request.method === 'PUT' && what === 'model') return importModel(session, request);
  if (request.method !== 'GET') throw unknown(request);
  switch (what) {
    case 'volume':
      return volume(session, id, request.url.searchParams);
    case 'mask':
      return mask(session, id, kindOf(second), request.url.searchParams.get('version'));
    case 'entropy':
      return entropy(session, id);
    case 'model':
      return new Response(body(await session.project().models.content(id)), { headers: BYTES_ALONE });
    case 'thumbnail':
      return png(await session.project().review.thumbnail(id));
    case 'evolution': {
      const panel = /^([A-Za-z0-9_-]+)\.png$/.exec(third ?? '')?.[1];
      if (!/^\d+$/.test(second ?? '') || panel === undefined) throw unknown(request);
      const picture = session.project().evolution.picture(id, Number(second), panel);
      return png(await readFile(picture).catch(() => Promise.reject(unknown(request))));
    }
    default:
      throw unknown(request);
  }
}

const unknown = (request: DataRequest) =>
  new DecileError(
    'data/unknown',
    `Data must be a volume, mask, entropy, model or picture, got ${request.method} ${request.url.pathname}.`,
    'Reload the window.',
  );

function kindOf(value: string | undefined): MaskOrigin {
  if (value === 'manual' || value === 'predicted' || value === 'corrected') return value;
  throw new DecileError(
    'data/unknown',
    `A mask's kind must be manual, predicted or corrected, got ${value}.`,
    'Reload the window.',
  );
}

const BYTES: Partial<Record<VoxelType, number>> = { uint8: 1, float32: 4 };

/** `dtype` of a scan has its length from the file. */
const headers = (grid: Grid, dtype: VoxelType): Record<string, string> => ({
  ...(BYTES[dtype] ? { 'content-length': String(voxelCount(grid) * BYTES[dtype]) } : {}),
  'content-type': 'application/octet-stream',
  'cache-control': 'no-store',
  'x-decile-dtype': dtype,
  'x-decile-grid': JSON.stringify({
    size: grid.size,
    spacing: grid.spacing,
    origin: grid.origin,
    direction: grid.direction,
  }),
});

/** Streams the voxels of the uncompressed file, or reads one slice of them: memory does not grow with the scan. */
async function volume(session: Session, id: number, asked: URLSearchParams): Promise<Response> {
  const { store, volumes } = session.project();
  const scan = store.scans.get(id);
  const channel = asked.get('channel');
  const channels = Math.max(1, store.channels.of(id).length);
  const stored = await volumes.stored(id, channel === null ? 0 : indexBelow(channel, channels, 'A channel'));
  const k = asked.get('k');
  const { path, dtype, offset, bytes } = stored;
  if (k !== null) {
    const slice = await volumes.slice(stored, indexBelow(k, scan.size[2], 'A slice'));
    const head = { ...headers(scan, dtype), 'content-length': String(slice.byteLength) };
    return new Response(body(new Uint8Array(slice.buffer)), { headers: head });
  }
  const stream = createReadStream(path, { start: offset, end: offset + bytes - 1, highWaterMark: 1 << 20 });
  return new Response(Readable.toWeb(stream) as ReadableStream, {
    headers: { ...headers(scan, dtype), 'content-length': String(bytes) },
  });
}

function indexBelow(value: string, count: number, what: string): number {
  const n = Number(value);
  if (/^\d+$/.test(value) && n < count) return n;
  throw new DecileError('data/unknown', `${what} must be 0 to ${count - 1}, got ${value}.`, 'Reload the window.');
}

async function mask(session: Session, id: number, kind: MaskOrigin, version: string | null): Promise<Response> {
  const { store, drawing } = session.project();
  const found = await drawing.read(id, kind, version === null ? undefined : Number(version));
  if (!found) return new Response(null, { status: 204 });
  return new Response(body(found.data), {
    headers: {
      ...headers(store.scans.get(id), 'uint8'),
      ...(found.version === undefined ? {} : { 'x-decile-version': String(found.version) }),
    },
  });
}

async function entropy(session: Session, id: number): Promise<Response> {
  const { store, review } = session.project();
  const values = await review.entropy(id);
  if (!values) return new Response(null, { status: 204 });
  return new Response(body(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)), {
    headers: headers(store.scans.get(id), 'float32'),
  });
}

async function save(session: Session, id: number, kind: string | undefined, request: DataRequest): Promise<Response> {
  if (kind !== 'manual' && kind !== 'corrected')
    throw new DecileError(
      'data/unknown',
      `A drawn mask's kind must be manual or corrected, got ${kind}.`,
      'Reload the window.',
    );
  // Taken before the bytes have come: another project may be opened meanwhile.
  const { drawing } = session.project();
  const bytes = await request.body();
  const boxes = request.contentType.startsWith(BOXES_TYPE);
  const { sequence, first } = await (boxes ? drawing.edit(id, kind, bytes) : drawing.replace(id, kind, bytes));
  const window = request.url.searchParams.get('window');
  const receipt: SaveReceipt = {
    scan: id,
    kind,
    sequence,
    savedAt: new Date().toISOString(),
    ...(window ? { window: window.slice(0, 64) } : {}),
  };
  session.emitter.emit('saved', receipt);
  if (first) session.changed([id]);
  return Response.json(receipt);
}

/** Undo steps of a mask, kept as they come for who asks for them. */
async function undo(session: Session, mask: string, request: DataRequest): Promise<Response> {
  session.project();
  if (request.method === 'PUT') {
    session.undo.put(mask, await request.body());
    return new Response(null, { status: 204 });
  }
  if (request.method !== 'GET') throw unknown(request);
  const steps = session.undo.get(mask);
  return steps ? new Response(body(steps), { headers: BYTES_ALONE }) : new Response(null, { status: 204 });
}

const BYTES_ALONE = { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' };

/** A model file of the user's becomes a run. */
async function importModel(session: Session, request: DataRequest): Promise<Response> {
  const { models } = session.project();
  const path = (request.url.searchParams.get('name') ?? 'the file').slice(0, 200);
  const { run, known, notices } = await models.import({ path, content: await request.body() });
  session.changed([]);
  const receipt: ModelReceipt = { run: run.id, name: run.name, known, notices };
  return Response.json(receipt);
}

const png = (bytes: Uint8Array): Response =>
  new Response(body(bytes), { headers: { 'content-type': 'image/png', 'cache-control': 'no-store' } });

const body = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
