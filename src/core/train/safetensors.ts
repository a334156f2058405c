/** The safetensors container: u64 header length, JSON header, raw little-endian data. Any framework reads it. */
import { DecileError } from '../errors.ts';

export interface NamedArray {
  shape: number[];
  values: Float32Array;
}

export function encodeSafetensors(tensors: Record<string, NamedArray>, metadata: Record<string, string>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(text, 8);
  let at = 8 + padded;
  for (const { values } of Object.values(tensors)) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

export function decodeSafetensors(bytes: Uint8Array): {
  tensors: Record<string, NamedArray>;
  metadata: Record<string, string>;
} {
  const damaged = (why: string) =>
    new DecileError(
      'checkpoint/corrupt',
      `A checkpoint must be a whole safetensors file, got ${why}.`,
      'Use an earlier checkpoint of the run, or train again.',
    );
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > bytes.length - 8) throw damaged('a header longer than the file');
  let header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> & {
    __metadata__?: Record<string, string>;
  };
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw damaged('an unreadable header');
  }
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors: Record<string, NamedArray> = {};
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(entries)) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (dtype !== 'F32' || to - from !== 4 * size || 8 + length + to > bytes.length)
      throw damaged(`a broken entry ${name}`);
    // A copy, which also aligns the floats. Not `bytes.slice`: on a Node Buffer that is a view of the whole file.
    const values = new Uint8Array(bytes.subarray(8 + length + from, 8 + length + to));
    tensors[name] = { shape, values: new Float32Array(values.buffer) };
  }
  return { tensors, metadata: metadata as Record<string, string> };
}
