/** The text header and the voxels that NRRD and MetaImage share. */
import { type Grid, VOXEL_ARRAYS, type VoxelArray } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { fileSize, readBytes, readHead } from '../files.ts';
import { checkSize, DEFLATE_MAX_RATIO } from '../limits.ts';
import { assertFinite, decodeVoxels, type StoredType, voxelBytes } from '../voxels.ts';

export interface Payload {
  path: string;
  /** Byte where the data (compressed or not) begins. */
  start: number;
  /** Bytes to skip inside the (decompressed) data; -1: the data are the last bytes of the file. */
  skip: number;
  encoding: 'raw' | 'gzip' | 'zlib' | 'text';
  type: StoredType;
  littleEndian: boolean;
}

/** Headers are a few kilobytes; Slicer's segmentations of a hundred segments stay below this too. */
const MAX_HEADER = 1 << 20;

/** The header's text and the byte after its end mark. @throws scan/corrupt when no end is found */
export async function readHeaderText(path: string, end: RegExp): Promise<{ text: string; end: number }> {
  for (const bytes of [16_384, MAX_HEADER]) {
    const head = await readHead(path, bytes);
    // Latin-1 keeps one character a byte, so that positions are byte positions.
    const text = head.toString('latin1');
    const found = end.exec(text);
    if (found)
      return {
        text: head.subarray(0, found.index + (found[1]?.length ?? 0)).toString('utf8'),
        end: found.index + found[0].length,
      };
    if (head.length < bytes) return { text: head.toString('utf8'), end: head.length };
  }
  throw new DecileError(
    'scan/corrupt',
    `The header of ${path} must end within ${MAX_HEADER} bytes, got more.`,
    'The file is damaged: export it again.',
  );
}

/** @throws scan/truncated, scan/size, scan/not-finite, scan/corrupt */
export async function readPayload(path: string, p: Payload, grid: Grid): Promise<VoxelArray> {
  const width = voxelBytes(p.type);
  const count = grid.size[0] * grid.size[1] * grid.size[2];
  const bytes = await fileSize(p.path);
  const stored = bytes - p.start;
  // Text needs at least a digit and a blank for each voxel.
  const available =
    p.encoding === 'raw'
      ? stored - Math.max(0, p.skip)
      : p.encoding === 'text'
        ? ((stored + 1) / 2) * width
        : stored * DEFLATE_MAX_RATIO;
  checkSize(p.path, grid.size, width, available);
  if (p.encoding === 'text') return fromText(path, p, count);
  const raw =
    p.skip === -1 && p.encoding === 'raw'
      ? await readBytes(p.path, 'none', bytes - count * width, count * width)
      : await readBytes(
          p.path,
          p.encoding === 'raw' ? 'none' : p.encoding,
          Math.max(0, p.skip),
          count * width,
          p.start,
        );
  if (raw.byteLength < count * width) {
    throw new DecileError(
      'scan/truncated',
      `The voxels of ${p.path} must be ${count * width} bytes for ${grid.size.join(' x ')}, got ${raw.byteLength}.`,
      'The file is incomplete: copy or export it again.',
    );
  }
  const data = decodeVoxels(path, raw, p.type, p.littleEndian);
  assertFinite(path, data);
  return data;
}

async function fromText(path: string, p: Payload, count: number): Promise<VoxelArray> {
  const bytes = await readBytes(p.path, 'none', 0, (await fileSize(p.path)) - p.start, p.start);
  const values = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .trim()
    .split(/[\s,]+/);
  if (values.length < count)
    throw new DecileError(
      'scan/truncated',
      `${path} must list ${count} voxels, got ${values.length}.`,
      'The file is incomplete: copy or export it again.',
    );
  const type = p.type === 'int64' || p.type === 'uint64' ? 'float64' : p.type;
  const data: VoxelArray = new VOXEL_ARRAYS[type](count);
  for (let n = 0; n < count; n++) {
    const v = Number(values[n]);
    if (!Number.isFinite(v))
      throw new DecileError(
        'scan/not-finite',
        `Every voxel of ${path} must be a finite number, got ${values[n].slice(0, 20)}.`,
        'Export the file again.',
      );
    data[n] = v;
  }
  return data;
}
