/** Compressed pixel data to stored values: the right decoder for each transfer syntax. */
import { Decoder as LosslessDecoder } from '@cornerstonejs/jpeg-lossless-decoder-js';
import type { VoxelArray } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { decodeVoxels } from '../voxels.ts';
import { jpeg2000Size, jpegSize, type StreamSize } from './codestream.ts';
import { TRANSFER } from './dataset.ts';
import type { Frame } from './frame.ts';
import { decodeJpegDct } from './jpeg-dct.ts';
import { decodeRle } from './rle.ts';
import { storedType } from './stored-type.ts';
import { decodeWasm, type WasmCodec } from './wasm-codecs.ts';

type Family = 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

/** Transfer syntax to decoder and name, all that are read. */
export const COMPRESSED: ReadonlyMap<string, { family: Family; name: string; lossy: boolean }> = new Map([
  [TRANSFER.rle, { family: 'rle', name: 'RLE lossless', lossy: false }],
  ['1.2.840.10008.1.2.4.50', { family: 'jpeg', name: 'JPEG baseline, 8 bits', lossy: true }],
  ['1.2.840.10008.1.2.4.51', { family: 'jpeg', name: 'JPEG extended, 8 and 12 bits', lossy: true }],
  ['1.2.840.10008.1.2.4.53', { family: 'jpeg', name: 'JPEG spectral selection (retired)', lossy: true }],
  ['1.2.840.10008.1.2.4.55', { family: 'jpeg', name: 'JPEG full progression (retired)', lossy: true }],
  ['1.2.840.10008.1.2.4.57', { family: 'jpeg', name: 'JPEG lossless, process 14', lossy: false }],
  ['1.2.840.10008.1.2.4.70', { family: 'jpeg', name: 'JPEG lossless, first-order prediction', lossy: false }],
  ['1.2.840.10008.1.2.4.80', { family: 'jpeg-ls', name: 'JPEG-LS lossless', lossy: false }],
  ['1.2.840.10008.1.2.4.81', { family: 'jpeg-ls', name: 'JPEG-LS near-lossless', lossy: true }],
  ['1.2.840.10008.1.2.4.90', { family: 'jpeg-2000', name: 'JPEG 2000 lossless', lossy: false }],
  ['1.2.840.10008.1.2.4.91', { family: 'jpeg-2000', name: 'JPEG 2000', lossy: true }],
  ['1.2.840.10008.1.2.4.201', { family: 'htj2k', name: 'HTJ2K lossless', lossy: false }],
  ['1.2.840.10008.1.2.4.202', { family: 'htj2k', name: 'HTJ2K lossless, RPCL', lossy: false }],
  ['1.2.840.10008.1.2.4.203', { family: 'htj2k', name: 'HTJ2K', lossy: true }],
] as const);

/** Largest compressed frame, pixels; and the most pixels a byte may stand for in frames above four million pixels. */
const MAX_FRAME = 2 ** 26;
const MAX_PIXELS_PER_BYTE = 10_000;

/** rows x columns stored values of one frame. @throws scan/transfer-syntax, scan/corrupt */
export async function decodeCompressed(
  path: string,
  transferSyntax: string,
  bytes: Uint8Array,
  f: Frame,
): Promise<VoxelArray> {
  const entry = COMPRESSED.get(transferSyntax);
  if (!entry) {
    throw new DecileError(
      'scan/transfer-syntax',
      `The pixels of ${path} must be in a known transfer syntax, got ${transferSyntax}.`,
      'Convert the series to an uncompressed one, for instance with dcmdjpeg or gdcmconv.',
    );
  }
  const count = f.rows * f.columns;
  if (count > MAX_FRAME || (count > 2 ** 22 && count > bytes.length * MAX_PIXELS_PER_BYTE)) {
    throw new DecileError(
      'scan/size',
      `A compressed frame of ${path} must be at most ${MAX_FRAME} pixels, got ${f.columns} x ${f.rows} in ${bytes.length} bytes.`,
      'The header is damaged, or the series must be stored uncompressed.',
    );
  }
  if (entry.family === 'rle')
    return decodeVoxels(path, decodeRle(path, bytes, count, f.bitsAllocated / 8), storedType(f), true);
  const size = entry.family === 'jpeg-2000' || entry.family === 'htj2k' ? jpeg2000Size(bytes) : jpegSize(bytes);
  const wrong = (got: string) =>
    new DecileError(
      'scan/corrupt',
      `The ${entry.name} pixels of ${path} must be ${f.columns} x ${f.rows} grey values, got ${got}.`,
      'The file is incomplete or damaged: transfer it again.',
    );
  if (!size) throw wrong('no such stream');
  if (size.width !== f.columns || size.height !== f.rows || size.components !== 1)
    throw wrong(`${size.width} x ${size.height} of ${size.components} components`);
  try {
    return await decodeStream(entry.family, bytes, size, f);
  } catch (error) {
    if (error instanceof DecileError) throw error;
    throw wrong(`a damaged stream (${(error instanceof Error ? error.message : String(error)).slice(0, 100)})`);
  }
}

