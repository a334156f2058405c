/** Compressed pixel data to stored values: the right decoder for each transfer syntax. */
import type { VoxelArray } from '../../../core/volume.ts';
import { DecileError } from '../../../shared/errors.ts';
import { decodeVoxels } from '../voxels.ts';
import { TRANSFER } from './dataset.ts';
import type { Frame } from './frame.ts';
import { storedType } from './pixels.ts';
import { decodeRle } from './rle.ts';

/** rows x columns values of one frame. */
export async function decodeCompressed(
  path: string,
  transferSyntax: string,
  bytes: Uint8Array,
  f: Frame,
): Promise<VoxelArray> {
  const count = f.rows * f.columns;
  if (transferSyntax === TRANSFER.rle)
    return decodeVoxels(path, decodeRle(path, bytes, count, f.bitsAllocated / 8), storedType(f), true);
  throw new DecileError(
    'scan/transfer-syntax',
    `The pixels of ${path} must be in a known transfer syntax, got ${transferSyntax}.`,
    'Convert the series to an uncompressed one, for instance with dcmdjpeg or gdcmconv.',
  );
}
