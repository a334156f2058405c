/** Encoding DICOM: data sets to part-10 files, explicit VR little endian. */
import { randomUUID } from 'node:crypto';
import { DecileError } from '../../shared/errors.ts';
import { TRANSFER } from './dataset.ts';

export type Vr =
  | 'AE'
  | 'AS'
  | 'AT'
  | 'CS'
  | 'DA'
  | 'DS'
  | 'DT'
  | 'FD'
  | 'FL'
  | 'IS'
  | 'LO'
  | 'LT'
  | 'OB'
  | 'OD'
  | 'OF'
  | 'OL'
  | 'OV'
  | 'OW'
  | 'PN'
  | 'SH'
  | 'SL'
  | 'SQ'
  | 'SS'
  | 'ST'
  | 'SV'
  | 'TM'
  | 'UC'
  | 'UI'
  | 'UL'
  | 'UN'
  | 'UR'
  | 'US'
  | 'UT'
  | 'UV';

/** An element's value: text (several values as a list), numbers, raw bytes, or the items of a sequence. */
export type Value = string | readonly (string | number)[] | number | Uint8Array | readonly DicomSet[];
export interface DicomElement {
  /** 'ggggeeee' in lower-case hexadecimal. */
  tag: string;
  vr: Vr;
  value: Value;
}
export type DicomSet = readonly DicomElement[];

/** Shorthand for one element. */
export const el = (tag: string, vr: Vr, value: Value = ''): DicomElement => ({ tag, vr, value });

/** Decile's own root under the UUID arc, for which no registration is needed (PS3.5 annex B.2). */
export const newUid = (): string => `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`;

const IMPLEMENTATION_CLASS = '2.25.289846730198341873610986429836158265391';
const LONG_LENGTH = new Set<Vr>(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const TEXT_PAD = 0x20;

/** A part-10 file: preamble, meta group, data set. */
export function encodeFile(
  set: DicomSet,
  sopClass: string,
  sopInstance: string,
  transferSyntax: string = TRANSFER.explicitLittle,
): Uint8Array {
  const meta = encodeSet([
    el('00020001', 'OB', new Uint8Array([0, 1])),
    el('00020002', 'UI', sopClass),
    el('00020003', 'UI', sopInstance),
    el('00020010', 'UI', transferSyntax),
    el('00020012', 'UI', IMPLEMENTATION_CLASS),
    el('00020013', 'SH', 'DECILE'),
  ]);
  const length = encodeSet([el('00020000', 'UL', [meta.length])]);
  const preamble = new Uint8Array(132);
  preamble.set([0x44, 0x49, 0x43, 0x4d], 128);
  return join([preamble, length, meta, encodeSet(set)]);
}

/** Elements in ascending tag order, as the standard demands. */
export function encodeSet(set: DicomSet): Uint8Array {
  const sorted = [...set].sort((a, b) => (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0));
  return join(sorted.map(encodeElement));
}

function encodeElement({ tag, vr, value }: DicomElement): Uint8Array {
  const body = encodeValue(tag, vr, value);
  const long = LONG_LENGTH.has(vr);
  if (!long && body.length > 0xfffe) {
    throw new DecileError(
      'dicom/value-too-long',
      `The value of (${tag}) must be at most 65534 bytes, got ${body.length}.`,
      'Shorten the text.',
    );
  }
  const head = new Uint8Array(long ? 12 : 8);
  const v = new DataView(head.buffer);
  v.setUint16(0, Number.parseInt(tag.slice(0, 4), 16), true);
  v.setUint16(2, Number.parseInt(tag.slice(4), 16), true);
  head[4] = vr.charCodeAt(0);
  head[5] = vr.charCodeAt(1);
  if (long) v.setUint32(8, body.length, true);
  else v.setUint16(6, body.length, true);
  return join([head, body]);
}

function encodeValue(tag: string, vr: Vr, value: Value): Uint8Array {
  if (value instanceof Uint8Array) return pad(value, vr === 'UI' || vr.startsWith('O') || vr === 'UN' ? 0 : TEXT_PAD);
  if (vr === 'SQ') return join((value as readonly DicomSet[]).map(encodeItem));
  const list = Array.isArray(value) ? (value as readonly (string | number)[]) : [value as string | number];
  const numeric = (bytes: number, put: (v: DataView, at: number, x: number) => void) => {
    const out = new Uint8Array(list.length * bytes);
    const view = new DataView(out.buffer);
    list.forEach((x, n) => {
      put(view, n * bytes, Number(x));
    });
    return out;
  };
  switch (vr) {
    case 'US': return numeric(2, (v, at, x) => v.setUint16(at, x, true));
    case 'SS': return numeric(2, (v, at, x) => v.setInt16(at, x, true));
    case 'UL': return numeric(4, (v, at, x) => v.setUint32(at, x, true));
    case 'SL': return numeric(4, (v, at, x) => v.setInt32(at, x, true));
    case 'FL': return numeric(4, (v, at, x) => v.setFloat32(at, x, true));
    case 'FD': return numeric(8, (v, at, x) => v.setFloat64(at, x, true));
    case 'AT': return join(list.map((t) => {
      const hex = String(t);
      const out = new Uint8Array(4);
      const view = new DataView(out.buffer);
      view.setUint16(0, Number.parseInt(hex.slice(0, 4), 16), true);
      view.setUint16(2, Number.parseInt(hex.slice(4), 16), true);
      return out;
    }));
    case 'DS': return text(list.map((x) => (typeof x === 'number' ? decimal(x) : x)), TEXT_PAD);
    case 'UI': return text(list, 0);
    case 'AE': case 'AS': case 'CS': case 'DA': case 'DT': case 'IS': case 'LO': case 'LT': case 'PN': case 'SH': case 'ST':
    case 'TM': case 'UC': case 'UR': case 'UT': return text(list, TEXT_PAD);
    default: throw new DecileError('dicom/value', `The value of (${tag}) ${vr} must be bytes, got ${typeof value}.`, 'This is a fault of the program: please report it.');
  } // biome-ignore format: a table
}

function encodeItem(set: DicomSet): Uint8Array {
  const body = encodeSet(set);
  const head = new Uint8Array(8);
  const v = new DataView(head.buffer);
  v.setUint16(0, 0xfffe, true);
  v.setUint16(2, 0xe000, true);
  v.setUint32(4, body.length, true);
  return join([head, body]);
}

const text = (values: readonly (string | number)[], padding: number): Uint8Array =>
  pad(new TextEncoder().encode(values.join('\\')), padding);

/** A number in at most 16 characters, the most digits that fit. */
export function decimal(x: number): string {
  if (!Number.isFinite(x))
    throw new DecileError(
      'dicom/value',
      `A decimal string must be finite, got ${x}.`,
      'This is a fault of the program: please report it.',
    );
  const plain = String(x);
  if (plain.length <= 16) return plain;
  for (let digits = 16; digits > 1; digits--) {
    const s = String(Number(x.toPrecision(digits)));
    if (s.length <= 16) return s;
    const e = x.toExponential(digits - 1);
    if (e.length <= 16) return e;
  }
  return x.toExponential(5);
}

function pad(bytes: Uint8Array, padding: number): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  const out = new Uint8Array(bytes.length + 1);
  out.set(bytes);
  out[bytes.length] = padding;
  return out;
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    whole.set(p, at);
    at += p.length;
  }
  return whole;
}
