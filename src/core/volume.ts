/** The one volume type. Space is LPS (DICOM, ITK), lengths are millimetres, the origin is the centre of the first voxel. */

/** A length in millimetres. */
export type Millimetres = number & { readonly __unit?: 'mm' };
/** (i, j, k): i runs fastest in memory. */
export type VoxelIndex = readonly [i: number, j: number, k: number];
/** A point in patient space, LPS: +x left, +y posterior, +z superior, millimetres. */
export type WorldPoint = readonly [x: Millimetres, y: Millimetres, z: Millimetres];
/** Row-major 3x3; column c is the LPS unit vector along which voxel index c grows. */
export type Direction = readonly [number, number, number, number, number, number, number, number, number];

export type VoxelArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** Where a grid of voxels stands in the patient. World = origin + direction * (spacing .* index). */
export interface Grid {
  /** Voxels along i, j, k. */
  readonly size: readonly [number, number, number];
  /** Distance between voxel centres along i, j, k, mm, all > 0. */
  readonly spacing: readonly [Millimetres, Millimetres, Millimetres];
  /** LPS position of the centre of voxel (0, 0, 0), mm. */
  readonly origin: WorldPoint;
  readonly direction: Direction;
}

/** A scan or a mask: data[i + size[0] * (j + size[1] * k)]. */
export interface Volume<T extends VoxelArray = VoxelArray> extends Grid {
  readonly data: T;
}

/** A mask: 0 is background, 1..C-1 the project's labels. */
export type LabelMap = Volume<Uint8Array>;

export const voxelCount = (grid: Grid): number => grid.size[0] * grid.size[1] * grid.size[2];
