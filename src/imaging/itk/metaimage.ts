/** MetaImage: .mha and .mhd with its data file; LPS as ITK writes it; zlib compression. */

import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { axis, directionFromAxes, inverse3, norm3 } from '../../core/geometry.ts';
import { type Grid, lpsPoint, spacingFrom, type Volume } from '../../core/volume.ts';
import { streamFileAtomic, writeAll } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { bytesOf } from '../files.ts';
import type { ReadScan } from '../types.ts';
import { type StoredType, typeOf } from '../voxels.ts';
import { sayReversed } from './nrrd-grid.ts';
import { type Payload, readHeaderText, readPayload } from './payload.ts';
import { unitScale } from './units.ts';

const TYPES = new Map<string, StoredType>(Object.entries({
  MET_CHAR: 'int8', MET_UCHAR: 'uint8', MET_SHORT: 'int16', MET_USHORT: 'uint16', MET_INT: 'int32', MET_UINT: 'uint32',
  MET_LONG: 'int32', MET_ULONG: 'uint32', MET_LONG_LONG: 'int64', MET_ULONG_LONG: 'uint64', MET_FLOAT: 'float32', MET_DOUBLE: 'float64',
})); // biome-ignore format: a table

export const looksLikeMetaImage = (head: Uint8Array): boolean =>
  /^\s*(ObjectType|Comment|NDims)\s*=/.test(Buffer.from(head.subarray(0, 64)).toString('latin1'));

export interface MetaHeader {
  grid: Grid;
  payload: Payload;
  notices: string[];
}

/** @throws scan/corrupt, scan/type, scan/four-dimensional */
export async function readMetaHeader(path: string): Promise<MetaHeader> {
  const { text, end } = await readHeaderText(path, /(ElementDataFile\s*=[^\n]*)\r?\n/);
  const fields = new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf('=');
      return at > 0 ? [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as [string, string]] : [];
    }),
  );
  const bad = (expected: string, got: string) =>
    new DecileError(
      'scan/corrupt',
      `${path} must state ${expected}, got ${got}.`,
      'The header is damaged: export the file again.',
    );
  const list = (...names: string[]) => {
    const value = names.map((n) => fields.get(n)).find((v) => v !== undefined);
    return value?.split(/\s+/).map(Number);
  };
  const dims = Number(fields.get('NDims'));
  const sizes = list('DimSize') ?? [];
  if (
    !Number.isInteger(dims) ||
    dims < 2 ||
    dims > 4 ||
    sizes.length !== dims ||
    sizes.some((n) => !Number.isInteger(n) || n < 1)
  )
    throw bad('NDims and DimSize', `${fields.get('NDims')} and ${fields.get('DimSize')}`);
  if (sizes.length > 3 && sizes[3] > 1)
    throw new DecileError(
      'scan/four-dimensional',
      `${path} must be one three-dimensional volume, got ${sizes.join(' x ')}.`,
      'Split it into one file a volume.',
    );
  if (Number(fields.get('ElementNumberOfChannels') ?? 1) !== 1)
    throw new DecileError(
      'scan/type',
      `The voxels of ${path} must be single numbers, got ${fields.get('ElementNumberOfChannels')} channels.`,
      'Save one channel.',
    );
  const type = TYPES.get(fields.get('ElementType') ?? '');
  if (!type)
    throw new DecileError(
      'scan/type',
      `The voxels of ${path} must be integers or floats of 8 to 64 bits, got ${fields.get('ElementType') ?? 'no type'}.`,
      'Convert the image first.',
    );
  const size = [sizes[0], sizes[1], sizes[2] ?? 1] as [number, number, number];
  const notices: string[] = [];
  const grid = metaGrid(size, dims, list, fields.get('DistanceUnits') ?? '', notices, bad);
  const file = fields.get('ElementDataFile');
  if (!file) throw bad('ElementDataFile', 'none');
  if (file !== 'LOCAL' && (/^LIST|%/.test(file) || /(^|[\\/])\.\.([\\/]|$)|^[\\/]/.test(file)))
    throw new DecileError(
      'scan/unknown-format',
      `The data of ${path} must be in one file beside it, got ${file.slice(0, 60)}.`,
      'Save it again as one .mha file.',
    );
  const compressed = /^true$/i.test(fields.get('CompressedData') ?? '');
  const skip = Number(fields.get('HeaderSize') ?? 0);
  const big = /^true$/i.test(fields.get('ElementByteOrderMSB') ?? fields.get('BinaryDataByteOrderMSB') ?? '');
  const asText = /^false$/i.test(fields.get('BinaryData') ?? 'true');
  const payload: Payload = {
    path: file === 'LOCAL' ? path : join(dirname(path), file),
    start: file === 'LOCAL' ? end : 0,
    skip: Number.isInteger(skip) && skip >= -1 ? skip : 0,
    encoding: asText ? 'text' : compressed ? 'zlib' : 'raw',
    type,
    littleEndian: !big,
  };
  return { grid, payload, notices };
}

