/** Raw bytes to typed arrays, and the checks that every reader makes on them. */
import type { LabelMap, Volume, VoxelArray } from '../core/volume.ts';
import { DecileError } from '../shared/errors.ts';

export type StoredType =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'float32'
  | 'float64'
  | 'int64'
  | 'uint64';

/** Bytes of one stored voxel. */
export const BYTES: Record<StoredType, number> = {
  int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, float64: 8, int64: 8, uint64: 8,
}; // biome-ignore format: a table

/** The file type that keeps this array's numbers as they are. */
export function typeOf(data: VoxelArray): StoredType {
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Uint16Array) return 'uint16';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint32Array) return 'uint32';
  if (data instanceof Float32Array) return 'float32';
  return 'float64';
}

const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * The bytes as numbers of the host's order. Works in place where the bytes are aligned, so pass a fresh buffer.
 * 64-bit integers become Float64.
 * @throws scan/type when a 64-bit integer does not fit a double exactly
 */
export function decodeVoxels(path: string, bytes: Uint8Array, type: StoredType, littleEndian: boolean): VoxelArray {
  const width = BYTES[type];
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  if (littleEndian !== HOST_LITTLE_ENDIAN && width > 1) swap(aligned, width);
  const count = Math.floor(aligned.byteLength / width);
  const at = aligned.byteOffset;
  const { buffer } = aligned;
  switch (type) {
    case 'int8': return new Int8Array(buffer, at, count);
    case 'uint8': return new Uint8Array(buffer, at, count);
    case 'int16': return new Int16Array(buffer, at, count);
    case 'uint16': return new Uint16Array(buffer, at, count);
    case 'int32': return new Int32Array(buffer, at, count);
    case 'uint32': return new Uint32Array(buffer, at, count);
    case 'float32': return new Float32Array(buffer, at, count);
    case 'float64': return new Float64Array(buffer, at, count);
    case 'int64': return exactDoubles(path, new BigInt64Array(buffer, at, count));
    case 'uint64': return exactDoubles(path, new BigUint64Array(buffer, at, count));
  } // biome-ignore format: a table
}

function exactDoubles(path: string, stored: BigInt64Array | BigUint64Array): Float64Array {
  const out = new Float64Array(stored.length);
  for (let n = 0; n < stored.length; n++) {
    out[n] = Number(stored[n]);
    if (!Number.isSafeInteger(out[n])) {
      throw new DecileError(
        'scan/type',
        `The 64-bit integers of ${path} must be at most 2^53 in size, got ${stored[n]}.`,
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

/**
 * A volume as a mask.
 * @throws mask/not-integer, mask/value when a voxel is no whole number from 0 to 255
 */
export function toLabelMap(path: string, volume: Volume): LabelMap {
  const { data } = volume;
  if (data instanceof Uint8Array) return volume as LabelMap;
  const out = new Uint8Array(data.length);
  for (let n = 0; n < data.length; n++) {
    const v = data[n];
    if (!Number.isInteger(v))
      throw new DecileError(
        'mask/not-integer',
        `Every voxel of the mask ${path} must be a whole number, got ${v}.`,
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
