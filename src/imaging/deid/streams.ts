/**
 * Compressed frames re-written without what is no part of the image: comments, makers' segments, and bytes before the beginning,
 * between the segments and behind the end. Segments are kept by list; the coded samples stay byte for byte.
 */
import { TRANSFER } from '../dicom/dataset.ts';
import { join } from '../dicom/encode.ts';

/** The frame alone, or null where it is not understood to its end. */
export function bareFrame(syntax: string, bytes: Uint8Array, samples: number, planeBytes: number): Uint8Array | null {
  if (JPEG.test(syntax)) return bareJpeg(bytes, samples);
  if (JPEG2000.test(syntax)) return bareJpeg2000(bytes);
  return syntax === TRANSFER.rle ? bareRle(bytes, planeBytes) : null;
}

/** JPEG and JPEG-LS; JPEG 2000 and its high-throughput form. */
const JPEG = /^1\.2\.840\.10008\.1\.2\.4\.(5[0-9]|6[0-6]|70|80|81)$/;
const JPEG2000 = /^1\.2\.840\.10008\.1\.2\.4\.(9[0-3]|20[1-3])$/;

const u16 = (b: Uint8Array, at: number) => (b[at] << 8) | b[at + 1];

/** Frames, tables, restart intervals, JPEG-LS parameters: what decoders need. Comments and application segments are not. */
const JPEG_KEPT = new Set([
  ...Array.from({ length: 16 }, (_, n) => 0xc0 + n),
  ...[0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xf7, 0xf8],
]);

function bareJpeg(b: Uint8Array, samples: number): Uint8Array | null {
  let at = 0;
  while (at + 2 < b.length && !(b[at] === 0xff && b[at + 1] === 0xd8)) at++;
  const parts: Uint8Array[] = [b.subarray(at, at + 2)];
  at += 2;
  while (at + 4 <= b.length || (at + 2 <= b.length && b[at + 1] === 0xd9)) {
    if (b[at] !== 0xff) return null;
    const marker = b[at + 1];
    // Fill bytes before a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xd9) return join([...parts, b.subarray(at, at + 2)]);
    const length = u16(b, at + 2);
    const next = at + 2 + length;
    if (length < 2 || next > b.length) return null;
    if (JPEG_KEPT.has(marker) || (samples > 1 && isAdobe(b, at, length))) parts.push(b.subarray(at, next));
    else if (marker === 0xda) {
      const end = scanEnd(b, next);
      if (end === null) return null;
      parts.push(b.subarray(at, end));
      at = end;
      continue;
    } else if (!(marker === 0xfe || (marker >= 0xe0 && marker <= 0xef))) return null;
    at = next;
  }
  return null;
}

/** Says how colours are coded: five letters, version, flags and transform, no room for more. */
const isAdobe = (b: Uint8Array, at: number, length: number): boolean =>
  b[at + 1] === 0xee && length === 14 && Buffer.from(b.subarray(at + 4, at + 9)).toString('latin1') === 'Adobe';

/** Where the coded samples end: at the next marker that is neither a stuffed byte nor a restart. */
function scanEnd(b: Uint8Array, from: number): number | null {
  for (let at = from; at + 1 < b.length; at++) {
    if (b[at] !== 0xff) continue;
    const next = b[at + 1];
    // JPEG-LS stuffs a bit: after 0xff comes a byte below 0x80.
    if (next < 0x80 || (next >= 0xd0 && next <= 0xd7) || next === 0xff) continue;
    return at;
  }
  return null;
}

const SOC = 0x4f;
const SOT = 0x90;
const SOD = 0x93;
const EOC = 0xd9;
const TLM = 0x55;
/** Main and tile-part header segments of ISO 15444-1, -2 and -15, without CRG, COM and the lengths that no longer hold. */
const JPEG2000_KEPT = new Set([
  ...[0x50, 0x51, 0x52, 0x53, 0x57, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61],
  ...[0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79],
]);
const JPEG2000_DROPPED = new Set([TLM, 0x63, 0x64]);