function metaGrid(
  size: [number, number, number],
  dims: number,
  list: (...n: string[]) => number[] | undefined,
  units: string,
  notices: string[],
  bad: (e: string, g: string) => DecileError,
): Grid {
  const stated = list('ElementSpacing', 'ElementSize');
  if (!stated) notices.push('The file states no voxel size: 1 mm is taken.');
  const spacings = stated ?? [1, 1, 1];
  const scale = unitScale(units);
  if (scale === undefined)
    notices.push(`Lengths are in "${units}", which is no length: they are taken as millimetres.`);
  else if (scale !== 1) notices.push(`Lengths are in ${units} and were converted to millimetres.`);
  const spacing = spacingFrom([0, 1, 2].map((n) => Math.abs(spacings[n] ?? 1) * (scale ?? 1)));
  if (spacing.some((s) => !(s > 0) || !Number.isFinite(s))) throw bad('positive spacings', spacings.join(' '));
  const signs = [0, 1, 2].map((n) => ((spacings[n] ?? 1) < 0 ? -1 : 1));
  sayReversed(signs, notices);
  const origin = (list('Offset', 'Origin', 'Position') ?? [0, 0, 0]).map((x) => x * (scale ?? 1));
  const matrix = list('TransformMatrix', 'Rotation', 'Orientation');
  if (!matrix || dims < 3) {
    notices.push('The file states no orientation: axes are taken as left, posterior, superior.');
    return {
      size,
      spacing,
      origin: lpsPoint(origin[0] || 0, origin[1] || 0, origin[2] || 0),
      direction: directionFromAxes([signs[0], 0, 0], [0, signs[1], 0], [0, 0, signs[2]]),
    };
  }
  if (matrix.some((x) => !Number.isFinite(x)) || origin.some((x) => !Number.isFinite(x)) || matrix.length < 9)
    throw bad('a matrix of nine numbers and an offset', matrix.join(' '));
  // Each group of `dims` numbers is the direction of one voxel axis.
  const columns = [0, 1, 2].map((c) => matrix.slice(c * dims, c * dims + 3));
  const direction = directionFromAxes(
    ...(columns.map((v, c) => v.map((x) => (signs[c] * x) / (norm3(v) || 1) + 0)) as [number[], number[], number[]]),
  );
  inverse3(direction);
  return { size, spacing, origin: lpsPoint(origin[0], origin[1], origin[2]), direction };
}

export async function readMetaImage(path: string): Promise<ReadScan> {
  const { grid, payload, notices } = await readMetaHeader(path);
  return { volume: { ...grid, data: await readPayload(path, payload, grid) } as Volume, modality: '', notices };
}

/** Writes `.mha`, zlib compressed. */
export async function writeMetaImage(path: string, volume: Volume): Promise<void> {
  const names = {
    int8: 'MET_CHAR',
    uint8: 'MET_UCHAR',
    int16: 'MET_SHORT',
    uint16: 'MET_USHORT',
    int32: 'MET_INT',
    uint32: 'MET_UINT',
    float32: 'MET_FLOAT',
    float64: 'MET_DOUBLE',
    int64: '',
    uint64: '',
  };
  const { size, spacing, origin, direction, data } = volume;
  const body = deflateSync(bytesOf(data), { level: 4 });
  const lines = [
    'ObjectType = Image',
    'NDims = 3',
    'BinaryData = True',
    'BinaryDataByteOrderMSB = False',
    'CompressedData = True',
    `CompressedDataSize = ${body.length}`,
    `TransformMatrix = ${[0, 1, 2].flatMap((c) => axis(direction, c as 0 | 1 | 2)).join(' ')}`,
    `Offset = ${origin.join(' ')}`,
    'CenterOfRotation = 0 0 0',
    `ElementSpacing = ${spacing.join(' ')}`,
    `DimSize = ${size.join(' ')}`,
    `ElementType = ${names[typeOf(data)]}`,
    'ElementDataFile = LOCAL',
  ];
  await streamFileAtomic(path, async (handle) => {
    await writeAll(handle, new TextEncoder().encode(`${lines.join('\n')}\n`));
    await writeAll(handle, body);
  });
}
