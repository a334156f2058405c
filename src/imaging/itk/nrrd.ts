/** NRRD: .nrrd and detached .nhdr; raw, gzip and ascii; every space; Slicer's segment fields written. */

import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { axis } from '../../core/geometry.ts';
import type { Grid, LabelMap, Volume } from '../../core/volume.ts';
import { streamFileAtomic, writeAll } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { bytesOf } from '../files.ts';
import type { ReadScan } from '../types.ts';
import { type StoredType, toLabelMap, typeOf } from '../voxels.ts';
import { nrrdGrid, spatialAxes } from './nrrd-grid.ts';
import { type Payload, readHeaderText, readPayload } from './payload.ts';
import { slicerSegments } from './slicer-segments.ts';

const TYPES = new Map<string, StoredType>(Object.entries({
  'signed char': 'int8', int8: 'int8', int8_t: 'int8', uchar: 'uint8', 'unsigned char': 'uint8', uint8: 'uint8', uint8_t: 'uint8',
  short: 'int16', 'short int': 'int16', 'signed short': 'int16', 'signed short int': 'int16', int16: 'int16', int16_t: 'int16',
  ushort: 'uint16', 'unsigned short': 'uint16', 'unsigned short int': 'uint16', uint16: 'uint16', uint16_t: 'uint16',
  int: 'int32', 'signed int': 'int32', int32: 'int32', int32_t: 'int32', uint: 'uint32', 'unsigned int': 'uint32', uint32: 'uint32', uint32_t: 'uint32',
  longlong: 'int64', 'long long': 'int64', int64: 'int64', int64_t: 'int64', ulonglong: 'uint64', 'unsigned long long': 'uint64', uint64: 'uint64', uint64_t: 'uint64',
  float: 'float32', double: 'float64',
})); // biome-ignore format: a table

export interface NrrdHeader {
  grid: Grid;
  payload: Payload;
  /** Every field, lower-case keys, and every key:=value pair as written. */
  fields: Map<string, string>;
  pairs: Map<string, string>;
  /** Layers of a Slicer segmentation whose segments overlap: their voxels lie side by side, the layer fastest. */
  layers: number;
  notices: string[];
}

export const looksLikeNrrd = (head: Uint8Array): boolean =>
  head.length > 8 && Buffer.from(head.subarray(0, 4)).toString('latin1') === 'NRRD';

/** @throws scan/corrupt, scan/type, scan/four-dimensional, geometry/sheared */
export async function readNrrdHeader(path: string): Promise<NrrdHeader> {
  const { text, end } = await readHeaderText(path, /\r?\n\r?\n/);
  const bad = (expected: string, got: string) =>
    new DecileError(
      'scan/corrupt',
      `${path} must state ${expected}, got ${got}.`,
      'The header is damaged: export the file again.',
    );
  const fields = new Map<string, string>();
  const pairs = new Map<string, string>();
  const [magic, ...lines] = text.split(/\r?\n/);
  if (!/^NRRD000[1-6]$/.test(magic.trim())) throw bad('its version as NRRD0001 to NRRD0006', magic.slice(0, 20));
  for (const line of lines) {
    if (line === '' || line.startsWith('#')) continue;
    const pair = line.indexOf(':=');
    const colon = line.indexOf(':');
    if (pair > 0 && pair === colon) pairs.set(line.slice(0, pair), line.slice(pair + 2));
    else if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const type = TYPES.get((fields.get('type') ?? '').toLowerCase());
  if (!type)
    throw new DecileError(
      'scan/type',
      `The voxels of ${path} must be integers or floats of 8 to 64 bits, got ${fields.get('type') ?? 'no type'}.`,
      'Convert the image first.',
    );
  const dimension = Number(fields.get('dimension'));
  const sizes = (fields.get('sizes') ?? '').split(/\s+/).map(Number);
  if (!Number.isInteger(dimension) || sizes.length !== dimension || sizes.some((n) => !Number.isInteger(n) || n < 1))
    throw bad('dimension and sizes', `${fields.get('dimension')} and ${fields.get('sizes')}`);
  const directions = (fields.get('space directions') ?? '').match(/none|\([^)]*\)/g);
  const spatial = spatialAxes(fields, directions, sizes);
  const other = sizes.filter((_, n) => !spatial.includes(n));
  const layered = other.length === 1 && !spatial.includes(0) && slicerSegments(pairs).length > 0;
  const layers = layered ? sizes[0] : 1;
  if ((other.some((n) => n > 1) && !layered) || spatial.length > 3) {
    throw new DecileError(
      'scan/four-dimensional',
      `${path} must be one three-dimensional volume, got ${sizes.join(' x ')}.`,
      'Split it into one file a volume.',
    );
  }
  const size = [0, 1, 2].map((n) => (n < spatial.length ? sizes[spatial[n]] : 1)) as [number, number, number];
  const notices: string[] = [];
  const grid = nrrdGrid(size, fields, spatial, directions, notices, bad);
  const encoding = (fields.get('encoding') ?? 'raw').toLowerCase();
  const known = new Map<string, Payload['encoding']>(
    Object.entries({
      raw: 'raw',
      gzip: 'gzip',
      gz: 'gzip',
      ascii: 'text',
      txt: 'text',
      text: 'text',
    }),
  );
  const stored = known.get(encoding);
  if (!stored)
    throw new DecileError(
      'scan/unknown-format',
      `The encoding of ${path} must be raw, gzip or ascii, got ${encoding}.`,
      'Save it again with gzip compression.',
    );
  const detached = fields.get('data file') ?? fields.get('datafile');
  if (detached && (/^LIST|%|\s\d+\s\d+\s/.test(detached) || /(^|[\\/])\.\.([\\/]|$)|^[\\/]/.test(detached))) {
    throw new DecileError(
      'scan/unknown-format',
      `The data of ${path} must be one file beside it, got ${detached.slice(0, 60)}.`,
      'Save it again as one .nrrd file.',
    );
  }
  const skip = Number(fields.get('byte skip') ?? fields.get('byteskip') ?? 0);
  if (Number(fields.get('line skip') ?? fields.get('lineskip') ?? 0) !== 0 || !Number.isInteger(skip) || skip < -1)
    throw bad('no line skip and a byte skip', `${fields.get('line skip')} and ${fields.get('byte skip')}`);
  const payload: Payload = {
    path: detached ? join(dirname(path), detached) : path,
    start: detached ? 0 : end,
    skip,
    encoding: stored,
    type,
    littleEndian: (fields.get('endian') ?? 'little').toLowerCase() !== 'big',
  };
  return { grid, payload, fields, pairs, layers, notices };
}

