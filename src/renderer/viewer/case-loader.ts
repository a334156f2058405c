/** Fetches a case through the contract: description as JSON, voxels as binary. */
import { type Grid, type LabelMap, VOXEL_ARRAYS, type Volume, type VoxelType, voxelCount } from '../../core/volume.ts';
import {
  BOXES_TYPE,
  type Client,
  encodeBoxes,
  type MaskBox,
  type MaskOrigin,
  type SaveReceipt,
  type ScanDetail,
} from '../../shared/contract/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { WINDOW } from '../../shared/this-window.ts';
import type { CaseVoxels } from './case-editor.ts';
import { isDrawn } from './display-scan.ts';

export interface LoadedCase {
  readonly detail: ScanDetail;
  readonly voxels: CaseVoxels;
  /** Comes after the rest: the uncertainty in 255ths of UNCERTAIN, null without a prediction. */
  readonly entropy: Promise<Volume<Uint8Array> | null>;
}

/** One slice of a scan that is still coming, among zeros. */
export interface FirstSlice {
  readonly detail: ScanDetail;
  /** Across k. */
  readonly k: number;
  readonly scan: Volume;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** The slice to show before the rest has come, and what shows it; small scans come whole. */
  readonly first?: { of(detail: ScanDetail): number; show(slice: FirstSlice): void };
}

/** Bytes of a scan from which its first slice is asked for by itself. */
const LARGE = 16e6;

/** Entropy of an even choice between two classes, nats: drawn as most uncertain. */
const UNCERTAIN = Math.LN2;

/** Bytes of a case's voxels that a window takes; the process of a page ends somewhere above. */
export const MOST_BYTES = 6e9;
/** Chromium gives no larger body in one piece. */
const ONE_PIECE = 2 ** 30;

/** Scan, mask and prediction; resolves as soon as they can be shown. */
export async function loadCase(client: Client, scan: number, { signal, first }: LoadOptions = {}): Promise<LoadedCase> {
  const detail = await client.call('scans.detail', { scan });
  refuseTooLarge(detail);
  const init = { signal };
  if (first) {
    const slice = await loadSlice(client, detail, first.of(detail), init);
    if (slice) first.show(slice);
  }
  const [volume, mask, prediction] = await Promise.all([
    client.data(`/data/volume/${scan}`, init),
    client.data(`/data/mask/${scan}/${detail.editing}`, init),
    detail.prediction ? client.data(`/data/mask/${scan}/predicted`, init) : null,
  ]);
  const [scanVoxels, drawn, predicted] = await Promise.all([
    readVoxels(volume, detail.grid, detail.dtype),
    readVoxels(mask, detail.grid, 'uint8'),
    prediction && readVoxels(prediction, detail.grid, 'uint8'),
  ]);
  if (!scanVoxels) throw noVoxels(detail.name);
  // Other channels will stand in its place: bytes have too few shades for them.
  const scanOf16 = detail.channels && scanVoxels.data instanceof Uint8Array;
  const untouched = drawn === null && detail.editing === 'corrected' ? predicted : null;
  const data = (drawn?.data ?? untouched?.data.slice() ?? new Uint8Array(voxelCount(detail.grid))) as Uint8Array;
  const entropy = detail.prediction ? loadEntropy(client, detail, init) : Promise.resolve(null);
  // Whoever shows the case awaits it; a case that was fetched ahead and never opened must not count as an error.
  entropy.catch(() => {});
  return {
    detail,
    entropy,
    voxels: {
      scan: scanOf16 ? { ...scanVoxels, data: Int16Array.from(scanVoxels.data) } : scanVoxels,
      mask: { ...detail.grid, data },
      prediction: predicted as LabelMap | null,
      empty: drawn === null && untouched === null,
    },
  };
}

/** Another channel of a case than the first. */
export async function loadChannel(
  client: Client,
  { id, name, grid, channels }: ScanDetail,
  at: number,
): Promise<Volume> {
  const dtype = channels?.[at]?.dtype ?? 'int16';
  const volume = await readVoxels(await client.data(`/data/volume/${id}?channel=${at}`), grid, dtype);
  if (volume) return volume;
  throw noVoxels(`${name}, ${channels?.[at]?.name},`);
}

const noVoxels = (name: string): DecileError =>
  new DecileError('scan/no-voxels', `The scan ${name} must have voxels, got none.`, 'Import it again from its files.');

/** Another scan, to be looked at with the open one, and the channel of it that stands first. */
export async function loadCompanion(client: Client, scan: number): Promise<{ detail: ScanDetail; volume: Volume }> {
  const detail = await client.call('scans.detail', { scan });
  refuseTooLarge(detail);
  const volume = await readVoxels(await client.data(`/data/volume/${scan}`), detail.grid, detail.dtype);
  if (!volume) throw noVoxels(detail.name);
  return { detail, volume };
}

