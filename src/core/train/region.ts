/** A region of interest: the box around a mask, and a volume cut to it. */
import { gridOf, voxelToWorld } from '../geometry.ts';
import { type LabelMap, NOT_DRAWN, type Volume, type VoxelArray, voxelFrom } from '../volume.ts';

export interface Box {
  /** First voxel. */
  start: [i: number, j: number, k: number];
  size: [number, number, number];
}

/**
 * The smallest box that holds every voxel of a label, `marginMm` larger on each side, inside the volume; null for an empty
 * mask.
 */
export const boxAround = ({ data, size, spacing }: LabelMap, marginMm: number): Box | null =>
  boxOfVoxels(
    data,
    size,
    spacing.map((mm) => Math.round(marginMm / mm)),
  );

/** The same of voxels without a place in the world, x fastest. @param margin voxels along each axis */
export function boxOfVoxels(data: Uint8Array, size: readonly number[], margin: readonly number[]): Box | null {
  const [ni, nj] = size;
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [-1, -1, -1];
  data.forEach((value, at) => {
    if (value === 0 || value === NOT_DRAWN) return;
    const index = [at % ni, Math.floor(at / ni) % nj, Math.floor(at / (ni * nj))];
    for (let a = 0; a < 3; a++) {
      low[a] = Math.min(low[a], index[a]);
      high[a] = Math.max(high[a], index[a]);
    }
  });
  if (high[0] < 0) return null;
  const start = low.map((n, a) => Math.max(0, n - margin[a])) as Box['start'];
  const end = high.map((n, a) => Math.min(size[a], n + 1 + margin[a]));
  return { start, size: end.map((n, a) => n - start[a]) as Box['size'] };
}

/** The part of a volume inside the box; its voxels stay where they were in the world. */
export function cropTo<T extends VoxelArray>(volume: Volume<T>, { start, size }: Box): Volume<T> {
  const [ni, nj] = volume.size;
  const data = new (volume.data.constructor as new (n: number) => T)(size[0] * size[1] * size[2]);
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const from = start[0] + ni * (start[1] + j + nj * (start[2] + k));
      data.set(volume.data.subarray(from, from + size[0]) as never, size[0] * (j + size[1] * k));
    }
  }
  return { ...gridOf(volume), size, origin: voxelToWorld(volume, voxelFrom(start)), data };
}
