/** The pixels of a DICOM segmentation: bits, fractions or labels, plain or compressed. */
import { DecileError } from '../../shared/errors.ts';
import { type DicomData, number, PIXEL_DATA } from './dataset.ts';
import { encapsulatedFrame } from './encapsulated.ts';
import type { Frame } from './frame.ts';

/** A function from pixel number (over all frames) to value: 0/1, or the label of a label map. */
export async function segPixels(
  file: DicomData,
  rows: number,
  columns: number,
  count: number,
  kind: string,
): Promise<(n: number) => number> {
  const { dataSet, path, transferSyntax } = file;
  const element = dataSet.elements[PIXEL_DATA];
  if (!element)
    throw new DecileError('scan/no-pixels', `${path} must hold pixels, got none.`, 'Export the segmentation again.');
  const allocated = dataSet.uint16('x00280100') ?? 1;
  const plane = rows * columns;
  const half = (number(dataSet, 'x0062000e') ?? dataSet.uint16('x0062000e') ?? 255) / 2;
  const value =
    kind === 'FRACTIONAL'
      ? (v: number) => (v >= half ? 1 : 0)
      : kind === 'LABELMAP'
        ? (v: number) => v
        : (v: number) => (v ? 1 : 0);
  let bytes = dataSet.byteArray.subarray(
    element.dataOffset,
    Math.min(element.dataOffset + element.length, dataSet.byteArray.length),
  );
  if (element.fragments) {
    const { decodeCompressed } = await import('./codecs.ts');
    const whole = new Uint8Array(plane * count * (allocated === 16 ? 2 : 1));
    const shape = { rows, columns, bitsAllocated: allocated, bitsStored: allocated, signed: false, path } as Frame;
    if (allocated === 1)
      throw new DecileError(
        'scan/transfer-syntax',
        `One-bit pixels of ${path} must be uncompressed, got ${transferSyntax}.`,
        'Export the segmentation uncompressed.',
      );
    for (let n = 0; n < count; n++) {
      const values = await decodeCompressed(
        path,
        transferSyntax,
        encapsulatedFrame(path, dataSet, element, { ...shape, index: n }),
        { ...shape, index: n },
      );
      whole.set(
        new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
        n * values.byteLength,
      );
    }
    bytes = whole;
  }
  const needed = Math.ceil((plane * count * allocated) / 8);
  if (bytes.length < needed)
    throw new DecileError(
      'scan/truncated',
      `The pixels of ${path} must be ${needed} bytes for ${count} frames, got ${bytes.length}.`,
      'The file is incomplete: transfer it again.',
    );
  if (allocated === 1) return (n) => (bytes[n >> 3] >> (n & 7)) & 1;
  if (allocated === 8) return (n) => value(bytes[n]);
  if (allocated === 16) return (n) => value(bytes[2 * n] | (bytes[2 * n + 1] << 8));
  throw new DecileError(
    'scan/type',
    `The pixels of ${path} must be 1, 8 or 16 bits, got ${allocated}.`,
    'Export the segmentation again.',
  );
}
