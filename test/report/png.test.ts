import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, inflateSync } from 'node:zlib';
import { encodePng, pngDataUri } from '../../src/imaging/png.ts';

/** Reads chunks back, checking length and CRC. */
function chunksOf(png: Buffer): { type: string; data: Buffer }[] {
  const chunks = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    assert.equal(png.readUInt32BE(at + 8 + length), crc32(body), 'CRC');
    chunks.push({ type: body.toString('latin1', 0, 4), data: body.subarray(4) });
    at += 12 + length;
  }
  return chunks;
}

for (const channels of [1, 3, 4] as const) {
  test(`a picture of ${channels} channels comes back byte for byte`, () => {
    const [width, height] = [5, 3];
    const pixels = Uint8Array.from({ length: width * height * channels }, (_, n) => (n * 37 + 11) % 256);
    const png = encodePng({ width, height, channels, pixels });
    assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
    const chunks = chunksOf(png);
    assert.deepEqual(
      chunks.map((c) => c.type),
      ['IHDR', 'IDAT', 'IEND'],
    );
    assert.deepEqual([...chunks[0].data], [0, 0, 0, 5, 0, 0, 0, 3, 8, { 1: 0, 3: 2, 4: 6 }[channels], 0, 0, 0]);
    const rows = inflateSync(chunks[1].data);
    const stride = width * channels;
    const back = new Uint8Array(pixels.length);
    for (let y = 0; y < height; y++) {
      assert.equal(rows[y * (stride + 1)], 1, 'filter Sub');
      for (let x = 0; x < stride; x++) {
        const left = x < channels ? 0 : back[y * stride + x - channels];
        back[y * stride + x] = (rows[y * (stride + 1) + 1 + x] + left) & 255;
      }
    }
    assert.deepEqual(back, pixels);
  });
}

test('a picture whose bytes do not fit its size is refused', () => {
  assert.throws(
    () => encodePng({ width: 2, height: 2, channels: 3, pixels: new Uint8Array(11) }),
    /must have 12 bytes, got 11/,
  );
});

test('a data address holds the file itself', () => {
  const picture = { width: 1, height: 1, channels: 1 as const, pixels: Uint8Array.of(7) };
  const [head, body] = pngDataUri(picture).split(',');
  assert.equal(head, 'data:image/png;base64');
  assert.deepEqual(Buffer.from(body, 'base64'), encodePng(picture));
});