async function decodeStream(
  family: Exclude<Family, 'rle'>,
  bytes: Uint8Array,
  size: StreamSize,
  f: Frame,
): Promise<VoxelArray> {
  if (family === 'jpeg' && size.sof === 0xc3) return store(losslessJpeg(bytes, size), size.precision, f);
  // The process in the stream decides, not the transfer syntax: mislabelled files exist.
  if (family === 'jpeg' && (size.precision !== 8 || size.sof === 0xc2)) {
    const { values, precision } = decodeJpegDct(bytes);
    return store(values, precision, f);
  }
  const codec: WasmCodec = family;
  const frame = await decodeWasm(codec, bytes);
  const count = f.rows * f.columns;
  const wide = frame.bitsPerSample > 8;
  if (frame.width !== f.columns || frame.height !== f.rows || frame.bytes.length < count * (wide ? 2 : 1)) {
    throw new Error(`${frame.width} x ${frame.height} decoded`);
  }
  const raw = wide ? new Uint16Array(frame.bytes.buffer, 0, count) : frame.bytes.subarray(0, count);
  return store(raw, frame.bitsPerSample, f, frame.isSigned);
}

function losslessJpeg(bytes: Uint8Array, size: StreamSize): Uint8Array | Uint16Array {
  const own = new Uint8Array(bytes);
  const decoder = new LosslessDecoder();
  const out = decoder.decompress(own.buffer as ArrayBuffer, 0, own.length);
  return size.precision <= 8 ? new Uint8Array(out) : new Uint16Array(out);
}

/**
 * Codec output as the header's type: the stream's `precision` bits are the pattern, the header (Pixel Representation) says how it is
 * meant, whatever sign the stream states for itself, as in pydicom and its sign correction.
 */
function store(raw: Uint8Array | Uint16Array, precision: number, f: Frame, signedStream = false): VoxelArray {
  const count = f.rows * f.columns;
  if (raw.length < count) throw new Error(`${raw.length} of ${count} pixels decoded`);
  const type = storedType(f);
  if (type === 'int32' || type === 'uint32') throw new Error('32-bit pixels in a 16-bit stream');
  const out = allocate(type, count);
  const bits = Math.min(Math.max(f.bitsStored, 1), precision);
  const sign = 2 ** (bits - 1);
  const mask = 2 ** bits - 1;
  const pattern = signedStream ? 2 ** precision - 1 : 0xffff;
  for (let n = 0; n < count; n++) {
    // Signed streams arrive sign-extended to 16 bits, unsigned ones as they are: the low bits say all.
    const v = raw[n];
    out[n] = f.signed ? (v & sign ? (v & mask) - 2 * sign : v & mask) : v & pattern;
  }
  return out;
}

function allocate(type: string, count: number): VoxelArray {
  switch (type) {
    case 'uint8':
      return new Uint8Array(count);
    case 'int8':
      return new Int8Array(count);
    case 'uint16':
      return new Uint16Array(count);
    default:
      return new Int16Array(count);
  }
}
