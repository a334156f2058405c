/** What a reader says about a label with points, strokes and lassos. */

/** One point, stroke or lasso: these voxels belong to the label, or do not. */
export interface Seed {
  /** True: "this"; false: "not this". */
  readonly inside: boolean;
  /** Offsets of its voxels in the scan; at least one. */
  readonly voxels: readonly number[];
}
