/** The readers under fuzzing, each with valid small files to damage. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import type { Grid } from '../../../src/core/volume.ts';
import { rtLabelMap } from '../../../src/imaging/contours/label-map.ts';
import { parseDicom } from '../../../src/imaging/dicom/dataset.ts';
import { el } from '../../../src/imaging/dicom/encode.ts';
import { readRtStruct } from '../../../src/imaging/dicom/rtstruct.ts';
import {
  deidentify,
  discoverDataset,
  discoverScans,
  encodeDicomSeg,
  encodeRtStruct,
  findIdentifiers,
  identifiersOf,
  openSegments,
  readDicomSeg,
  readScan,
  readVolume,
  writeDicomSeg,
  writeMetaImage,
  writeNifti,
  writeNrrd,
} from '../../../src/imaging/index.ts';
import { counting, DICOM, GRIDS, noData, writeSeries } from '../helpers.ts';
import { mosaic } from '../mosaics.ts';
import { enhanced, rtStruct } from '../objects.ts';

export interface Reader {
  name: string;
  seeds: Uint8Array[];
  /** The fuzzed bytes as a file in `folder`, read with everything that import would call. */
  read: (folder: string, bytes: Uint8Array) => Promise<void>;
}

const asFile =
  (name: string, read: (path: string) => Promise<unknown>) => async (folder: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    await read(path);
  };

const seriesFile = async (folder: string, extra: Parameters<typeof writeSeries>[1]['extra'] = () => []) =>
  readFileSync(writeSeries(join(folder, `s${Math.random()}`), { positions: [[0, 0, 0]], extra })[0]);

