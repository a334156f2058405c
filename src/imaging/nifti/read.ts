/** Reading NIfTI: .nii, .nii.gz, .hdr/.img pairs. */
import type { Volume, VoxelArray } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { type Compression, fileSize, readBytes, readHead } from '../files.ts';
import { checkSize, DEFLATE_MAX_RATIO } from '../limits.ts';
import type { ReadScan } from '../types.ts';
import { assertFinite, decodeVoxels, voxelBytes } from '../voxels.ts';
import { HEADER_BYTES, type NiftiHeader, parseNiftiHeader } from './header.ts';

/** The header alone: geometry checks read 544 bytes, whatever the scan's size. */
export async function readNiftiHeader(path: string): Promise<NiftiHeader> {
  return parseNiftiHeader(path, await readBytes(path, await compressionOf(path), 0, HEADER_BYTES));
}

/** Compression by the file's first bytes, never by its name. */
export async function compressionOf(path: string): Promise<Compression> {
  const head = await readHead(path, 2);
  return head[0] === 0x1f && head[1] === 0x8b ? 'gzip' : 'none';
}

/**
 * The volume in the file's own voxel order; integer types kept where the file has no scaling.
 * @param part which of several volumes, from 0
 * @throws scan/four-dimensional for several volumes without `part`, channels/no-volume, scan/truncated, scan/corrupt, scan/not-finite and what the
 *   header's checks throw
 */
export async function readNifti(path: string, part?: number): Promise<ReadScan> {
  const header = await readNiftiHeader(path);
  const { grid, dtype, volumes } = header;
  if (part === undefined && volumes > 1) throw severalVolumes(path, header);
  if (part !== undefined && part >= volumes)
    throw new DecileError(
      'channels/no-volume',
      `${path} must hold ${part + 1} volumes, got ${volumes}.`,
      'Name as many channels as the file has volumes.',
    );
  const dataPath = header.pair ? await imagePath(path) : path;
  const compression = await compressionOf(dataPath);
  const bytes = await fileSize(dataPath);
  const expected = grid.size[0] * grid.size[1] * grid.size[2] * voxelBytes(dtype);
  const dataOffset = header.dataOffset + (part ?? 0) * expected;
  const available = compression === 'gzip' ? bytes * DEFLATE_MAX_RATIO : bytes - dataOffset;
  checkSize(dataPath, grid.size, voxelBytes(dtype), available);
  const raw = await readBytes(dataPath, compression, dataOffset, expected);
  if (raw.byteLength < expected) {
    throw new DecileError(
      'scan/truncated',
      `The voxels of ${dataPath} must be ${expected} bytes for ${grid.size.join(' x ')}, got ${raw.byteLength}.`,
      'The file is incomplete: copy or export it again.',
    );
  }
  const stored = decodeVoxels(path, raw, dtype, header.littleEndian);
  const data = rescale(stored, header.slope, header.intercept);
  assertFinite(path, data);
  const volume: Volume = { ...grid, data };
  return { volume, modality: '', notices: header.notices };
}

/** A file of several volumes where one is needed. */
export const severalVolumes = (path: string, { grid, volumes }: NiftiHeader): DecileError =>
  new DecileError(
    'scan/four-dimensional',
    `${path} must be one three-dimensional volume, got ${[...grid.size, volumes].join(' x ')} (${volumes} volume${volumes === 1 ? '' : 's'}).`,
    'Import it as one scan of several channels with --channels NAMES, or split it into one file a volume.',
  );

async function imagePath(path: string): Promise<string> {
  const base = path.replace(/\.hdr(\.gz)?$/i, '');
  for (const name of [`${base}.img`, `${base}.img.gz`, `${base}.IMG`]) {
    try {
      await fileSize(name);
      return name;
    } catch {
      // The next spelling is tried.
    }
  }
  throw new DecileError(
    'file/missing',
    `The header ${path} must stand beside its voxels ${base}.img, got no such file.`,
    'Copy both files.',
  );
}

/** value = slope * stored + intercept; Float32 for up to 16 bits and float32, Float64 for wider types. */
function rescale(stored: VoxelArray, slope: number, intercept: number): VoxelArray {
  if (slope === 1 && intercept === 0) return stored;
  const wide = stored instanceof Int32Array || stored instanceof Uint32Array || stored instanceof Float64Array;
  const out = wide ? new Float64Array(stored.length) : new Float32Array(stored.length);
  for (let n = 0; n < stored.length; n++) out[n] = stored[n] * slope + intercept;
  return out;
}
