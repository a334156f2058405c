/** Small files that ask for much: sizes, counts and compressed streams without end. None may take memory or time. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { type DicomElement, el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';
import { readRtStruct } from '../../src/imaging/dicom/rtstruct.ts';
import { openSegments, readDicomSeg, readVolume } from '../../src/imaging/index.ts';
import { LIMIT_SECONDS, limitBytes } from './fuzz/fuzz.ts';
import { scratch } from './helpers.ts';

const folder = scratch();
const text = (s: string) => new TextEncoder().encode(s);
const zeros = (compress: typeof gzipSync) => compress(Buffer.alloc(256e6), { level: 9 });
const join2 = (a: Uint8Array, b: Uint8Array) => new Uint8Array(Buffer.concat([a, b]));
const nrrd = (sizes: string, encoding: string, more = '') =>
  text(
    `NRRD0004\ntype: uchar\ndimension: ${sizes.split(' ').length}\nspace: LPS\nsizes: ${sizes}\nspace directions: ${sizes.split(' ').length > 3 ? 'none ' : ''}(1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: ${encoding}\n${more}\n`,
  );
const mha = (sizes: string, compressed: boolean) =>
  text(
    `ObjectType = Image\nNDims = 3\nDimSize = ${sizes}\nElementType = MET_UCHAR\nElementSpacing = 1 1 1\nOffset = 0 0 0\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nBinaryData = True\nCompressedData = ${compressed ? 'True' : 'False'}\nElementDataFile = LOCAL\n`,
  );
const HUGE = '1048576 1048576 1048576';
const image = (rows: number, columns: number, more: DicomElement[], syntax?: string) =>
  encodeFile(
    [
      ...[el('00080060', 'CS', 'CT'), el('00080018', 'UI', newUid()), el('0020000e', 'UI', newUid())],
      ...[el('00200032', 'DS', [0, 0, 0]), el('00200037', 'DS', [1, 0, 0, 0, 1, 0]), el('00280030', 'DS', [1, 1])],
      ...[el('00280002', 'US', 1), el('00280004', 'CS', 'MONOCHROME2')],
      ...[el('00280010', 'US', rows), el('00280011', 'US', columns), el('00280100', 'US', 16)],
      ...[el('00280101', 'US', 16), el('00280102', 'US', 15), el('00280103', 'US', 0), ...more],
    ],
    '1.2.840.10008.5.1.4.1.1.2',
    newUid(),
    syntax,
  );
/** Encapsulated pixel data of one piece, behind the last element of a file. */
const encapsulated = (file: Uint8Array, stream: Uint8Array) => {
  const head = Buffer.from('e07f10004f420000ffffffff' + 'feff00e000000000' + 'feff00e000000000', 'hex');
  head.writeUInt32LE(stream.length, head.length - 4);
  return join2(join2(file, join2(head, stream)), new Uint8Array(Buffer.from('feffdde000000000', 'hex')));
};
const even = (hex: string) => new Uint8Array(Buffer.from(hex + '00'.repeat(64), 'hex'));
const JPEG = '1.2.840.10008.1.2.4.';
/** Start of image, start of frame: 65535 x 65535, one component. */
const jpeg = (sof: string, precision: string) => even(`ffd8ff${sof}000b${precision}ffffffff01011100`);
/** SIZ marker of 65535 x 65535 in one tile. */
const j2k = even(
  `ff4fff5100290000${'0000ffff'.repeat(2)}${'00000000'.repeat(2)}${'0000ffff'.repeat(2)}${'00000000'.repeat(2)}00010f0101`,
);
const groups = (n: number) =>
  el(
    '52009230',
    'SQ',
    Array.from({ length: n }, () => []),
  );

