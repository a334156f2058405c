/** Single slices of the stored volumes, read from the uncompressed file without the rest. */
import { open } from 'node:fs/promises';
import { type Grid, VOXEL_ARRAYS, type VoxelArray, type VoxelType } from '../../../core/volume.ts';
import { readNiftiHeader } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';

export interface StoredVolume {
  path: string;
  grid: Grid;
  dtype: VoxelType;
  /** Byte of the first voxel. */
  offset: number;
  /** Of all voxels. */
  bytes: number;
}

/** Header of a volume in the project; throws `scan/missing` where the file has gone. */
export async function storedVolume(path: string): Promise<StoredVolume> {
  const header = await readNiftiHeader(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'file/missing') {
      throw new DecileError(
        'scan/missing',
        `The file of a scan must be in the project, got none at ${path}.`,
        'Restore the file from a backup, or delete the scan and import it again; its masks are kept.',
      );
    }
    throw error;
  });
  if (!(header.dtype in VOXEL_ARRAYS))
    throw new DecileError(
      'scan/type',
      `A stored scan must have 8 to 64 bit voxels that the window can show, got ${header.dtype}.`,
      'Import the scan again.',
    );
  const dtype = header.dtype as VoxelType;
  const [x, y, z] = header.grid.size;
  return {
    path,
    grid: header.grid,
    dtype,
    offset: header.dataOffset,
    bytes: x * y * z * VOXEL_ARRAYS[dtype].BYTES_PER_ELEMENT,
  };
}

/** Voxels of slice k, i fastest. */
export async function readSlice({ path, grid, dtype, offset }: StoredVolume, k: number): Promise<VoxelArray> {
  const ofType = VOXEL_ARRAYS[dtype];
  const count = grid.size[0] * grid.size[1];
  const bytes = new Uint8Array(count * ofType.BYTES_PER_ELEMENT);
  const file = await open(path, 'r');
  try {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset + k * bytes.length);
    if (bytesRead < bytes.length)
      throw new DecileError(
        'scan/truncated',
        `A stored scan must hold ${grid.size[2]} slices, got fewer in ${path}.`,
        'Delete the scan and import it again.',
      );
  } finally {
    await file.close();
  }
  return new ofType(bytes.buffer);
}

/** The value below which a share of the values lies, by a histogram of 4,096 bins. */
export function percentiles(values: ArrayLike<number>, shares: readonly number[]): number[] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let n = 0; n < values.length; n++) {
    if (values[n] < low) low = values[n];
    if (values[n] > high) high = values[n];
  }
  if (!(high > low)) return shares.map(() => low);
  const BINS = 4096;
  const histogram = new Uint32Array(BINS);
  const scale = (BINS - 1) / (high - low);
  for (let n = 0; n < values.length; n++) histogram[((values[n] - low) * scale) | 0]++;
  return shares.map((share) => {
    let left = share * values.length;
    for (let bin = 0; bin < BINS; bin++) {
      left -= histogram[bin];
      if (left <= 0) return low + (bin + 0.5) / scale;
    }
    return high;
  });
}
