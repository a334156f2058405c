/** Where each class lies in a scan: a bounded sample of its voxels, around which patches are drawn. */
import type { Random } from '../random.ts';
import { NOT_DRAWN } from '../volume.ts';
import type { Places, Sides } from './patch-source.ts';

/** Voxels of a class that are kept of one scan. */
const MOST_PLACES = 10_000;

/**
 * A random sample without replacement of each class's voxels but background's, as indices in ascending order (Knuth's
 * algorithm S: one pass, every sample equally likely).
 * @param voxels of each class in the mask
 */
export function samplePlaces(
  mask: Uint8Array,
  voxels: readonly number[],
  random: Random,
  most = MOST_PLACES,
): Int32Array[] {
  const samples = voxels.map((count, label) => new Int32Array(label === 0 ? 0 : Math.min(most, count)));
  const taken = voxels.map(() => 0);
  const left = [...voxels];
  for (let i = 0; i < mask.length; i++) {
    const label = mask[i];
    if (label === 0 || label === NOT_DRAWN) continue;
    const wanted = samples[label].length - taken[label];
    if (left[label]-- * random.uniform() < wanted) samples[label][taken[label]++] = i;
  }
  return samples;
}

/** A random sample without replacement of the voxels that somebody drew, background too, as indices in ascending order. */
export function sampleDrawn(mask: Uint8Array, random: Random, most = MOST_PLACES): Int32Array {
  const drawn = Uint8Array.from(mask, (label) => (label === NOT_DRAWN ? 0 : 1));
  const count = drawn.reduce((sum, v) => sum + v, 0);
  return samplePlaces(drawn, [0, count], random, most)[1];
}

/** As `sampleDrawn`, of the drawn voxels where a mask is not what was predicted. */
export function sampleCorrected(
  mask: Uint8Array,
  predicted: Uint8Array,
  random: Random,
  most = MOST_PLACES,
): Int32Array {
  const changed = mask.map((label, v) => (label === NOT_DRAWN || label === predicted[v] ? 0 : 1));
  const count = changed.reduce((sum, v) => sum + v, 0);
  return samplePlaces(changed, [0, count], random, most)[1];
}

/** (x, y, z) of a voxel's index, x fastest. */
export const voxelAt = (index: number, [nx, ny]: Sides): Sides => [
  index % nx,
  Math.floor(index / nx) % ny,
  Math.floor(index / (nx * ny)),
];

export interface ForegroundState {
  owed: number;
  label: number;
}

/**
 * Decides which patches are drawn around a voxel of a class: of n patches share * n, evenly spread whatever the batch; classes in
 * turn, of those that the scan has. Where a scan has none, the next one takes its place.
 */
export class ForegroundTurns {
  private owed = 0;
  private label = 0;
  private readonly share: number;

  /** @param share of the patches, 0 to 1 */
  constructor(share: number) {
    this.share = share;
  }

  /** The voxel in the middle of the next patch; null for a patch from anywhere. */
  next(places: Places | undefined, random: Random): Sides | null {
    if (this.share === 0) return null;
    this.owed = Math.min(1, this.owed) + this.share;
    if (this.owed < 1 - 1e-9 || !places?.counts.some((count) => count > 0)) return null;
    this.owed -= 1;
    do this.label = (this.label + 1) % places.counts.length;
    while (places.counts[this.label] === 0);
    return places.at(this.label, random.integer(places.counts[this.label]));
  }

  get state(): ForegroundState {
    return { owed: this.owed, label: this.label };
  }

  set state({ owed, label }: ForegroundState) {
    this.owed = owed;
    this.label = label;
  }
}
