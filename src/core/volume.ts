/** The one volume type. Space is LPS (DICOM, ITK), lengths are millimetres, the origin is the centre of the first voxel. */

declare const unit: unique symbol;
declare const space: unique symbol;

/** A length in millimetres. */
export type Millimetres = number & { readonly [unit]: 'mm' };
/** Distances between voxel centres along i, j, k. */
export type Spacing = readonly [i: Millimetres, j: Millimetres, k: Millimetres];
/** (i, j, k), fractions allowed: i runs fastest in memory. */
export type VoxelIndex = readonly [i: number, j: number, k: number] & { readonly [space]: 'voxels' };
/** A point in patient space, LPS: +x left, +y posterior, +z superior, millimetres. */
export type WorldPoint = readonly [x: number, y: number, z: number] & { readonly [space]: 'LPS' };
/** A point in patient space, RAS, as NIfTI has it: x and y have the opposite sign of LPS. Millimetres. */
export type RasPoint = readonly [x: number, y: number, z: number] & { readonly [space]: 'RAS' };
/** Row-major 4x4: voxel index (column vector, homogeneous) to RAS millimetres, as nibabel's `affine`. */
export type AffineRas = readonly number[] & { readonly [space]: 'voxels to RAS' };

// The only places where a number gets its unit and three numbers their space: whoever calls one says what the numbers are.
export const mm = (length: number): Millimetres => length as Millimetres;
export const spacingMm = (i: number, j: number, k: number): Spacing => [mm(i), mm(j), mm(k)];
export const voxelIndex = (i: number, j: number, k: number): VoxelIndex => [i, j, k] as unknown as VoxelIndex;
export const lpsPoint = (x: number, y: number, z: number): WorldPoint => [x, y, z] as unknown as WorldPoint;
export const rasPoint = (x: number, y: number, z: number): RasPoint => [x, y, z] as unknown as RasPoint;
/** The same from three numbers in an array. */
export const spacingFrom = ([i, j, k]: readonly number[]): Spacing => spacingMm(i, j, k);
export const voxelFrom = ([i, j, k]: readonly number[]): VoxelIndex => voxelIndex(i, j, k);
export const lpsFrom = ([x, y, z]: readonly number[]): WorldPoint => lpsPoint(x, y, z);
export const affineRas = (rows: readonly number[]): AffineRas => rows as unknown as AffineRas;

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

/** The array that keeps numbers of each type. */
export const VOXEL_ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
export type VoxelType = keyof typeof VOXEL_ARRAYS;

/** Where a grid of voxels stands in the patient. World = origin + direction * (spacing .* index). */
export interface Grid {
  /** Voxels along i, j, k. */
  readonly size: readonly [number, number, number];
  /** Distance between voxel centres along i, j, k, mm, all > 0. */
  readonly spacing: Spacing;
  /** LPS position of the centre of voxel (0, 0, 0), mm. */
  readonly origin: WorldPoint;
  readonly direction: Direction;
}

/** A scan or a mask: data[i + size[0] * (j + size[1] * k)]. */
export interface Volume<T extends VoxelArray = VoxelArray> extends Grid {
  readonly data: T;
}

/** A mask: 0 is background, 1..C-1 the project's labels, `NOT_DRAWN` what nobody drew. */
export type LabelMap = Volume<Uint8Array>;

/** Mask value of a voxel that nobody drew: no loss, metric or prototype counts it. nnU-Net's ignore label. */
export const NOT_DRAWN = 255;
/** The largest value that a label may have. */
export const MOST_LABELS = NOT_DRAWN - 1;
/** Background, or what nobody drew: no label lies there. */
export const isUnlabelled = (value: number): boolean => value === 0 || value === NOT_DRAWN;
/** Whether voxels of a mask were left undrawn. */
export const isPartlyDrawn = ({ data }: Pick<LabelMap, 'data'>): boolean => data.includes(NOT_DRAWN);

/** Volume of one voxel, ml (cm^3). */
export const voxelMl = ({ spacing: [i, j, k] }: Pick<Grid, 'spacing'>): number => (i * j * k) / 1000;

export const voxelCount = (grid: Grid): number => grid.size[0] * grid.size[1] * grid.size[2];
