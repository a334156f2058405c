/** The stored pixels of one frame: uncompressed here, compressed ones by codec. No rescale, no display transform. */
import type { VoxelArray } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { decodeVoxels, type StoredType, voxelBytes } from '../voxels.ts';
import { type DicomData, type Element, PIXEL_DATA, TRANSFER } from './dataset.ts';
import { encapsulatedFrame } from './encapsulated.ts';
import type { Frame } from './frame.ts';
import { cutTile } from './mosaic.ts';
import { storedType } from './stored-type.ts';

/** rows x columns stored values of frame `f.index`, signed as the header says. */
export async function framePixels(file: DicomData, f: Frame): Promise<VoxelArray> {
  if (!f.tile) return imagePixels(file, f);
  const { rows, columns } = f.tile;
  const values = await imagePixels(file, { ...f, index: 0, rows, columns });
  return cutTile(values, f, f.tile, (length) => new (values.constructor as new (n: number) => VoxelArray)(length));
}

async function imagePixels(file: DicomData, f: Frame): Promise<VoxelArray> {
  const { dataSet, path, transferSyntax } = file;
  const count = f.rows * f.columns;
  for (const [tag, type] of [
    ['x7fe00008', 'float32'],
    ['x7fe00009', 'float64'],
  ] as const) {
    const element = dataSet.elements[tag];
    if (element) return rawFrame(file, f, element, type, count);
  }
  const element = dataSet.elements[PIXEL_DATA];
  if (!element)
    throw new DecileError(
      'scan/no-pixels',
      `${path} must hold an image, got no pixel data.`,
      'Transfer the file again.',
    );
  const type = storedType(f);
  // Loaded when the first compressed frame comes: most series are not, and the decoders take a while to load.
  const encapsulated = element.fragments !== undefined;
  const values = encapsulated
    ? await (await import('./codecs.ts')).decodeCompressed(
        path,
        transferSyntax,
        encapsulatedFrame(path, dataSet, element, f),
        f,
      )
    : rawFrame(file, f, element, type, count);
  return cleaned(values, f);
}

/** Bits that are no part of the values taken out, in place. */
export function cleaned(values: VoxelArray, f: Frame): VoxelArray {
  lowerToStored(values, f);
  const masked = f.overlayInPixels || f.signed || strayBits(values, f) ? maskHighBits(values, f) : values;
  return f.reversedRows ? reverseRows(masked, f) : masked;
}

/**
 * Stored bits that end above their number, as old headers allow (HighBit 15 of 12 bits): moved down, in place. Where something
 * stands below them the header is wrong, and the values lie low as ever.
 */
function lowerToStored(values: VoxelArray, f: Frame): void {
  const by = f.highBit + 1 - f.bitsStored;
  const asStored = UNCOMPRESSED.has(f.transferSyntax) || f.transferSyntax === TRANSFER.rle;
  if (by <= 0 || f.highBit >= f.bitsAllocated || f.bitsAllocated > 32 || !asStored) return;
  const below = 2 ** by - 1;
  for (let n = 0; n < values.length; n++) if ((values[n] & below) !== 0) return;
  for (let n = 0; n < values.length; n++) values[n] = f.signed ? values[n] >> by : values[n] >>> by;
}

/** The first row last, in place. */
function reverseRows(values: VoxelArray, { rows, columns }: Frame): VoxelArray {
  for (let top = 0, bottom = rows - 1; top < bottom; top++, bottom--) {
    const kept = values.slice(top * columns, (top + 1) * columns);
    values.copyWithin(top * columns, bottom * columns, (bottom + 1) * columns);
    values.set(kept, bottom * columns);
  }
  return values;
}

/**
 * Unsigned values of 12 stored bits with something above them, as old scanners leave it: dropped, as by dcm2niix. Of
 * other widths all 16 bits are kept: there writers mean them (padding).
 */
function strayBits(values: VoxelArray, f: Frame): boolean {
  if (f.signed || f.bitsStored !== 12 || f.bitsAllocated !== 16) return false;
  let all = 0;
  for (let n = 0; n < values.length; n++) all |= values[n];
  return all > 4095;
}

/** Transfer syntaxes whose pixels lie in the file as they are. */
const UNCOMPRESSED: ReadonlySet<string> = new Set([
  TRANSFER.implicitLittle,
  TRANSFER.explicitLittle,
  TRANSFER.explicitBig,
  TRANSFER.deflated,
  TRANSFER.privateGe,
]);

function rawFrame(file: DicomData, f: Frame, element: Element, type: StoredType, count: number): VoxelArray {
  const { path, dataSet, transferSyntax } = file;
  if (!UNCOMPRESSED.has(transferSyntax))
    throw new DecileError(
      'scan/transfer-syntax',
      `The pixels of ${path} must be in a known transfer syntax, got ${transferSyntax}.`,
      'Convert the series to an uncompressed one, for instance with dcmdjpeg or gdcmconv.',
    );
  const bytes = count * voxelBytes(type);
  const start = element.dataOffset + f.index * bytes;
  const end = Math.min(element.dataOffset + element.length, dataSet.byteArray.length);
  if (start + bytes > end) {
    throw new DecileError(
      'scan/truncated',
      `The pixels of ${path} must be ${bytes} bytes for ${f.columns} x ${f.rows}, got ${Math.max(0, end - start)}.`,
      'The file is incomplete: transfer it again.',
    );
  }
  const big = transferSyntax === TRANSFER.explicitBig || transferSyntax === TRANSFER.privateGe;
  const part = dataSet.byteArray.subarray(start, start + bytes);
  // 8-bit pixels in a big-endian file with VR OW are 16-bit words: two pixels a word, swapped.
  const words = big && voxelBytes(type) === 1 && element.vr === 'OW';
  // Only bytes that change places are copied; the values are copied into the volume anyway.
  const own = big ? new Uint8Array(part) : part;
  if (words) Buffer.from(own.buffer, 0, own.length & ~1).swap16();
  return decodeVoxels(path, own, type, !big);
}

/**
 * Keeps the stored bits alone and restores their sign, which stands in the high bit: the others may hold anything (PS3.5
 * 8.1.1), an overlay for one. A padding value beyond the stored bits stays, as it means no value.
 */
function maskHighBits(values: VoxelArray, f: Frame): VoxelArray {
  const bits = f.bitsStored;
  if (bits < 1 || bits >= f.bitsAllocated || f.bitsAllocated > 32) return values;
  const up = 32 - bits;
  const low = 2 ** (bits - 1);
  const beyond = f.padding !== undefined && f.signed && (f.padding < -low || f.padding >= low);
  if (f.signed) {
    for (let n = 0; n < values.length; n++) if (!beyond || values[n] !== f.padding) values[n] = (values[n] << up) >> up;
  } else {
    for (let n = 0; n < values.length; n++) values[n] = (values[n] << up) >>> up;
  }
  return values;
}
