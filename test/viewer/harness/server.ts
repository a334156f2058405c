/** Serves the built harness page and cases made in memory, answering the part of the contract that the viewer speaks. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { compareLabel } from '../../../src/core/edit/changes.ts';
import type { LabelMap, Volume, VoxelType } from '../../../src/core/volume.ts';
import {
  applyBoxes,
  BOXES_TYPE,
  decodeBoxes,
  type LabelInfo,
  type PredictionDetail,
  type ScanDetail,
  type SliceDecision,
} from '../../../src/shared/contract/index.ts';
import { PAGE } from './built.ts';

/** The policy of the real window: the viewer must live with it. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface HarnessCase {
  readonly name: string;
  readonly modality: string;
  readonly scan: Volume;
  /** What is on the server's side, changed by saves alone. */
  mask: LabelMap | null;
  readonly prediction?: LabelMap;
  readonly entropy?: Volume<Float32Array>;
  readonly flagged?: number[];
}

export interface Harness {
  readonly origin: string;
  readonly cases: HarnessCase[];
  readonly labels: LabelInfo[];
  /** Times (ms) at which saves were on the server's side. */
  readonly saves: { at: number; scan: number; boxes: number; bytes: number }[];
  readonly decisions: { scan: number; decision: string; slices?: { from: number; to: number } }[];
  readonly commits: number[];
  /** Answers saves with an error while set. */
  failSaves: boolean;
  /** Whole volumes are sent once this resolves. */
  hold: Promise<void> | null;
  /** Decisions are answered once this resolves. */
  holdDecisions: Promise<void> | null;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const DTYPES = new Map<unknown, VoxelType>([
  [Int8Array, 'int8'],
  [Uint8Array, 'uint8'],
  [Int16Array, 'int16'],
  [Uint16Array, 'uint16'],
  [Int32Array, 'int32'],
  [Float32Array, 'float32'],
]);

export async function startHarness(cases: HarnessCase[], labels: LabelInfo[]): Promise<Harness> {
  const decided = new Map<number, SliceDecision[]>();
  const harness: Omit<Harness, 'close'> = {
    origin: '',
    cases,
    labels,
    saves: [],
    decisions: [],
    commits: [],
    failSaves: false,
    hold: null,
    holdDecisions: null,
  };
  const server: Server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: 'test/server', message: String(error), cure: '' }));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, kind, what, id, mask] = url.pathname.split('/');
    if (kind === 'call') return answerCall(what, JSON.parse((await body(request)).toString()).input, response);
    if (kind === 'data') return answerData(request, response, what, Number(id), mask, url.searchParams.get('k'));
    const path = join(PAGE, normalize(url.pathname === '/' ? '/index.html' : url.pathname));
    if (!path.startsWith(PAGE) || !existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(path)] ?? 'text/plain',
      'content-security-policy': POLICY,
    });
    response.end(await readFile(path));
  }

  async function answerCall(name: string, input: Record<string, unknown>, response: ServerResponse): Promise<void> {
    const value = resultOf(name, input);
    if (name === 'review.decide') await harness.holdDecisions;
    const reply =
      value === undefined ? { ok: false, error: { code: 'test/call', message: name, cure: '' } } : { ok: true, value };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply));
  }

  /** undefined: the viewer should not make this call. */
  function resultOf(name: string, input: Record<string, unknown>): unknown {
    const scan = Number(input?.scan ?? input?.after ?? 0);
    const next = scan < cases.length ? scan + 1 : null;
    switch (name) {
      case 'projects.current':
        return { labels };
      case 'projects.setLabels':
        labels.splice(0, labels.length, ...(input.labels as LabelInfo[]));
        return { labels };
      case 'scans.detail':
        return detailOf(cases[scan - 1], scan, decided.get(scan) ?? []);
      case 'masks.commit':
        harness.commits.push(scan);
        return null;
      case 'review.look':
        return { version: 0 };
      case 'review.next':
        return { next };
      case 'review.changes': {
        const { mask, prediction } = cases[scan - 1];
        return labels.map(({ value: label }) => {
          const change = compareLabel(prediction as LabelMap, (mask ?? prediction) as LabelMap, label);
          const { addedMl, removedMl, metrics } = change;
          return { label, addedMl, removedMl, dice: metrics.dice, hd95: metrics.hd95 };
        });
      }
      case 'review.decide': {
        harness.decisions.push(input as never);
        const slices = decided.get(scan) ?? [];
        const range = input.slices as { from: number; to: number } | undefined;
        if (range) slices.push({ ...range, decision: input.decision as SliceDecision['decision'] });
        decided.set(scan, slices);
        return { next, slices, state: range ? 'predicted' : 'reviewed' };
      }
      default:
        return undefined;
    }
  }

  async function answerData(
    request: IncomingMessage,
    response: ServerResponse,
    what: string,
    scan: number,
    kind: string,
    k: string | null,
  ): Promise<void> {
    const entry = cases[scan - 1];
    if (what === 'undo') {
      // Kept by the program alone: here a page that is loaded anew begins without steps.
      await body(request);
      response.writeHead(204).end();
      return;
    }
    if (request.method === 'PUT') return save(request, response, entry, scan);
    const volume =
      what === 'volume'
        ? entry.scan
        : what === 'entropy'
          ? entry.entropy
          : kind === 'predicted'
            ? entry.prediction
            : entry.mask;
    if (!volume) {
      response.writeHead(204).end();
      return;
    }
    if (what === 'volume' && k === null) await harness.hold;
    const { size, spacing, origin, direction } = volume;
    const inSlice = size[0] * size[1];
    const data = k === null ? volume.data : volume.data.subarray(Number(k) * inSlice, (Number(k) + 1) * inSlice);
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'x-decile-dtype': DTYPES.get(data.constructor) as string,
      'x-decile-grid': JSON.stringify({ size, spacing, origin, direction }),
    });
    response.end(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }

  async function save(
    request: IncomingMessage,
    response: ServerResponse,
    entry: HarnessCase,
    scan: number,
  ): Promise<void> {
    const bytes = await body(request);
    if (harness.failSaves) {
      response.writeHead(507, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ code: 'disk/full', message: 'The disk must have room, got none.', cure: 'Free some space.' }),
      );
      return;
    }
    if (request.headers['content-type'] !== BOXES_TYPE) throw new Error('boxes expected');
    const { size } = entry.scan;
    entry.mask ??= {
      ...entry.scan,
      data: entry.prediction ? entry.prediction.data.slice() : new Uint8Array(size[0] * size[1] * size[2]),
    };
    const boxes = decodeBoxes(bytes, size);
    applyBoxes(entry.mask.data, size, boxes);
    harness.saves.push({
      at: performance.timeOrigin + performance.now(),
      scan,
      boxes: boxes.length,
      bytes: bytes.length,
    });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ scan, kind: 'manual', sequence: harness.saves.length, savedAt: new Date().toISOString() }),
    );
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(harness, {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function detailOf(entry: HarnessCase, id: number, slices: SliceDecision[]): ScanDetail {
  const { scan, prediction, entropy, flagged = [] } = entry;
  const { size, spacing, origin, direction, data } = scan;
  const inSlice = size[0] * size[1];
  const means = entropy
    ? Array.from(
        { length: size[2] },
        (_, k) => entropy.data.subarray(k * inSlice, (k + 1) * inSlice).reduce((a, b) => a + b, 0) / inSlice,
      )
    : [];
  const sorted = Float64Array.from({ length: 5000 }, (_, n) => data[Math.floor((n * data.length) / 5000)]).sort();
  const ml = (spacing[0] * spacing[1] * spacing[2]) / 1000;
  const volumesMl: Record<number, number> = {};
  for (const value of prediction?.data ?? []) if (value) volumesMl[value] = (volumesMl[value] ?? 0) + ml;
  const detail: PredictionDetail | undefined = prediction && {
    run: 3,
    runName: 'run 3',
    version: 1,
    sliceEntropy: means,
    meanUncertainty: means.reduce((a, b) => a + b, 0) / size[2],
    flagged,
    volumesMl,
    reasons: ['Uncertain at the upper pole'],
  };
  return {
    id,
    name: entry.name,
    modality: entry.modality,
    size,
    spacing,
    state: prediction ? 'predicted' : 'unlabelled',
    review: 'unreviewed',
    masks: {},
    thumbnail: '',
    notices: [],
    importedAt: '2026-01-01T00:00:00Z',
    grid: { size, spacing, origin, direction },
    dtype: DTYPES.get(data.constructor) as VoxelType,
    editing: prediction ? 'corrected' : 'manual',
    versions: [],
    prediction: detail,
    slices,
    percentiles: [sorted[50], sorted[4949]],
  };
}
