/** Fetches a case through the contract: description as JSON, voxels as binary. */
import type { Grid, LabelMap, Volume, VoxelArray } from '../../core/volume.ts';
import { voxelCount } from '../../core/volume.ts';
import {
  BOXES_TYPE,
  type Client,
  encodeBoxes,
  type SaveReceipt,
  type ScanDetail,
  type VoxelType,
} from '../../shared/contract/index.ts';
import { DecileError } from '../../shared/errors.ts';
import type { SavedBox } from './autosave.ts';
import type { CaseVoxels } from './case-editor.ts';

export interface LoadedCase {
  readonly detail: ScanDetail;
  readonly voxels: CaseVoxels;
}

const ARRAYS: Record<VoxelType, (buffer: ArrayBuffer) => VoxelArray> = {
  int8: (b) => new Int8Array(b),
  uint8: (b) => new Uint8Array(b),
  int16: (b) => new Int16Array(b),
  uint16: (b) => new Uint16Array(b),
  int32: (b) => new Int32Array(b),
  uint32: (b) => new Uint32Array(b),
  float32: (b) => new Float32Array(b),
  float64: (b) => new Float64Array(b),
};

/** What the 3D planes need at once comes first; prediction and uncertainty come along. */
export async function loadCase(client: Client, scan: number, signal?: AbortSignal): Promise<LoadedCase> {
  const detail = await client.call('scans.detail', { scan });
  const init = { signal };
  const [volume, mask, prediction, entropy] = await Promise.all([
    client.data(`/data/volume/${scan}`, init),
    client.data(`/data/mask/${scan}/${detail.editing}`, init),
    detail.prediction ? client.data(`/data/mask/${scan}/predicted`, init) : null,
    detail.prediction ? client.data(`/data/entropy/${scan}`, init) : null,
  ]);
  const [scanVoxels, drawn, predicted, uncertain] = await Promise.all([
    readVoxels(volume, detail.grid, detail.dtype),
    readVoxels(mask, detail.grid, 'uint8'),
    prediction && readVoxels(prediction, detail.grid, 'uint8'),
    entropy && readVoxels(entropy, detail.grid, 'float32'),
  ]);
  if (!scanVoxels) {
    throw new DecileError(
      'scan/no-voxels',
      `The scan ${detail.name} must have voxels, got none.`,
      'Import it again from its files.',
    );
  }
  const start = drawn ?? (detail.editing === 'corrected' ? predicted : null);
  const data = start ? (start.data as Uint8Array).slice() : new Uint8Array(voxelCount(detail.grid));
  return {
    detail,
    voxels: {
      scan: scanVoxels,
      mask: { ...detail.grid, data },
      prediction: predicted as LabelMap | null,
      entropy: uncertain,
    },
  };
}

/** Voxels of a response, null where it is empty (204). */
async function readVoxels(response: Response, grid: Grid, dtype: VoxelType): Promise<Volume | null> {
  if (response.status === 204) return null;
  const type = (response.headers.get('x-decile-dtype') ?? dtype) as VoxelType;
  const buffer = await response.arrayBuffer();
  const data = ARRAYS[type](buffer);
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
export async function saveBoxes(client: Client, detail: ScanDetail, boxes: SavedBox[]): Promise<SaveReceipt> {
  const response = await client.data(`/data/mask/${detail.id}/${detail.editing}`, {
    method: 'PUT',
    headers: { 'content-type': BOXES_TYPE },
    body: encodeBoxes(boxes),
  });
  return (await response.json()) as SaveReceipt;
}
