/** What becomes of a value whose attribute stays: kept by list and by form, emptied of notes and of everything that names the patient. */

import { createHmac } from 'node:crypto';
import { type DataSet, decodeText, type Element } from '../dicom/dataset.ts';
import { type Needles, needlesFor } from './needles.ts';
import { readings } from './readings.ts';
import { CHARACTER_SET, isSharedScheme, isTerm, isVersion, namesMaker } from './terms.ts';
import { withoutNotes } from './vr.ts';

export interface ValueRules {
  /** What the value must not say. */
  needles: Needles;
  /** The same without names of three letters or fewer, which turn up among numbers by chance. */
  long: Needles;
  characterSet: string;
  little: boolean;
  /** For words that stand for others: the same for the same word. */
  secret: string;
}

const LONG = 4;

export const valueRules = (
  identifiers: readonly string[],
  d: DataSet,
  secret: string,
  little: boolean,
): ValueRules => ({
  needles: needlesFor(identifiers),
  long: needlesFor(identifiers.filter((one) => one.length >= LONG)),
  characterSet: d.string('x00080005') ?? '',
  little,
  secret,
});

const LOCAL_MEANING = 'local code';
const LOCAL_SCHEME = '99LOCAL';
/** Stands for a word that is none of the lists'. */
const OURS = /^X-[0-9A-F]{8}$/;
const standIn = (word: string, secret: string): string =>
  `X-${createHmac('sha256', secret).update(`word\0${word}`).digest('hex').slice(0, 8).toUpperCase()}`;

const CODE = {
  value: ['00080100', '00080119', '00080120'],
  scheme: '00080102',
  version: '00080103',
  meaning: '00080104',
};
/** Kinds of image and frame tell the parts of a series apart, and content must have a label: a word stands for each that goes. */
const KINDS = new Set(['00080008', '00089007', '00700080']);
const MAKER = new Set(['00080070', '00081090']);
/** Labels that a person gave: they are not emptied behind his back; the search refuses them. */
const LABELS = new Set(['00620005', '30060026']);
/** Corners of contours: one left out would make another structure. */
const CONTOUR = '30060050';
const TABLE = '00283006';
/** Numbers that count images may equal a short number of the patient. */
const COUNTS = new Set(['00200013', '00280008']);

/**
 * The value that leaves, `e`'s own bytes where it may stay as it is.
 * @returns null where it is text in the place of a table's numbers: without the table the image would say something else
 */
export function keptValue(tag: string, vr: string, e: Element, d: DataSet, rules: ValueRules): Uint8Array | null {
  const bytes = Buffer.from(d.byteArray.subarray(e.dataOffset, e.dataOffset + e.length));
  const code = codeValue(tag, bytes, d, rules.secret);
  if (code !== null) return code;
  if (tag === TABLE) return isTable(bytes, d, rules.little) && !says(bytes, rules.long) ? bytes : null;
  switch (vr) {
    case 'CS':
      return each(bytes, (word) => codedWord(tag, word, rules));
    case 'IS':
    case 'DS': {
      if (tag === CONTOUR) return /^[-+0-9.eE\\ \0]*$/.test(bytes.toString('latin1')) ? bytes : new Uint8Array(0);
      const digits = vr === 'DS' || COUNTS.has(tag) ? 6 : 4;
      const tidy = withoutNotes(vr, bytes);
      const value = tidy === null ? bytes : padded(tidy);
      return each(value, (word) => (rules.needles.inNumber(word, digits).length > 0 ? '' : word));
    }
    case 'UI':
      return each(bytes, (uid) => (/^[0-9.]*$/.test(uid) && !named(uid, rules.needles) ? uid : ''), 0);
    case 'AS': {
      const tidy = withoutNotes(vr, bytes);
      return tidy === null ? bytes : padded(tidy);
    }
  }
  if (NUMBERS[vr]) return says(bytes, rules.long) || holdsNumber(vr, bytes, rules) ? new Uint8Array(0) : bytes;
  if (/^O/.test(vr)) return says(bytes, rules.long) ? new Uint8Array(0) : bytes;
  if (LABELS.has(tag)) return bytes;
  if (tag === '00181020' && !isVersion(bytes.toString('latin1'))) return new Uint8Array(0);
  return namesIn(tag, bytes, rules).length > 0 ? new Uint8Array(0) : bytes;
}

/** The patient's number as one part of a UID. */
const named = (uid: string, needles: Needles) => uid.split('.').some((part) => needles.inNumber(part, 6).length > 0);

const says = (bytes: Buffer, needles: Needles): boolean =>
  needles.size > 0 && [...readings(bytes, needles.foreign)].some((text) => needles.in(text).length > 0);

