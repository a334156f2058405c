import type { Box } from './region.ts';

export type Sides = readonly [x: number, y: number, z: number];

/** Slices more than this many times thicker than the finest side are thick: nothing is turned or made coarser along them. */
const THICK = 3;

/** The axis along which a scan has thick slices; null where it has none. */
export function thickAxis(spacing: Sides = [1, 1, 1]): number | null {
  const largest = Math.max(...spacing);
  return largest / Math.min(...spacing) > THICK ? spacing.indexOf(largest) : null;
}

/** Known voxels of each class of a scan. */
export interface Places {
  /** How many, background first: it is never drawn for, so 0. */
  readonly counts: readonly number[];
  /** The n-th voxel of a class. */
  at(label: number, n: number): Sides;
  /** Some of the drawn voxels, of scans that are drawn in part: patches lie around them, or they would teach nothing. */
  readonly drawn?: { readonly count: number; at(n: number): Sides };
  /** Some of the voxels that a person changed in a prediction. */
  readonly corrected?: { readonly count: number; at(n: number): Sides };
}

/** A preprocessed case: intensities normalised, grid as in training. Crops are read where they lie, never the whole scan. */
export interface PatchSource {
  readonly name: string;
  readonly size: Sides;
  /** Distance between voxels, mm; cubes where it is absent. */
  readonly spacing?: Sides;
  /** Where the patient is; the whole scan where it is absent. */
  readonly body?: Box;
  /** Where its classes lie; absent for unlabelled cases. */
  readonly places?: Places;
  /** Channels of the image; 1 where it is absent. */
  readonly channels?: number;
  /** A box of the image, its channels one after another (x fastest), zero outside the scan. */
  readImage(start: Sides, size: Sides): Float32Array;
  /** The same box of the mask; absent for unlabelled cases. */
  readMask?(start: Sides, size: Sides): Uint8Array;
}