const BOMBS: Record<string, { bytes: Uint8Array; read?: (path: string) => Promise<unknown>; ok?: boolean }> = {
  'NRRD: gzip without end behind eight voxels': { bytes: join2(nrrd('2 2 2', 'gzip'), zeros(gzipSync)), ok: true },
  'NRRD: huge sizes': { bytes: nrrd(HUGE, 'raw') },
  'NRRD: huge sizes, compressed': { bytes: join2(nrrd('1024 1024 1024', 'gzip'), gzipSync(Buffer.alloc(1000))) },
  'NRRD: a million layers': {
    bytes: nrrd('1048576 1024 2 2', 'raw', 'Segment0_ID:=a\nSegment0_LabelValue:=1\nSegment0_Layer:=0\n'),
    read: openSegments,
  },
  'MetaImage: zlib without end behind eight voxels': {
    bytes: join2(mha('2 2 2', true), zeros(deflateSync as typeof gzipSync)),
    ok: true,
  },
  'MetaImage: huge sizes': { bytes: mha(HUGE, false) },
  'DICOM: 65535 x 65535 raw': { bytes: image(65535, 65535, [el('7fe00010', 'OW', new Uint8Array(64))]) },
  'DICOM: 65,537 frames': { bytes: image(512, 512, [el('00280008', 'IS', '65537'), groups(4)]) },
  'DICOM: a billion frames': { bytes: image(512, 512, [el('00280008', 'IS', '999999999'), groups(4)]) },
  'RLE: 65535 x 65535': { bytes: encapsulated(image(65535, 65535, [], '1.2.840.10008.1.2.5'), even('02000000')) },
  'JPEG lossless: 65535 x 65535': { bytes: encapsulated(image(65535, 65535, [], `${JPEG}70`), jpeg('c3', '10')) },
  'JPEG, 12 bits: 65535 x 65535': { bytes: encapsulated(image(65535, 65535, [], `${JPEG}51`), jpeg('c1', '0c')) },
  'JPEG-LS: 65535 x 65535': { bytes: encapsulated(image(65535, 65535, [], `${JPEG}80`), jpeg('f7', '10')) },
  'JPEG 2000: 65535 x 65535': { bytes: encapsulated(image(65535, 65535, [], `${JPEG}90`), j2k) },
  'HTJ2K: 65535 x 65535': { bytes: encapsulated(image(65535, 65535, [], `${JPEG}201`), j2k) },
  'JPEG 2000: 65535 x 65535 in an image of 64 x 64': { bytes: encapsulated(image(64, 64, [], `${JPEG}90`), j2k) },
  'SEG: 65535 x 65535 x 60,000 frames': {
    bytes: image(65535, 65535, [el('00080060', 'CS', 'SEG'), el('00280008', 'IS', '60000'), groups(4)]),
    read: readDicomSeg,
  },
  'RTSTRUCT: a contour of two million numbers that are none': {
    bytes: encodeFile(
      [
        el('00080060', 'CS', 'RTSTRUCT'),
        el('30060020', 'SQ', [[el('30060022', 'IS', '1'), el('30060026', 'LO', 'x')]]),
        el('30060039', 'SQ', [
          [
            el('30060084', 'IS', '1'),
            el('30060040', 'SQ', [
              [el('30060042', 'CS', 'CLOSED_PLANAR'), el('30060050', 'UT', text('x\\'.repeat(2_000_000)))],
            ]),
          ],
        ]),
      ],
      '1.2.840.10008.5.1.4.1.1.481.3',
      newUid(),
    ),
    read: readRtStruct,
  },
};

for (const [n, [name, { bytes, read = readVolume, ok }]] of Object.entries(BOMBS).entries()) {
  test(`${name}: ${ok ? 'read at the cost of its voxels' : 'refused with a code'}`, async () => {
    const path = join(folder, `bomb${n}`);
    writeFileSync(path, bytes);
    const held = process.memoryUsage();
    const before = process.cpuUsage();
    const said = await read(path).then(
      () => 'read',
      (error: { code?: string }) => error.code ?? `no code: ${error}`,
    );
    const { user, system } = process.cpuUsage(before);
    const now = process.memoryUsage();
    assert.match(said, ok ? /^read$/ : /^[a-z]+\/[a-z-]+$/);
    assert.ok((user + system) / 1e6 < LIMIT_SECONDS, `${(user + system) / 1e6} s`);
    const grown = Math.max(now.arrayBuffers - held.arrayBuffers, now.external - held.external);
    assert.ok(grown < (ok ? 64e6 : limitBytes(0)), `${Math.round(grown / 2 ** 20)} MiB`);
  });
}
