/** Images of one slice compressed by Cornerstone's own encoders, with a header that may say something else than the stream. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  setQuality(lossless: boolean, step: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
}

const CODECS = {
  htj2k: { file: 'codec-openjph', encoder: 'HTJ2KEncoder', syntax: '1.2.840.10008.1.2.4.201' },
  'jpeg-2000': { file: 'codec-openjpeg', encoder: 'J2KEncoder', syntax: '1.2.840.10008.1.2.4.90' },
};
export type Codec = keyof typeof CODECS;

export interface Header {
  columns: number;
  rows: number;
  /** Bits stored of 16. */
  stored: number;
  signed: boolean;
}

/** `values` as a lossless code stream that states `bits` and sign. */
export async function coded(
  codec: Codec,
  { columns, rows }: Pick<Header, 'columns' | 'rows'>,
  values: Int16Array,
  stream: { bits: number; signed: boolean },
): Promise<Buffer> {
  const require = createRequire(import.meta.url);
  const { file, encoder: name } = CODECS[codec];
  type Factory = (o: object) => Promise<Record<string, new () => Encoder>>;
  const module = await (require(`@cornerstonejs/${file}/wasmjs`) as Factory)({
    wasmBinary: readFileSync(require.resolve(`@cornerstonejs/${file}/wasm`)),
    print: () => {},
    printErr: () => {},
  });
  const encoder = new module[name]();
  const info = { width: columns, height: rows, bitsPerSample: stream.bits, componentCount: 1, isSigned: stream.signed };
  encoder
    .getDecodedBuffer({ ...info, isUsingColorTransform: false })
    .set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  encoder.setQuality(true, 0);
  encoder.encode();
  return Buffer.from(encoder.getEncodedBuffer());
}

/** A CT slice of one frame. */
export function streamFile(codec: Codec, { columns, rows, stored, signed }: Header, stream: Buffer): Buffer {
  const padded = stream.length % 2 ? Buffer.concat([stream, Buffer.alloc(1)]) : stream;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(padded.length);
  const set = [
    el('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.2'), el('00080018', 'UI', newUid()), el('00080060', 'CS', 'CT'),
    el('0020000d', 'UI', newUid()), el('0020000e', 'UI', newUid()),
    el('00200032', 'DS', [0, 0, 0]), el('00200037', 'DS', [1, 0, 0, 0, 1, 0]), el('00280002', 'US', 1), el('00280004', 'CS', 'MONOCHROME2'),
    el('00280010', 'US', rows), el('00280011', 'US', columns), el('00280030', 'DS', [1, 1]), el('00280100', 'US', 16),
    el('00280101', 'US', stored), el('00280102', 'US', stored - 1), el('00280103', 'US', signed ? 1 : 0),
  ]; // biome-ignore format: a data set
  const open = Buffer.from('e07f10004f420000ffffffff' + 'feff00e000000000' + 'feff00e0', 'hex');
  const close = Buffer.from('feffdde000000000', 'hex');
  const head = encodeFile(set, '1.2.840.10008.5.1.4.1.1.2', newUid(), CODECS[codec].syntax);
  return Buffer.concat([head, open, length, padded, close]);
}
