/** Siemens mosaics: all slices of a volume side by side in one image (functional and diffusion imaging). */
import { norm3 } from '../../core/geometry.ts';
import { type DataSet, number } from './dataset.ts';

/** Where a slice lies in its mosaic. */
export interface Tile {
  /** Size of the whole image. */
  columns: number;
  rows: number;
  /** First column and row of the slice. */
  left: number;
  top: number;
}

export type MosaicMaker = 'siemens' | 'uih';

/**
 * Whose mosaic the image is, if it is one: Siemens says so in ImageType, or, where that was changed, by the number of its
 * images (0019,100A, CSA header); United Imaging by the images in its grid (0065,1050).
 */
export function mosaicMaker(d: DataSet): MosaicMaker | undefined {
  if (/(^|\\)\s*MOSAIC\s*(\\|$)/i.test(d.string('x00080008') ?? '')) return 'siemens';
  if ((number(d, 'x00651050') ?? 0) > 1 && /UIH|UNITED/i.test(`${d.string('x00080070')} ${d.string('x00650010')}`))
    return 'uih';
  const siemens = /SIEMENS/i.test(`${d.string('x00080070')} ${d.string('x00190010')}`);
  if (!siemens) return undefined;
  const several = (d.elements.x0019100a?.length === 2 ? (d.uint16('x0019100a') ?? 0) : 0) > 1;
  return several || (csaFields(d, 'x00291010').get('NumberOfImagesInMosaic')?.[0] ?? 0) > 1 ? 'siemens' : undefined;
}

/** What a mosaic image says of itself. */
interface Whole {
  columns: number;
  rows: number;
  position: number[] | undefined;
  orientation: number[] | undefined;
  pixelSpacing: number[] | undefined;
  thickness?: number;
}

/** More slices than any mosaic has. */
const MAX_TILES = 1024;

/**
 * The slices of a mosaic as frames. ImagePositionPatient is that of a single image as wide as the mosaic around the
 * centre of the first slice, so that slice begins half the difference further in; the next lie along the normal of the
 * scanner's private (CSA) header.
 * @returns null where the header does not say enough; the mosaic is then refused as one
 */
export function mosaicFrames<F extends Whole>(d: DataSet, whole: F): (F & { tile: Tile })[] | null {
  const csa = csaFields(d, 'x00291010');
  const count = csa.get('NumberOfImagesInMosaic')?.[0] ?? d.uint16('x0019100a') ?? 0;
  const normal = csa.get('SliceNormalVector')?.slice(0, 3);
  const distance = number(d, 'x00180088') ?? whole.thickness ?? 0;
  const { position, orientation, pixelSpacing } = whole;
  if (!Number.isInteger(count) || count < 2 || count > MAX_TILES || !normal || normal.length < 3) return null;
  if (!position || !orientation || !pixelSpacing || !(distance > 0) || Math.abs(norm3(normal) - 1) > 0.01) return null;
  const side = Math.ceil(Math.sqrt(count));
  if (whole.columns % side !== 0 || whole.rows % side !== 0) return null;
  const [columns, rows] = [whole.columns / side, whole.rows / side];
  const inwards = [
    ((whole.columns - columns) / 2) * pixelSpacing[1],
    ((whole.rows - rows) / 2) * pixelSpacing[0],
  ] as const;
  return Array.from({ length: count }, (_, k) => ({
    ...whole,
    index: k,
    columns,
    rows,
    position: [0, 1, 2].map(
      (c) => position[c] + inwards[0] * orientation[c] + inwards[1] * orientation[3 + c] + k * distance * normal[c],
    ),
    tile: {
      columns: whole.columns,
      rows: whole.rows,
      left: (k % side) * columns,
      top: Math.floor(k / side) * rows,
    },
    direct: undefined,
  }));
}

/** One slice cut out of the values of its mosaic. */
export function cutTile<T extends { subarray(from: number, to: number): T; set(from: T, at: number): void }>(
  values: T,
  f: { columns: number; rows: number },
  tile: Tile,
  empty: (length: number) => T,
): T {
  const out = empty(f.rows * f.columns);
  for (let row = 0; row < f.rows; row++) {
    const from = (tile.top + row) * tile.columns + tile.left;
    out.set(values.subarray(from, from + f.columns), row * f.columns);
  }
  return out;
}

/** The numeric fields of a CSA header ("SV10"): name, then items of text. Empty where it is absent or damaged. */
function csaFields(d: DataSet, tag: string): Map<string, number[]> {
  const fields = new Map<string, number[]>();
  const e = d.elements[tag];
  if (!e || e.dataOffset + e.length > d.byteArray.length || e.length < 16) return fields;
  const bytes = Buffer.from(d.byteArray.buffer, d.byteArray.byteOffset + e.dataOffset, e.length);
  if (bytes.toString('latin1', 0, 4) !== 'SV10') return fields;
  const count = Math.min(bytes.readUInt32LE(8), 1000);
  let at = 16;
  for (let n = 0; n < count && at + 84 <= bytes.length; n++) {
    const name = textOf(bytes, at, 64);
    const items = bytes.readInt32LE(at + 76);
    at += 84;
    const values: number[] = [];
    for (let i = 0; i < items && at + 16 <= bytes.length; i++) {
      const length = bytes.readInt32LE(at + 4);
      at += 16;
      if (length < 0 || at + length > bytes.length) return fields;
      const value = textOf(bytes, at, length).trim();
      if (value !== '' && Number.isFinite(Number(value))) values.push(Number(value));
      at += length + ((4 - (length % 4)) % 4);
    }
    fields.set(name, values);
  }
  return fields;
}

function textOf(bytes: Buffer, at: number, length: number): string {
  const text = bytes.toString('latin1', at, at + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