function bareJpeg2000(b: Uint8Array): Uint8Array | null {
  const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
  let at = 0;
  while (at + 3 < b.length && !(b[at] === 0xff && b[at + 1] === SOC && b[at + 2] === 0xff && b[at + 3] === 0x51)) at++;
  const main = header(b, at + 2, SOT);
  if (!main) return null;
  const parts = [b.subarray(at, at + 2), ...main.kept];
  at = main.end;
  while (at + 2 <= b.length && b[at] === 0xff) {
    if (b[at + 1] === EOC) return join([...parts, b.subarray(at, at + 2)]);
    if (b[at + 1] !== SOT || at + 12 > b.length) return null;
    const stated = view.getUint32(at + 6);
    // Zero: up to the end of the stream.
    const end = stated === 0 ? streamEnd(b, at) : at + stated;
    const tile = header(b, at + 12, SOD);
    if (!tile || end > b.length || end < tile.end + 2) return null;
    const body = [...tile.kept, b.subarray(tile.end, end)];
    const start = b.slice(at, at + 12);
    const length = 12 + body.reduce((n, part) => n + part.length, 0);
    new DataView(start.buffer).setUint32(6, stated === 0 ? 0 : length);
    parts.push(start, ...body);
    at = end;
  }
  // The end marker is missing: what the tile-parts hold is the image.
  return parts.length > 1 && at >= b.length ? join([...parts, new Uint8Array([0xff, EOC])]) : null;
}

/** Before the end marker, looked for from behind: padding may follow it. */
function streamEnd(b: Uint8Array, from: number): number {
  for (let at = b.length - 2; at > from; at--) if (b[at] === 0xff && b[at + 1] === EOC) return at;
  return b.length;
}

/** The kept segments of a header, and where the marker stands that ends it; null where another than a known one stands. */
function header(b: Uint8Array, from: number, last: number): { kept: Uint8Array[]; end: number } | null {
  const kept: Uint8Array[] = [];
  let at = from;
  while (at + 4 <= b.length && b[at] === 0xff) {
    const marker = b[at + 1];
    if (marker === last) return { kept, end: at };
    const next = at + 2 + u16(b, at + 2);
    if (next > b.length || !(JPEG2000_KEPT.has(marker) || JPEG2000_DROPPED.has(marker))) return null;
    if (JPEG2000_KEPT.has(marker)) kept.push(b.subarray(at, next));
    at = next;
  }
  return null;
}

/** PackBits segments, each cut where its plane is full; a header that states these alone. */
function bareRle(b: Uint8Array, planeBytes: number): Uint8Array | null {
  if (b.length < 64) return null;
  const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
  const count = view.getUint32(0, true);
  if (count < 1 || count > 15) return null;
  const head = new Uint8Array(64);
  const out = new DataView(head.buffer);
  out.setUint32(0, count, true);
  const parts: Uint8Array[] = [head];
  let length = 64;
  for (let n = 0; n < count; n++) {
    const from = view.getUint32(4 + 4 * n, true);
    const end = packedEnd(b, from, planeBytes);
    if (end === null) return null;
    const padded = new Uint8Array((end - from + 1) & ~1);
    padded.set(b.subarray(from, end));
    out.setUint32(4 + 4 * n, length, true);
    parts.push(padded);
    length += padded.length;
  }
  return join(parts);
}

function packedEnd(b: Uint8Array, from: number, planeBytes: number): number | null {
  let at = from;
  let made = 0;
  while (made < planeBytes) {
    if (at >= b.length) return null;
    const n = (b[at++] << 24) >> 24;
    if (n >= 0) at += n + 1;
    else if (n > -128) at += 1;
    made += n >= 0 ? n + 1 : n > -128 ? 1 - n : 0;
  }
  return at <= b.length ? at : null;
}
