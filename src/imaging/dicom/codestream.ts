/** What a compressed frame says of its own size, read before any decoder allocates for it. */

export interface StreamSize {
  width: number;
  height: number;
  precision: number;
  components: number;
  /** JPEG only: the start-of-frame marker, 0xC0 baseline, 0xC1 extended, 0xC2 progressive, 0xC3 lossless. */
  sof: number;
}

/** Size of a JPEG or JPEG-LS stream from its start-of-frame marker; null where there is none. */
export function jpegSize(b: Uint8Array): StreamSize | null {
  if (b[0] !== 0xff || b[1] !== 0xd8) return null;
  for (let at = 2; at + 9 < b.length; ) {
    if (b[at] !== 0xff) return null;
    const marker = b[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const frame =
      (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) || marker === 0xf7;
    if (frame) {
      return {
        precision: b[at + 4],
        height: (b[at + 5] << 8) | b[at + 6],
        width: (b[at + 7] << 8) | b[at + 8],
        components: b[at + 9],
        sof: marker,
      };
    }
    if (marker === 0xda || marker === 0xd9) return null;
    at += 2 + ((b[at + 2] << 8) | b[at + 3]);
  }
  return null;
}

/** Size of a JPEG 2000 code stream (bare or in a JP2 file) from its SIZ marker; null where there is none. */
export function jpeg2000Size(b: Uint8Array): StreamSize | null {
  const last = Math.min(b.length - 50, 4096);
  for (let at = 0; at <= last; at++) {
    if (b[at] !== 0xff || b[at + 1] !== 0x4f || b[at + 2] !== 0xff || b[at + 3] !== 0x51) continue;
    const v = new DataView(b.buffer, b.byteOffset + at + 2);
    const [x, y, xo, yo] = [v.getUint32(6), v.getUint32(10), v.getUint32(14), v.getUint32(18)];
    const tiles = Math.ceil(x / v.getUint32(22)) * Math.ceil(y / v.getUint32(26));
    if (!(tiles >= 1 && tiles <= 65535)) return null;
    return {
      width: x - xo,
      height: y - yo,
      components: v.getUint16(38),
      precision: (v.getUint8(40) & 0x7f) + 1,
      sof: 0,
    };
  }
  return null;
}
