/** DICOM RLE (PS3.5 annex G): PackBits segments, one for each byte plane, most significant first. */
import { DecileError } from '../../shared/errors.ts';

/** @returns count * width bytes, little endian */
export function decodeRle(path: string, bytes: Uint8Array, count: number, width: number): Uint8Array {
  const bad = (expected: string, got: string) =>
    new DecileError(
      'scan/corrupt',
      `The RLE pixels of ${path} must be ${expected}, got ${got}.`,
      'The file is damaged: transfer it again.',
    );
  if (bytes.length < 64) throw bad('at least a 64-byte header', `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== width) throw bad(`${width} segments`, `${segments}`);
  const out = new Uint8Array(count * width);
  for (let s = 0; s < segments; s++) {
    let at = view.getUint32(4 + 4 * s, true);
    const end = s + 1 < segments ? Math.min(view.getUint32(8 + 4 * s, true), bytes.length) : bytes.length;
    // Segment 0 holds the most significant bytes.
    let to = width - 1 - s;
    let left = count;
    while (left > 0 && at < end) {
      const n = view.getInt8(at++);
      if (n >= 0) {
        for (let c = 0; c <= n && left > 0 && at < end; c++, left--, to += width) out[to] = bytes[at++];
      } else if (n > -128) {
        if (at >= end) break;
        const value = bytes[at++];
        for (let c = 0; c < 1 - n && left > 0; c++, left--, to += width) out[to] = value;
      }
    }
    if (left > 0) throw bad(`${count} pixels in segment ${s + 1}`, `${count - left}`);
  }
  return out;
}
