/** Pixel data cut to the image: whole frames, without what stands behind them or among the bytes of compressed ones. */
import { DecileError } from '../../shared/errors.ts';
import { type DataSet, type Element, TRANSFER } from '../dicom/dataset.ts';
import { encapsulatedFrames, framesIn } from '../dicom/encapsulated.ts';
import { bareFrame } from './streams.ts';

/** Encapsulated, but not compressed. */
const RAW_FRAMES = '1.2.840.10008.1.2.1.98';

interface Shape {
  frames: number;
  /** Pixels of a frame. */
  pixels: number;
  samples: number;
  bits: number;
  /** Of these the ones that hold the value, from the lowest on; all where the header says otherwise. */
  stored: number;
  signed: boolean;
  /** YBR_FULL_422: two of three samples. */
  shared: boolean;
}

function shapeOf(d: DataSet): Shape {
  const bits = d.uint16('x00280100') ?? 0;
  const stored = d.uint16('x00280101') ?? bits;
  return {
    frames: framesIn(d),
    pixels: (d.uint16('x00280010') ?? 0) * (d.uint16('x00280011') ?? 0),
    samples: d.uint16('x00280002') ?? 1,
    bits,
    stored: (d.uint16('x00280102') ?? stored - 1) === stored - 1 ? stored : bits,
    signed: d.uint16('x00280103') === 1,
    shared: (d.string('x00280004') ?? '').trim() === 'YBR_FULL_422',
  };
}

/**
 * The bytes of uncompressed pixels that are image, of an even number.
 * @param tag one of (7fe0,0008), (7fe0,0009), (7fe0,0010)
 */
export function barePixels(tag: string, e: Element, d: DataSet): Uint8Array {
  const { frames, pixels, samples, bits, shared } = shapeOf(d);
  const width = tag === '7fe00008' ? 32 : tag === '7fe00009' ? 64 : bits;
  const values = frames * pixels * (shared ? 2 : samples);
  const length = Math.ceil((values * width) / 8);
  const value = d.byteArray.subarray(e.dataOffset, e.dataOffset + e.length);
  if (length >= value.length) return value.length % 2 === 0 ? value : padded(value);
  // The byte that makes the length even is no part of the image.
  return padded(value.subarray(0, length));
}

/**
 * Uncompressed values of 16 bits with what stands above the stored ones replaced as readers replace it: by the sign of signed values
 * (PS3.5 8.1.1), by 0 of unsigned ones of 12 bits. Of other widths the upper bits are read, and stay. A padding value beyond the
 * stored bits stays, too.
 */
export function withoutSpareBits(bytes: Uint8Array, d: DataSet, little: boolean): Uint8Array {
  const { bits, stored, signed } = shapeOf(d);
  if (bits !== 16 || stored < 1 || stored >= 16 || !(signed || stored === 12)) return bytes;
  const padding = d.uint16('x00280120');
  const up = 32 - stored;
  const out = new Uint8Array(bytes);
  const view = new DataView(out.buffer);
  for (let at = 0; at + 2 <= out.length; at += 2) {
    const value = view.getUint16(at, little);
    const kept = signed ? (value << up) >> up : value & (2 ** stored - 1);
    if (!(signed && value === padding)) view.setUint16(at, kept, little);
  }
  return out;
}

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  const even = new Uint8Array(bytes.length + 1);
  even.set(bytes);
  return even;
}

/**
 * Every compressed frame, one piece each, without comments.
 * @throws deid/pixels where a frame cannot be re-written, scan/truncated where one is missing
 */
export function bareFrames(path: string, syntax: string, e: Element, d: DataSet): Uint8Array[] {
  const { frames, pixels, samples, bits } = shapeOf(d);
  const frame = encapsulatedFrames(path, d, e);
  const bareOne = (bytes: Uint8Array): Uint8Array => {
    const bare =
      syntax === RAW_FRAMES
        ? bytes.subarray(0, Math.ceil((pixels * samples * bits) / 8))
        : bareFrame(syntax, bytes, samples, pixels);
    if (bare) return padded(bare);
    throw new DecileError(
      'deid/pixels',
      `The compressed pixels of ${path} must be JPEG, JPEG-LS, JPEG 2000 or RLE that can be re-written without comments, got ${syntax === TRANSFER.rle || /\.4\./.test(syntax) ? `a stream of ${syntax} that is not understood to its end` : syntax}.`,
      'Leave this image out, or convert it to an uncompressed transfer syntax, for instance with dcmdjpeg or gdcmconv.',
    );
  };
  const all: Uint8Array[] = [];
  // A damaged count ends at the first frame that is not there.
  for (let index = 0; index < frames; index++) all.push(bareOne(frame(index)));
  return all;
}