/** Identifiers in a text; the maker's name is no patient's where the maker stands. */
export function namesIn(tag: string, bytes: Buffer, { needles, characterSet }: ValueRules): string[] {
  if (needles.size === 0) return [];
  const texts = [decodeText(bytes, characterSet), ...readings(bytes, needles.foreign)];
  const found = new Set(texts.flatMap((text) => needles.in(text)));
  return [...found].filter((one) => !(MAKER.has(tag) && namesMaker(one)));
}

/** Identifiers in a coded value; terms name nobody. */
export const namesInCode = (value: string, needles: Needles): string[] =>
  isTerm(value) && !/\d{4}/.test(value) ? [] : needles.in(value);

function codedWord(tag: string, word: string, { needles, secret }: ValueRules): string {
  if (tag === '00080005') return CHARACTER_SET.test(word) ? word : '';
  if (OURS.test(word)) return word;
  if (isTerm(word) && namesInCode(word, needles).length === 0) return word;
  return KINDS.has(tag) ? standIn(word, secret) : '';
}

/** A code of a hospital's or maker's own scheme as one that says nothing; null for all else. */
function codeValue(tag: string, bytes: Buffer, d: DataSet, secret: string): Uint8Array | null {
  const { value, scheme, version, meaning } = CODE;
  if (!value.includes(tag) && ![scheme, version, meaning].includes(tag)) return null;
  const text = bytes.toString('latin1').replace(/[\0 ]+$/, '').trim(); // biome-ignore format: one chain
  if (tag === version && !/^[0-9A-Za-z.]{0,16}$/.test(text)) return new Uint8Array(0);
  const designator = d.string(`x${scheme}`) ?? '';
  const plain = [d.string('x00080100'), d.string('x00080119')].every(
    (v) => v === undefined || /^[\w.:^/-]*$|^[^A-Za-z]*$/.test(v),
  );
  const shared = isSharedScheme(designator) && (plain || /^UCUM/i.test(designator.trim())) && tag !== '00080120';
  if (shared) return null;
  if (tag === scheme) return padded(LOCAL_SCHEME);
  if (tag === meaning) return padded(LOCAL_MEANING);
  if (tag === version) return new Uint8Array(0);
  if (OURS.test(text)) return bytes;
  return padded(standIn(text, secret));
}

/** Bytes of one number. */
const NUMBERS: Record<string, number> = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8, AT: 4, UV: 8, SV: 8 };

/** The patient's number as a binary one. */
function holdsNumber(vr: string, bytes: Buffer, { needles, little }: ValueRules): boolean {
  if (needles.size === 0 || (vr !== 'UL' && vr !== 'SL' && vr !== 'FD' && vr !== 'FL')) return false;
  const width = NUMBERS[vr];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + width <= bytes.length; at += width) {
    const value = vr === 'FD' ? view.getFloat64(at, little) : vr === 'FL' ? view.getFloat32(at, little) : view.getUint32(at, little); // biome-ignore format: one choice
    if (Number.isInteger(value) && needles.inNumber(String(value), 6).length > 0) return true;
  }
  return false;
}

/**
 * True for the numbers of a look-up table: as many as its descriptor says, and either in order, as tables of modalities are, or without
 * a row of letters.
 */
function isTable(bytes: Buffer, d: DataSet, little: boolean): boolean {
  const entries = d.uint16('x00283002') || 65536;
  const bits = d.uint16('x00283002', 2) ?? 16;
  const width = bits > 8 || bytes.length >= 2 * entries ? 2 : 1;
  if (bytes.length > ((entries * width + 1) & ~1)) return false;
  const values = Array.from({ length: Math.floor(bytes.length / width) }, (_, n) =>
    width === 1 ? bytes[n] : little ? bytes.readUInt16LE(2 * n) : bytes.readUInt16BE(2 * n),
  );
  const steps = values.slice(1).map((v, n) => v - values[n]);
  if (width === 2 && (steps.every((s) => s >= 0) || steps.every((s) => s <= 0))) return true;
  return !/[A-Za-z]{5}/.test(bytes.toString('latin1')) && !/(?:[A-Za-z]\0){5}/.test(bytes.toString('latin1'));
}

/** Every value of a text, without its padding; the same bytes where none changes. */
function each(bytes: Uint8Array, change: (value: string) => string, filler = 0x20): Uint8Array {
  const values = Buffer.from(bytes)
    .toString('latin1')
    .split('\\')
    .map((v) => v.replace(/[\0 ]+$/, '').trimStart());
  const changed = values.map(change);
  return changed.every((v, n) => v === values[n]) ? bytes : padded(changed.join('\\'), filler);
}

/** Text of an even number of bytes. */
function padded(text: string, filler = 0x20): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length % 2 === 0) return bytes;
  return Buffer.concat([bytes, Buffer.from([filler])]);
}
