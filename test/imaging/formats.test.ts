import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMPRESSED } from '../../src/imaging/dicom/codecs.ts';
import { TRANSFER } from '../../src/imaging/dicom/dataset.ts';
import { el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';
import { readVolume } from '../../src/imaging/index.ts';
import { DICOM, noData, scratch } from './helpers.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/formats.md'), 'utf8');
/** Rows of the first table after a heading. */
function table(heading: string): string[][] {
  const section = page
    .slice(page.indexOf(`## ${heading}`))
    .split('\n')
    .slice(1);
  const end = section.findIndex((l) => l.startsWith('## '));
  return section
    .slice(0, end < 0 ? undefined : end)
    .filter((l) => l.startsWith('|'))
    .slice(2)
    .map((l) =>
      l
        .split('|')
        .slice(1, -1)
        .map((c) => c.trim()),
    );
}

test('the page lists the transfer syntaxes that are read, no more and no less', () => {
  const listed = table('Transfer syntaxes').map(([uid, name]) => [uid, name]);
  const read = [...COMPRESSED].map(([uid, { name }]) => [uid, name]);
  const plain = [TRANSFER.implicitLittle, TRANSFER.explicitLittle, TRANSFER.deflated, TRANSFER.explicitBig];
  assert.deepEqual(listed.map(([uid]) => uid).sort(), [...plain, ...read.map(([uid]) => uid)].sort());
  for (const [uid, name] of read)
    assert.ok(
      listed.some((l) => l[0] === uid && l[1] === name),
      `${uid} ${name}`,
    );
});

const rows = table('Files of');
test('the page lists every file of the transfer-syntax folder', { skip: noData }, () => {
  assert.deepEqual(rows.map((r) => r[0]).sort(), readdirSync(join(DICOM, 'transfer-syntaxes')).sort());
});
for (const [file, expected] of rows) {
  test(`${file} gives what the page says`, { skip: noData }, async () => {
    const path = join(DICOM, 'transfer-syntaxes', file);
    const code = /^`(.*)`$/.exec(expected)?.[1];
    if (code) return assert.rejects(readVolume(path), { code });
    const { volume } = await readVolume(path);
    const bound = expected === 'equal to CTImage.dcm' ? 0 : Number(/^within (\d+)/.exec(expected)?.[1] ?? Number.NaN);
    if (Number.isNaN(bound)) return assert.equal(volume.size.join(' x '), expected);
    const reference = (await readVolume(join(DICOM, 'transfer-syntaxes/CTImage.dcm'))).volume.data;
    let worst = 0;
    for (let n = 0; n < reference.length; n++) worst = Math.max(worst, Math.abs(reference[n] - volume.data[n]));
    assert.ok(worst <= bound, `off by ${worst}`);
  });
}

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  setQuality(lossless: boolean, step: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
}

for (const [name, script, wasm, encoderName, syntax] of [
  ['HTJ2K', 'codec-openjph/wasmjs', 'codec-openjph/wasm', 'HTJ2KEncoder', '1.2.840.10008.1.2.4.201'],
  ['JPEG 2000', 'codec-openjpeg/wasmjs', 'codec-openjpeg/wasm', 'J2KEncoder', '1.2.840.10008.1.2.4.90'],
] as const)
  test(`${name} written by its own encoder comes back bit for bit, signed and unsigned`, async () => {
    const require = createRequire(import.meta.url);
    const factory = require(`@cornerstonejs/${script}`) as (o: object) => Promise<Record<string, new () => Encoder>>;
    const codec = await factory({
      wasmBinary: readFileSync(require.resolve(`@cornerstonejs/${wasm}`)),
      print: () => {},
      printErr: () => {},
    });
    const folder = scratch();
    for (const signed of [false, true]) {
      const [columns, rowCount] = [160, 96];
      const pixels = Int16Array.from({ length: columns * rowCount }, (_, n) => ((n * 37) % 3000) - (signed ? 1500 : 0));
      const encoder = new codec[encoderName]();
      encoder
        .getDecodedBuffer({
          width: columns,
          height: rowCount,
          bitsPerSample: 16,
          componentCount: 1,
          isSigned: signed,
          isUsingColorTransform: false,
        })
        .set(new Uint8Array(pixels.buffer));
      encoder.setQuality(true, 0);
      encoder.encode();
      const stream = Buffer.from(encoder.getEncodedBuffer());
      const padded = stream.length % 2 ? Buffer.concat([stream, Buffer.alloc(1)]) : stream;
      const length = Buffer.alloc(4);
      length.writeUInt32LE(padded.length);
      const set = [
      el('00080018', 'UI', newUid()), el('00080060', 'CS', 'CT'), el('0020000e', 'UI', newUid()),
      el('00200032', 'DS', [0, 0, 0]), el('00200037', 'DS', [1, 0, 0, 0, 1, 0]), el('00280002', 'US', 1), el('00280004', 'CS', 'MONOCHROME2'),
      el('00280010', 'US', rowCount), el('00280011', 'US', columns), el('00280030', 'DS', [1, 1]), el('00280100', 'US', 16),
      el('00280101', 'US', 16), el('00280102', 'US', 15), el('00280103', 'US', signed ? 1 : 0),
    ]; // biome-ignore format: a data set
      const open = Buffer.from('e07f10004f420000ffffffff' + 'feff00e000000000' + 'feff00e0', 'hex');
      const close = Buffer.from('feffdde000000000', 'hex');
      const path = join(folder, `${encoderName}-${signed}.dcm`);
      writeFileSync(
        path,
        Buffer.concat([encodeFile(set, '1.2.840.10008.5.1.4.1.1.2', newUid(), syntax), open, length, padded, close]),
      );
      assert.deepEqual([...(await readVolume(path)).volume.data], [...pixels]);
    }
  });
