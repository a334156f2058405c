/** Writes 8-bit PNG pictures. */
import { crc32, deflateSync } from 'node:zlib';

export interface Picture {
  width: number;
  height: number;
  /** Grey (1), RGB (3) or RGBA (4) bytes a pixel, row by row from the top. */
  channels: 1 | 3 | 4;
  pixels: Uint8Array | Uint8ClampedArray;
}

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOUR_TYPE = { 1: 0, 3: 2, 4: 6 } as const;

/** @returns the bytes of a PNG file (ISO/IEC 15948), rows filtered with Sub */
export function encodePng({ width, height, channels, pixels }: Picture): Buffer {
  const stride = width * channels;
  if (pixels.length !== stride * height) {
    throw new RangeError(
      `A ${width} x ${height} picture of ${channels} channels must have ${stride * height} bytes, got ${pixels.length}.`,
    );
  }
  const rows = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    const at = y * (stride + 1);
    rows[at] = 1; // Sub: each byte less the one a pixel to the left
    for (let x = 0; x < stride; x++) {
      rows[at + 1 + x] = pixels[y * stride + x] - (x < channels ? 0 : pixels[y * stride + x - channels]);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, COLOUR_TYPE[channels], 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The same as a `data:` address, for a page that stands alone. */
export const pngDataUri = (picture: Picture): string =>
  `data:image/png;base64,${encodePng(picture).toString('base64')}`;

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), framed.length - 4);
  return framed;
}
