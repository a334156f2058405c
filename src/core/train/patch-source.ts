export type Sides = readonly [x: number, y: number, z: number];

/** A preprocessed case: intensities normalised, grid as in training. Crops are read where they lie, never the whole scan. */
export interface PatchSource {
  readonly name: string;
  readonly size: Sides;
  /** A box of the image (x fastest), zero outside the scan. */
  readImage(start: Sides, size: Sides): Float32Array;
  /** The same box of the mask; absent for unlabelled cases. */
  readMask?(start: Sides, size: Sides): Uint8Array;
}
