/** Bounds that keep a damaged or hostile file from taking the machine down. */
import { DecileError } from '../shared/errors.ts';

/** Largest volume read, voxels: four times a 2,000-slice CT of 512 x 512. */
export const MAX_VOXELS = 2 ** 31;
/** Deflate's own limit: one compressed byte never becomes more than this many bytes. */
export const DEFLATE_MAX_RATIO = 1032;
/** Largest side of a grid. */
const MAX_SIDE = 2 ** 20;

/**
 * Checks sizes before anything is allocated.
 * @param available bytes of voxels that the file can at most hold
 */
export function checkSize(path: string, size: readonly number[], bytesPerVoxel: number, available: number): void {
  const bad = size.find((n) => !Number.isInteger(n) || n < 1 || n > MAX_SIDE);
  const voxels = size.reduce((a, b) => a * b, 1);
  if (bad !== undefined || voxels > MAX_VOXELS) {
    throw new DecileError(
      'scan/size',
      `The size of ${path} must be whole numbers from 1 and at most ${MAX_VOXELS} voxels, got ${size.join(' x ')}.`,
      'The header is damaged, or the volume must be cut into parts.',
    );
  }
  if (voxels * bytesPerVoxel > available) {
    throw new DecileError(
      'scan/truncated',
      `The voxels of ${path} must be ${voxels * bytesPerVoxel} bytes for ${size.join(' x ')}, got at most ${Math.max(0, Math.floor(available))}.`,
      'The file is incomplete: copy or export it again.',
    );
  }
}
