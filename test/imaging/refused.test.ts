/** Every row of "Refused" in the page of formats, made and read once. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';
import { readVolume } from '../../src/imaging/index.ts';
import { scratch } from './helpers.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/formats.md'), 'utf8');
const [, section] = page.split('\n## Refused\n');
const stated = Object.fromEntries(
  [...section.split('\n## ')[0].matchAll(/^\| (.+?) \| `(.+?)` \|$/gm)].map(([, row, code]) => [row, code]),
);

/** A NIfTI of 3 x 2 x 2 voxels with an sform; `change` sets fields of its header. */
function nifti(change: (header: DataView) => void, bytes: Uint8Array = new Uint8Array(24)): Buffer {
  const file = Buffer.alloc(352);
  const header = new DataView(file.buffer, file.byteOffset);
  header.setInt32(0, 348, true);
  for (const [n, v] of [3, 3, 2, 2, 1, 1, 1, 1].entries()) header.setInt16(40 + 2 * n, v, true);
  type(header, 4, 16);
  for (const n of [0, 1, 2, 3]) header.setFloat32(76 + 4 * n, 1, true);
  header.setFloat32(108, 352, true);
  header.setFloat32(112, 1, true);
  file[123] = 2;
  header.setInt16(254, 1, true);
  for (const n of [0, 5, 10]) header.setFloat32(280 + 4 * n, 1, true);
  file.write('n+1\0', 344, 'latin1');
  change(header);
  return Buffer.concat([file, bytes]);
}
const type = (header: DataView, code: number, bits: number) => {
  header.setInt16(70, code, true);
  header.setInt16(72, bits, true);
};
const sform = (n: number, value: number) => nifti((header) => header.setFloat32(280 + 4 * n, value, true));
const large = Buffer.from(new BigInt64Array(12).fill(2n ** 60n + 1n).buffer);

const nrrd = (fields: string, sizes = '3 2 2', encoding = 'raw', voxels = 'uchar') =>
  Buffer.concat([
    Buffer.from(
      `NRRD0005\ntype: ${voxels}\ndimension: ${sizes.split(' ').length}\nsizes: ${sizes}\nencoding: ${encoding}\n${fields}\n`,
    ),
    Buffer.alloc(200),
  ]);
const meta = (fields: string, file = 'LOCAL', sizes = '3 2 2') =>
  Buffer.concat([
    Buffer.from(
      `ObjectType = Image\nNDims = ${sizes.split(' ').length}\nDimSize = ${sizes}\nElementType = MET_UCHAR\n${fields}ElementDataFile = ${file}\n`,
    ),
    Buffer.alloc(200),
  ]);

const PIXELS = [
  el('00280002', 'US', 1), el('00280004', 'CS', 'MONOCHROME2'), el('00280010', 'US', 2), el('00280011', 'US', 2),
  el('00280030', 'DS', [1, 1]), el('00280100', 'US', 8), el('00280101', 'US', 8), el('00280102', 'US', 7), el('00280103', 'US', 0),
  el('7fe00010', 'OB', new Uint8Array(12)),
]; // biome-ignore format: a data set
const PLACED = [el('00200032', 'DS', [0, 0, 0]), el('00200037', 'DS', [1, 0, 0, 0, 1, 0])];
/** @param more an attribute here stands for an earlier one of its tag */
function dicom(modality: string, sopClass: string, more: ReturnType<typeof el>[]): Uint8Array {
  const sop = newUid();
  const known = [
    ...[el('00080016', 'UI', sopClass), el('00080018', 'UI', sop), el('00080060', 'CS', modality)],
    ...[el('0020000d', 'UI', newUid()), el('0020000e', 'UI', newUid())],
  ];
  const set = [...new Map([...known, ...more].map((e) => [e.tag, e])).values()].sort((a, b) =>
    a.tag < b.tag ? -1 : 1,
  );
  return encodeFile(set, sopClass, sop);
}
const CT = '1.2.840.10008.5.1.4.1.1.2';

const MADE: Record<string, Uint8Array> = {
  'no image (text, a picture, a PDF)': Buffer.from(`%PDF-1.7 ${'and more that nobody reads as an image '.repeat(40)}`),
  'NIfTI: Analyze 7.5, without a mark': nifti((header) => header.setUint32(344, 0)),
  'NIfTI: colours': nifti((header) => type(header, 128, 24), new Uint8Array(36)),
  'NIfTI: complex values': nifti((header) => type(header, 32, 64), new Uint8Array(96)),
  'NIfTI: 64-bit integers that a double would round': nifti((header) => type(header, 1024, 64), large),
  'NIfTI: moments, or more than nine volumes': nifti(
    (header) => {
      header.setInt16(40, 4, true);
      header.setInt16(48, 12, true);
    },
    new Uint8Array(24 * 12),
  ),
  'NIfTI: NaN or infinite voxels': nifti(
    (header) => type(header, 16, 32),
    new Uint8Array(new Float32Array(12).fill(Number.NaN).buffer),
  ),
  'NIfTI: an sform that is sheared, without a qform': sform(1, 0.5),
  'NIfTI: an sform with an axis of no length, without a qform': sform(5, 0),
  'NIfTI: an sform that is not finite, without a qform': sform(5, Number.NaN),
  'NIfTI: fewer bytes than the header states': nifti(() => {}, new Uint8Array(20)),
  'NIfTI: a damaged gzip stream': gzipSync(nifti(() => {})).map((v, n) => (n > 12 && n < 20 ? v ^ 0xff : v)),
  'NRRD: bzip2 or hex': nrrd('', '3 2 2', 'bzip2'),
  'NRRD: data in several files': nrrd('data file: LIST\na.raw\nb.raw'),
  "NRRD: data out of the header's folder": nrrd('data file: ../a.raw\n'),
  'NRRD: four dimensions that are no segments': nrrd('', '3 2 2 5'),
  'NRRD: an unknown space': nrrd('space: up-and-away\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n'),
  'NRRD: blocks of bytes': nrrd('block size: 4\n', '3 2 2', 'raw', 'block'),
  'MetaImage: data in several files': meta('', 'LIST\na.raw\nb.raw'),
  'MetaImage: four dimensions': meta('', 'LOCAL', '3 2 2 5'),
  'MetaImage: several values a voxel': meta('ElementNumberOfChannels = 3\n'),
  'DICOM: no image (a report, a plan)': dicom('SR', '1.2.840.10008.5.1.4.1.1.88.11', []),
  'DICOM: ultrasound and others in colour': dicom('US', '1.2.840.10008.5.1.4.1.1.6.1', [
    ...PIXELS,
    ...[el('00280002', 'US', 3), el('00280004', 'CS', 'RGB')],
  ]),
  'DICOM: a secondary capture': dicom('CT', '1.2.840.10008.5.1.4.1.1.7', [...PLACED, ...PIXELS]),
  'DICOM: no positions': dicom('CT', CT, PIXELS),
};

test('the page names each kind that is refused, no more and no less', () => {
  assert.deepEqual(Object.keys(stated).sort(), Object.keys(MADE).sort());
});
const folder = scratch();
for (const [row, bytes] of Object.entries(MADE))
  test(`${row}: ${stated[row]}`, async () => {
    const path = join(folder, row.replace(/[^a-z0-9]+/gi, '_'));
    writeFileSync(path, bytes);
    await assert.rejects(readVolume(path), { code: stated[row] });
  });