/** Builds the corpus. Compressed pixel streams come from ../shared/data and are left out where it is absent. */
export async function readers(): Promise<Reader[]> {
  const folder = await mkdtemp(join(tmpdir(), 'decile-corpus-'));
  try {
    const made = async (name: string, write: (path: string) => Promise<void>) => {
      await write(join(folder, name));
      return new Uint8Array(await readFile(join(folder, name)));
    };
    const volume = counting(GRIDS.oblique);
    const nii = await made('a.nii', (p) => writeNifti(p, volume));
    // The same voxels as three volumes of one scan: channels.
    const channels = new Uint8Array(Buffer.concat([nii, nii.subarray(352), nii.subarray(352)]));
    const dims = new DataView(channels.buffer, 40);
    for (const [n, value] of [4, ...[0, 1, 2].map((k) => dims.getInt16(2 + 2 * k, true)), 3].entries())
      dims.setInt16(2 * n, value, true);
    const nii2 = await made('b.nii', (p) => writeNifti(p, counting({ ...GRIDS.axial, size: [33000, 1, 1] })));
    const mask = { ...GRIDS.axial, data: Uint8Array.from({ length: 210 }, (_, n) => n % 3) };
    const seg = await made('s.dcm', (p) =>
      writeDicomSeg(p, mask, {
        segments: [1, 2].map((value) => ({ value, label: `L${value}`, algorithm: 'MANUAL' as const })),
      }),
    );
    const segments = [1, 2].map((value) => ({ value, label: `L${value}`, algorithm: 'AUTOMATIC' as const }));
    const written = { segments, made: { name: 'Decile cpcl', version: '0.1.0', run: 'run 1' } };
    const labelMap = await encodeDicomSeg(mask, { ...written, labelMap: true });
    // Keyholes, and planes that are stated.
    const outlined = (await encodeRtStruct(mask, written)).bytes;
    const plain = new Uint8Array(await seriesFile(folder));
    // Sequences in sequences, of known and unknown length, one stored as UN.
    const icon = new Uint8Array(Buffer.from('feff00e00a0000002800100002000000' + '0200', 'hex'));
    const open = new Uint8Array(Buffer.from('feff00e0ffffffff2800100002000000' + '0200feff0de000000000', 'hex'));
    const nested = new Uint8Array(
      await seriesFile(folder, () => [
        el('00082112', 'SQ', [[el('00081155', 'UI', '1.2.3'), el('0040a170', 'SQ', [[el('00080100', 'SH', 'x')]])]]),
        ...[el('00880200', 'UN', icon), el('00880300', 'UN', open)],
      ]),
    );
    // A second slice for the series of `plain`.
    const { dataSet } = parseDicom('seed', plain);
    const uids = ['0020000d', '0020000e', '00200052'].map((tag) => el(tag, 'UI', dataSet.string(`x${tag}`) ?? ''));
    const second = new Uint8Array(await seriesFile(folder, () => [...uids, el('00200032', 'DS', [0, 0, 2])]));
    const nrrd = await made('a.nrrd', (p) => writeNrrd(p, volume));
    const ascii = new TextEncoder().encode(
      `NRRD0004\ntype: short\ndimension: 3\nsizes: 3 2 2\nspace: LPS\nspace directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (0,0,0)\nencoding: ascii\n\n1 2 3 4 5 6 7 8 9 10 11 12\n`,
    );
    const slicer = await made('s.seg.nrrd', (p) =>
      writeNrrd(
        p,
        mask,
        [1, 2].map((value) => ({ value, name: `L${value}`, colour: [1, 2, 3] as const })),
      ),
    );
    const layered = new TextEncoder().encode(
      `NRRD0004\ntype: uchar\ndimension: 4\nspace: LPS\nsizes: 2 7 6 5\nspace directions: none (1,0,0) (0,1,0) (0,0,1)\nkinds: list domain domain domain\nencoding: ascii\nspace origin: (-3,-4,10)\n${[0, 1].map((n) => `Segment${n}_ID:=S${n}\nSegment${n}_LabelValue:=1\nSegment${n}_Layer:=${n}\n`).join('')}\n${'1 0 '.repeat(210)}\n`,
    );
    const mha = await made('a.mha', (p) => writeMetaImage(p, volume));
    const dataset = new TextEncoder().encode(
      JSON.stringify({
        channel_names: { 0: 'CT' },
        labels: { background: 0, kidney: 1 },
        numTraining: 1,
        file_ending: '.nii.gz',
      }),
    );
    const msd = new TextEncoder().encode(
      JSON.stringify({
        modality: { 0: 'CT' },
        labels: { 0: 'background', 1: 'a' },
        training: [{ image: './imagesTr/a.nii.gz', label: './labelsTr/a.nii.gz' }],
        test: ['./imagesTs/b.nii.gz'],
      }),
    );
    const grid = GRIDS.axial;
    return [
      { name: 'nifti', seeds: [nii, nii2.subarray(0, 2000)], read: asFile('f.nii', readVolume) },
      { name: 'nifti-channels', seeds: [channels], read: asFile('f.nii', (p) => everyScan(dirname(p))) },
      // Damage inside the compressed stream as well as of it.
      { name: 'nifti-gz', seeds: [gzipSync(nii)], read: asFile('f.nii.gz', readVolume) },
      { name: 'nifti-inside-gz', seeds: [nii], read: (f: string, bytes: Uint8Array) => asFile('f.nii.gz', readVolume)(f, gzipSync(bytes, { level: 1 })) },
      { name: 'dicom', seeds: [plain, deflated(plain), implicit(plain), plain.subarray(132), nested, mosaic()], read: asFile('f.dcm', readVolume) },
      { name: 'dicom-folder', seeds: [plain, nested, second], read: async (f: string, bytes: Uint8Array) => { writeFileSync(join(f, 'first'), plain); await asFile('f', async () => undefined)(f, bytes); await everyScan(f); } },
      { name: 'dicom-enhanced', seeds: [enhanced()], read: asFile('f.dcm', readVolume) },
      { name: 'dicom-codecs', seeds: compressed(), read: asFile('f.dcm', readVolume) },
      { name: 'dicom-seg', seeds: [seg, labelMap], read: asFile('f.dcm', readDicomSeg) },
      { name: 'rtstruct', seeds: [rtStruct(grid), outlined], read: asFile('f.dcm', async (p) => rtLabelMap(p, await readRtStruct(p), grid)) },
      { name: 'mask-objects', seeds: [seg, labelMap, rtStruct(grid, '1.2.3', '1.2.4'), outlined, slicer, layered], read: async (f: string, bytes: Uint8Array) => { await asFile('f.dcm', drawn(grid))(f, bytes); await discoverScans(f); } },
      { name: 'deidentify', seeds: [plain, nested, implicit(nested), seg, enhanced()], read: asFile('f.dcm', searched) },
      { name: 'nrrd', seeds: [nrrd, ascii], read: asFile('f.nrrd', readVolume) },
      { name: 'metaimage', seeds: [mha], read: asFile('f.mha', readVolume) },
      { name: 'dataset-json', seeds: [dataset, msd], read: (f: string, bytes: Uint8Array) => asFile('dataset.json', () => discoverDataset(f))(f, bytes) },
    ].filter((r) => r.seeds.length > 0); // biome-ignore format: one reader a line
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What an import does with a folder: the search, then every scan that it found; damage to one file may spoil its series. */
async function everyScan(folder: string): Promise<void> {
  const { sources } = await discoverScans(folder);
  // Of several volumes in one file each is a channel.
  for (const source of sources)
    for (let part = 0; part < (source.volumes ?? 1); part++)
      await readScan(source.volumes === undefined ? source : { ...source, part });
}

/** What a de-identified export does with a file: its identifiers, the clean copy, the search of what lies in the folder. */
async function searched(path: string): Promise<void> {
  const bytes = readFileSync(path);
  const identifiers = identifiersOf(path, bytes);
  deidentify(path, bytes, { secret: 'fuzz', dates: { shiftDays: 3 } });
  await findIdentifiers(dirname(path), identifiers);
}

/** The same file in implicit VR, without preamble and meta group. */
function implicit(file: Uint8Array): Uint8Array {
  const { dataSet } = parseDicom('seed', file);
  const parts = Object.entries(dataSet.elements)
    .filter(([tag]) => !tag.startsWith('x0002'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([tag, e]) => {
      const head = Buffer.alloc(8);
      head.writeUInt16LE(Number.parseInt(tag.slice(1, 5), 16), 0);
      head.writeUInt16LE(Number.parseInt(tag.slice(5), 16), 2);
      head.writeUInt32LE(e.length, 4);
      return [head, dataSet.byteArray.subarray(e.dataOffset, e.dataOffset + e.length)];
    });
  return new Uint8Array(Buffer.concat(parts));
}

/** Every segment drawn onto the grid, as an import does. */
const drawn = (grid: Grid) => async (path: string) => {
  const object = await openSegments(path);
  object?.draw(grid, new Map(object.segments.map(({ number }, n) => [number, 1 + (n % 255)])));
};

/** The same file in the deflated transfer syntax. */
function deflated(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset);
  const meta = 132 + 12 + view.getUint32(140, true);
  const head = Buffer.from(file.subarray(0, meta))
    .toString('latin1')
    .replace('1.2.840.10008.1.2.1\0', '1.2.840.10008.1.2.1.99');
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), deflateRawSync(file.subarray(meta))]);
  // The transfer syntax became two bytes longer, and so did the meta group.
  const uid = head.indexOf('1.2.840.10008.1.2.1.99');
  bytes.writeUInt16LE(bytes.readUInt16LE(uid - 2) + 2, uid - 2);
  bytes.writeUInt32LE(bytes.readUInt32LE(140) + 2, 140);
  return new Uint8Array(bytes);
}

function compressed(): Uint8Array[] {
  if (noData) return [];
  const folder = join(DICOM, 'transfer-syntaxes');
  return [
    'JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90',
    'JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80',
    'JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70',
    'JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51',
    'JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55',
    'JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50',
    'RLELosslessTransferSyntax_1.2.840.10008.1.2.5',
  ].map((s) => new Uint8Array(readFileSync(join(folder, `CTImage.dcm_${s}.dcm`))));
}