export async function readNrrd(path: string): Promise<ReadScan> {
  const { grid, payload, layers, notices } = await readNrrdHeader(path);
  if (layers > 1)
    throw new DecileError(
      'mask/overlapping',
      `${path} must be one volume, got ${layers} layers of overlapping segments.`,
      'Import it as a mask beside its scan: there each segment becomes a label.',
    );
  const data = await readPayload(path, payload, grid);
  return { volume: { ...grid, data } as Volume, modality: '', notices };
}

/** A Slicer segmentation: `layers` values for each voxel, the layer fastest. */
export async function readNrrdLayers(path: string): Promise<{ grid: Grid; layers: number; data: Uint8Array }> {
  const { grid, payload, layers } = await readNrrdHeader(path);
  const [nx, ny, nz] = grid.size;
  const whole: Grid = { ...grid, size: [layers * nx, ny, nz] };
  const { data } = toLabelMap(path, { ...whole, data: await readPayload(path, payload, whole) });
  return { grid, layers, data };
}

export interface NrrdSegment {
  value: number;
  name: string;
  colour: readonly [number, number, number];
}

/** Writes `.nrrd` (gzip, LPS); with segments, the fields by which Slicer opens it as a segmentation (`.seg.nrrd`). */
export async function writeNrrd(path: string, volume: Volume, segments?: readonly NrrdSegment[]): Promise<void> {
  const { size, spacing, origin, direction, data } = volume;
  const names = {
    int8: 'int8',
    uint8: 'uint8',
    int16: 'int16',
    uint16: 'uint16',
    int32: 'int32',
    uint32: 'uint32',
    float32: 'float',
    float64: 'double',
    int64: 'int64',
    uint64: 'uint64',
  };
  const column = (c: 0 | 1 | 2) =>
    `(${axis(direction, c)
      .map((x) => x * spacing[c])
      .join(',')})`;
  const lines = [
    'NRRD0004',
    `type: ${names[typeOf(data)]}`,
    'dimension: 3',
    'space: left-posterior-superior',
    `sizes: ${size.join(' ')}`,
    `space directions: ${column(0)} ${column(1)} ${column(2)}`,
    'kinds: domain domain domain',
    ...(data.BYTES_PER_ELEMENT > 1 ? ['endian: little'] : []),
    'encoding: gzip',
    `space origin: (${origin.join(',')})`,
    ...(segments ? segmentFields(volume as LabelMap, segments) : []),
  ];
  await streamFileAtomic(path, async (handle) => {
    await writeAll(handle, new TextEncoder().encode(`${lines.join('\n')}\n\n`));
    await writeAll(handle, gzipSync(bytesOf(data), { level: 4 }));
  });
}

/** Slicer's fields: id, name, colour, label value, layer and the smallest box around each segment. */
function segmentFields(mask: LabelMap, segments: readonly NrrdSegment[]): string[] {
  const [nx, ny, nz] = mask.size;
  return [
    ...segments.flatMap((s, n) => {
      const box = extent(mask, s.value);
      const name = s.name.replace(/[\r\n]+/g, ' ');
      return [
        `Segment${n}_ID:=Segment_${s.value}`,
        `Segment${n}_Name:=${name}`,
        `Segment${n}_NameAutoGenerated:=0`,
        `Segment${n}_Color:=${s.colour.map((c) => (c / 255).toFixed(6)).join(' ')}`,
        `Segment${n}_ColorAutoGenerated:=0`,
        `Segment${n}_LabelValue:=${s.value}`,
        `Segment${n}_Layer:=0`,
        `Segment${n}_Extent:=${box.join(' ')}`,
        `Segment${n}_Tags:=`,
      ];
    }),
    'Segmentation_MasterRepresentation:=Binary labelmap',
    'Segmentation_ContainedRepresentationNames:=Binary labelmap|',
    'Segmentation_ReferenceImageExtentOffset:=0 0 0',
    `Segmentation_ReferenceImageExtent:=0 ${nx - 1} 0 ${ny - 1} 0 ${nz - 1}`,
  ];
}

function extent({ size, data }: LabelMap, value: number): number[] {
  const box = [size[0], -1, size[1], -1, size[2], -1];
  let at = 0;
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++)
        if (data[at++] === value) {
          box[0] = Math.min(box[0], i);
          box[1] = Math.max(box[1], i);
          box[2] = Math.min(box[2], j);
          box[3] = Math.max(box[3], j);
          box[4] = Math.min(box[4], k);
          box[5] = Math.max(box[5], k);
        }
  return box[1] < 0 ? [0, -1, 0, -1, 0, -1] : box;
}