/** A version of a case's mask. */
export async function loadVersion(
  client: Client,
  { id, name, grid }: ScanDetail,
  { version, kind }: { version: number; kind: MaskOrigin },
): Promise<LabelMap> {
  const mask = await readVoxels(await client.data(`/data/mask/${id}/${kind}?version=${version}`), grid, 'uint8');
  if (mask) return mask as LabelMap;
  throw new DecileError(
    'mask/unknown',
    `A mask must be one of the project's, got version ${version} of ${name}.`,
    "Reload the scan's masks.",
  );
}

/** Slice k of a large scan whose voxels are drawn as they are; null for others, which come whole. */
async function loadSlice(client: Client, detail: ScanDetail, k: number, init: RequestInit): Promise<FirstSlice | null> {
  const { grid, dtype } = detail;
  const data = new VOXEL_ARRAYS[dtype](new ArrayBuffer(0));
  const [ni, nj] = grid.size;
  if (detail.channels && dtype === 'uint8') return null;
  if (!isDrawn(data) || voxelCount(grid) * data.BYTES_PER_ELEMENT < LARGE) return null;
  const slice = new VOXEL_ARRAYS[dtype](
    await (await client.data(`/data/volume/${detail.id}?k=${k}`, init)).arrayBuffer(),
  );
  if (slice.length !== ni * nj) return null;
  // Memory that nothing is written to is not taken from the system.
  const whole = new VOXEL_ARRAYS[dtype](new ArrayBuffer(voxelCount(grid) * data.BYTES_PER_ELEMENT));
  whole.set(slice, k * ni * nj);
  return { detail, k, scan: { ...grid, data: whole } };
}

/** Kept as bytes: a quarter of the memory, and finer than anyone sees. */
async function loadEntropy(client: Client, detail: ScanDetail, init: RequestInit): Promise<Volume<Uint8Array> | null> {
  const volume = await readVoxels(await client.data(`/data/entropy/${detail.id}`, init), detail.grid, 'float32');
  if (!volume) return null;
  const data = new Uint8Array(volume.data.length);
  const scale = 255 / UNCERTAIN;
  for (let v = 0; v < data.length; v++) data[v] = Math.min(255, Math.round(volume.data[v] * scale));
  return { ...detail.grid, data };
}

/** Scan, mask and, with a prediction, its mask and its uncertainty stand in memory. */
function refuseTooLarge({ name, grid, dtype, prediction }: ScanDetail): void {
  const perVoxel = new VOXEL_ARRAYS[dtype](new ArrayBuffer(0)).BYTES_PER_ELEMENT + (prediction ? 3 : 1);
  const bytes = voxelCount(grid) * perVoxel;
  if (bytes <= MOST_BYTES) return;
  throw new DecileError(
    'scan/too-large',
    `The scan ${name} must take at most ${MOST_BYTES / 1e9} GB to be shown, got ${(bytes / 1e9).toFixed(1)} GB for ${grid.size.join(' x ')}.`,
    'Cut it into parts, or import it with coarser voxels; training reads it from the disk and works all the same.',
  );
}

/** The body; a large one piece by piece. */
async function readBytes(response: Response): Promise<ArrayBuffer> {
  const length = Number(response.headers.get('content-length') ?? 0);
  if (length <= ONE_PIECE || !response.body) return response.arrayBuffer();
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return at === length ? bytes.buffer : bytes.buffer.slice(0, at);
    bytes.set(value, at);
    at += value.length;
  }
}

/** Voxels of a response, null where it is empty (204). */
async function readVoxels(response: Response, grid: Grid, dtype: VoxelType): Promise<Volume | null> {
  if (response.status === 204) return null;
  const type = (response.headers.get('x-decile-dtype') ?? dtype) as VoxelType;
  const data = new VOXEL_ARRAYS[type](await readBytes(response));
  if (data.length !== voxelCount(grid)) {
    throw new DecileError(
      'scan/truncated',
      `The scan must be ${grid.size.join(' x ')} voxels, got ${data.length} in all.`,
      'Open the case again; if it stays, import the scan again.',
    );
  }
  return { ...grid, data };
}

/** Sends edited boxes; resolves once they are on disk. */
export async function saveBoxes(client: Client, detail: ScanDetail, boxes: MaskBox[]): Promise<SaveReceipt> {
  const response = await client.data(`/data/mask/${detail.id}/${detail.editing}?window=${WINDOW}`, {
    method: 'PUT',
    headers: { 'content-type': BOXES_TYPE },
    body: encodeBoxes(boxes),
  });
  return (await response.json()) as SaveReceipt;
}
