/** The safetensors container: u64 header length, JSON header, raw little-endian data. Any framework reads it. */
import { DecileError } from '../errors.ts';

export interface NamedArray {
  shape: number[];
  values: Float32Array;
}

export function encodeSafetensors(tensors: Record<string, NamedArray>, metadata: Record<string, string>): Uint8Array {
  const arrays = Object.values(tensors).map(({ values }) => bytesOf(values));
  const entries: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    entries[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const sums = { [CHECKSUM]: checksum(...arrays), [HEADER_CHECKSUM]: headerChecksum(metadata, entries) };
  const text = new TextEncoder().encode(JSON.stringify({ __metadata__: { ...metadata, ...sums }, ...entries }));
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(text, 8);
  let at = 8 + padded;
  for (const array of arrays) {
    bytes.set(array, at);
    at += array.length;
  }
  return bytes;
}

const damagedCheckpoint = (why: string) =>
  new DecileError(
    'checkpoint/corrupt',
    `A checkpoint must be a whole safetensors file, got ${why}.`,
    'Use an earlier checkpoint of the run, or train again.',
  );

/** @param damaged the error for a file that is not whole; a checkpoint's without it */
export function decodeSafetensors(
  bytes: Uint8Array,
  damaged: (why: string) => DecileError = damagedCheckpoint,
): {
  tensors: Record<string, NamedArray>;
  metadata: Record<string, string>;
} {
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > bytes.length - 8) throw damaged('a header longer than the file');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw damaged('an unreadable header');
  }
  if (!isRecord(header)) throw damaged('a header without entries');
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string'))
    throw damaged('broken metadata');
  const { [CHECKSUM]: sum, [HEADER_CHECKSUM]: headerSum, ...told } = metadata as Record<string, string>;
  if (headerSum !== undefined && headerSum !== headerChecksum(told, entries))
    throw damaged('another checksum of its header');
  const data = bytes.subarray(8 + length);
  const tensors: Record<string, NamedArray> = {};
  for (const [name, entry] of Object.entries(entries)) {
    if (!isEntry(entry, data.length)) throw damaged(`a broken entry ${name}`);
    const { shape, data_offsets } = entry;
    // A copy, which also aligns the floats. Not `bytes.slice`: on a Node Buffer that is a view of the whole file.
    const values = new Float32Array(new Uint8Array(data.subarray(...data_offsets)).buffer);
    if (!values.every(Number.isFinite)) throw damaged(`values of ${name} that are not finite`);
    tensors[name] = { shape, values };
  }
  if (sum !== undefined && sum !== checksum(data)) throw damaged('another checksum');
  return { tensors, metadata: metadata as Record<string, string> };
}

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** In the metadata: CRC-32 of all data. Files of other programs and earlier versions have none. */
const CHECKSUM = 'crc32';
/** Likewise of the header without both: a changed figure in it would make another network of sound weights. */
const HEADER_CHECKSUM = 'crc32.header';

/** As JSON writes what JSON read: the same text on both ways. */
const headerChecksum = (metadata: Record<string, string>, entries: Record<string, unknown>): string =>
  checksum(new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...entries })));

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 of the arrays one after another, in hexadecimal; core has no Node to ask. */
function checksum(...arrays: Uint8Array[]): string {
  let crc = 0xffffffff;
  for (const bytes of arrays) for (let n = 0; n < bytes.length; n++) crc = CRC[(crc ^ bytes[n]) & 0xff] ^ (crc >>> 8);
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** A tensor of floats that lies inside the data. */
function isEntry(value: unknown, bytes: number): value is { shape: number[]; data_offsets: [number, number] } {
  if (!isRecord(value) || value.dtype !== 'F32') return false;
  const { shape, data_offsets: offsets } = value;
  if (!Array.isArray(shape) || !shape.every(isCount)) return false;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) return false;
  const [from, to] = offsets;
  return to - from === 4 * shape.reduce((a, b) => a * b, 1) && to <= bytes;
}
