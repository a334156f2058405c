/** Raw bytes to typed arrays, and the checks that every reader makes on them. */
import { type LabelMap, VOXEL_ARRAYS, type Volume, type VoxelArray, type VoxelType } from '../core/volume.ts';
import { DecileError } from '../shared/errors.ts';

/** As files hold them: 64-bit integers have no array of ours and become Float64. */
export type StoredType = VoxelType | 'int64' | 'uint64';

/** Bytes of one stored voxel. */
export const voxelBytes = (type: StoredType): number =>
  type === 'int64' || type === 'uint64' ? 8 : VOXEL_ARRAYS[type].BYTES_PER_ELEMENT;

/** The file type that keeps this array's numbers as they are. */
export const typeOf = (data: VoxelArray): VoxelType =>
  (Object.keys(VOXEL_ARRAYS) as VoxelType[]).find((type) => data instanceof VOXEL_ARRAYS[type]) ?? 'float64';

const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * The bytes as numbers of the host's order. Works in place where the bytes are aligned, so pass a fresh buffer.
 * 64-bit integers become Float64.
 * @throws scan/type when a 64-bit integer does not fit a double exactly
 */
export function decodeVoxels(path: string, bytes: Uint8Array, type: StoredType, littleEndian: boolean): VoxelArray {
  const width = voxelBytes(type);
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  if (littleEndian !== HOST_LITTLE_ENDIAN && width > 1) swap(aligned, width);
  const count = Math.floor(aligned.byteLength / width);
  const at = aligned.byteOffset;
  const { buffer } = aligned;
  switch (type) {
    case 'int64': return exactDoubles(path, new BigInt64Array(buffer, at, count));
    case 'uint64': return exactDoubles(path, new BigUint64Array(buffer, at, count));
    default: return new VOXEL_ARRAYS[type](buffer as ArrayBuffer, at, count);
  } // biome-ignore format: a table
}

function exactDoubles(path: string, stored: BigInt64Array | BigUint64Array): Float64Array {
  const out = new Float64Array(stored.length);
  for (let n = 0; n < stored.length; n++) {
    out[n] = Number(stored[n]);
    if (!Number.isSafeInteger(out[n])) {
      throw new DecileError(
        'scan/type',
        `The 64-bit integers of ${path} must be below 2^53 in size, got ${stored[n]}.`,
        'Convert the image to 32-bit integers or floats first.',
      );
    }
  }
  return out;
}

function swap(bytes: Uint8Array, width: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength - (bytes.byteLength % width));
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else buffer.swap64();
}

/** @throws scan/not-finite naming how many voxels are not numbers */
export function assertFinite(path: string, data: VoxelArray): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  let bad = 0;
  for (let n = 0; n < data.length; n++) if (!Number.isFinite(data[n])) bad++;
  if (bad > 0) {
    throw new DecileError(
      'scan/not-finite',
      `Every voxel of ${path} must be a finite number, got ${bad} of ${data.length} that are NaN or infinite.`,
      'Replace them (for instance by the background value) and import again.',
    );
  }
}

/** Programs that store labels as floats, or by a scale, miss whole numbers by so little. */
const ROUNDING = 1e-4;

/**
 * A volume as a mask; what misses a whole number by the rounding of floats alone is that number.
 * @throws mask/not-integer, mask/value when a voxel is no whole number from 0 to 255
 */
export function toLabelMap(path: string, volume: Volume): LabelMap {
  const { data } = volume;
  if (data instanceof Uint8Array) return volume as LabelMap;
  const out = new Uint8Array(data.length);
  for (let n = 0; n < data.length; n++) {
    const v = Math.round(data[n]);
    if (!(Math.abs(data[n] - v) <= ROUNDING))
      throw new DecileError(
        'mask/not-integer',
        `Every voxel of the mask ${path} must be a whole number, got ${data[n]}.`,
        'Export the mask as labels, not as probabilities or after smoothing.',
      );
    if (v < 0 || v > 255)
      throw new DecileError(
        'mask/value',
        `Every voxel of the mask ${path} must be from 0 to 255, got ${v}.`,
        'Number the labels 1, 2, 3, ...',
      );
    out[n] = v;
  }
  const { size, spacing, origin, direction } = volume;
  return { size, spacing, origin, direction, data: out };
}
