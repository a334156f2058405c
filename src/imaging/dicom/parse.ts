/** The elements of a DICOM data set (PS3.5, section 7): where each value lies. Values are decoded when asked for. */
import { DecileError } from '../../shared/errors.ts';

export interface Element {
  /** Absent in implicit VR. */
  vr?: string;
  /** Bytes of the value; of what was walked over where the file says "undefined". */
  length: number;
  dataOffset: number;
  /** Items of a sequence. */
  items?: { dataSet?: DataSet }[];
  /** Pieces of encapsulated pixel data, without the offset table. */
  fragments?: Fragment[];
  basicOffsetTable?: number[];
}

export interface Fragment {
  /** Start of the piece's item, counted from the first piece's, as offset tables do. */
  offset: number;
  /** Start of the bytes in the file. */
  position: number;
  length: number;
}

/** A data set as dicom-parser gives it and as parseElements does. */
export interface DataSet {
  readonly byteArray: Uint8Array;
  /** By tag, 'xggggeeee' in lower-case hexadecimal. */
  readonly elements: Record<string, Element>;
  /** The value as Latin text up to its first zero byte, trimmed; undefined where it is absent or empty. */
  string(tag: string): string | undefined;
  /** @param at which of several numbers, from 0 */
  uint16(tag: string, at?: number): number | undefined;
  int16(tag: string): number | undefined;
  uint32(tag: string): number | undefined;
  float(tag: string): number | undefined;
  double(tag: string): number | undefined;
}

class WalkedDataSet implements DataSet {
  readonly byteArray: Uint8Array;
  readonly elements: Record<string, Element> = {};
  private readonly little: boolean;
  constructor(byteArray: Uint8Array, little: boolean) {
    this.byteArray = byteArray;
    this.little = little;
  }
  string(tag: string): string | undefined {
    const e = this.elements[tag];
    if (!e || e.length === 0) return undefined;
    const { buffer, byteOffset } = this.byteArray;
    const text = Buffer.from(buffer, byteOffset + e.dataOffset, this.within(e)).toString('latin1');
    const end = text.indexOf('\0');
    return (end < 0 ? text : text.slice(0, end)).trim();
  }
  uint16(tag: string, at = 0): number | undefined {
    return this.view(tag, 2, 2 * at)?.getUint16(0, this.little);
  }
  int16(tag: string): number | undefined {
    return this.view(tag, 2)?.getInt16(0, this.little);
  }
  uint32(tag: string): number | undefined {
    return this.view(tag, 4)?.getUint32(0, this.little);
  }
  float(tag: string): number | undefined {
    return this.view(tag, 4)?.getFloat32(0, this.little);
  }
  double(tag: string): number | undefined {
    return this.view(tag, 8)?.getFloat64(0, this.little);
  }
  private within(e: Element): number {
    return Math.max(0, Math.min(e.length, this.byteArray.length - e.dataOffset));
  }
  private view(tag: string, bytes: number, from = 0): DataView | undefined {
    const e = this.elements[tag];
    if (!e || this.within(e) < from + bytes) return undefined;
    return new DataView(this.byteArray.buffer, this.byteArray.byteOffset + e.dataOffset + from, bytes);
  }
}

/** A data set without elements, of values in these bytes. */
export const emptyDataSet = (byteArray: Uint8Array, little: boolean): DataSet => new WalkedDataSet(byteArray, little);

export interface Encoding {
  explicit: boolean;
  little: boolean;
}

/** Value representations with a length of 16 bits; all others, later ones too, have one of 32. */
const SHORT = new Set(
  'AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' ').map((vr) => code(vr)),
);
const LONG = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' ').map((vr) => code(vr)));
const NAMES = new Map([...SHORT, ...LONG].map((c) => [c, String.fromCharCode(c >> 8, c & 255)]));
const [SQ, UN] = [code('SQ'), code('UN')];
function code(vr: string): number {
  return (vr.charCodeAt(0) << 8) | vr.charCodeAt(1);
}

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const PIXELS = 0x7fe00010;
const FLOAT_PIXELS = [0x7fe00008, 0x7fe00009];
/** The length of what ends with a delimiter. */
export const UNDEFINED = 0xffffffff;
/** Deeper than any real object (structured reports: about a dozen). */
const MAX_DEPTH = 64;
/** About a gigabyte of elements; an enhanced CT of 2,000 slices has some 60,000. */
const MAX_ELEMENTS = 2 ** 22;

/** True where an element with explicit VR begins at `at`. */
export const explicitAt = (b: Uint8Array, at: number): boolean =>
  NAMES.has((b[at + 4] << 8) | b[at + 5]) && at + 8 <= b.length;

/**
 * Adds the elements from `at` on to `into`.
 * @param headerOnly stop at the pixel data, whose element then has an offset but no pieces
 * @param group only the elements of this group
 * @returns where it stopped
 * @throws scan/truncated where a value ends behind the bytes, scan/corrupt where the structure contradicts itself
 */
export function parseElements(
  path: string,
  into: DataSet,
  at: number,
  how: Encoding,
  headerOnly: boolean,
  group?: number,
): number {
  return new Parser(path, into.byteArray, how.little).root(into, at, how.explicit, headerOnly, group);
}

class Parser {
  private readonly path: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly little: boolean;
  private count = 0;
  constructor(path: string, bytes: Uint8Array, little: boolean) {
    this.path = path;
    this.bytes = bytes;
    this.little = little;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  root(into: DataSet, start: number, explicit: boolean, headerOnly: boolean, group?: number): number {
    const end = this.bytes.length;
    let at = start;
    let behindPixels = false;
    while (at + 8 <= end) {
      const tag = this.tagAt(at);
      if (group !== undefined && tag >>> 16 !== group) return at;
      // Zeros or other padding behind the pixels are no part of the data set.
      if (behindPixels && tag < PIXELS) return at;
      try {
        const element = this.header(at, explicit);
        const pixels = tag === PIXELS || FLOAT_PIXELS.includes(tag);
        into.elements[name(tag)] = element;
        if (pixels && headerOnly) return at;
        // Pixels that break off are checked frame by frame.
        if (pixels && element.length !== UNDEFINED && element.dataOffset + element.length > end) return at;
        at = this.value(tag, element, end, explicit, 0);
        behindPixels ||= pixels;
      } catch (error) {
        if (behindPixels) return at;
        throw error;
      }
    }
    if (at < end && !behindPixels && this.bytes.subarray(at).some((b) => b !== 0)) throw this.cut(`${end - at} bytes`);
    return at;
  }

  private tagAt(at: number): number {
    return this.view.getUint16(at, this.little) * 65536 + this.view.getUint16(at + 2, this.little);
  }

  /** Tag, VR and length; the value is not looked at. */
  private header(at: number, explicit: boolean): Element {
    if (++this.count > MAX_ELEMENTS) throw this.broken(`more than ${MAX_ELEMENTS} elements`);
    const vr = explicit ? this.view.getUint16(at + 4) : 0;
    // Some writers leave out the VR of single elements: these are implicit.
    if (!explicit || !upper(vr)) return { length: this.view.getUint32(at + 4, this.little), dataOffset: at + 8 };
    const vrName = NAMES.get(vr) ?? String.fromCharCode(vr >> 8, vr & 255);
    if (SHORT.has(vr)) return { vr: vrName, length: this.view.getUint16(at + 6, this.little), dataOffset: at + 8 };
    if (at + 12 > this.bytes.length) throw this.cut('the head of an element');
    return { vr: vrName, length: this.view.getUint32(at + 8, this.little), dataOffset: at + 12 };
  }

  /** Walks over a value, into its items or pieces where it has some; returns where the next element begins. */
  private value(tag: number, e: Element, end: number, explicit: boolean, depth: number): number {
    const vr = e.vr === undefined ? 0 : code(e.vr);
    if (e.length === UNDEFINED) {
      const next =
        tag === PIXELS || (vr !== 0 && vr !== SQ && vr !== UN)
          ? this.pieces(e, end)
          : this.sequence(e, end, true, vr === SQ && explicit, depth);
      e.length = next - e.dataOffset;
      return next;
    }
    const next = e.dataOffset + e.length;
    if (next > end) throw this.cut(`(${hex(tag).slice(0, 4)},${hex(tag).slice(4)})`);
    if (vr === SQ) this.sequence(e, next, false, explicit, depth);
    else if ((vr === 0 || vr === UN) && this.looksLikeItems(tag, e)) this.guess(e, next, depth);
    return next;
  }

  /** Archives without a dictionary store sequences of known length as UN; implicit VR does not say what is one. */
  private looksLikeItems(tag: number, e: Element): boolean {
    return e.length >= 8 && ((tag >>> 16) & 1) === 0 && this.tagAt(e.dataOffset) === ITEM;
  }

  private guess(e: Element, end: number, depth: number): void {
    try {
      this.sequence(e, end, false, false, depth);
    } catch (error) {
      if (!(error instanceof DecileError)) throw error;
      e.items = undefined;
    }
  }

  private sequence(e: Element, end: number, delimited: boolean, explicit: boolean, depth: number): number {
    if (depth >= MAX_DEPTH) throw this.broken(`sequences nested more than ${MAX_DEPTH} deep`);
    const items: { dataSet: DataSet }[] = [];
    e.items = items;
    let at = e.dataOffset;
    while (at + 8 <= end) {
      const tag = this.tagAt(at);
      const length = this.view.getUint32(at + 4, this.little);
      if (tag === SEQUENCE_END) return at + 8;
      if (tag !== ITEM) throw this.broken(`(${hex(tag).slice(0, 4)},${hex(tag).slice(4)}) where an item should begin`);
      if (++this.count > MAX_ELEMENTS) throw this.broken(`more than ${MAX_ELEMENTS} elements`);
      at += 8;
      if (length !== UNDEFINED && at + length > end) throw this.cut('an item');
      const dataSet = new WalkedDataSet(this.bytes, this.little);
      items.push({ dataSet });
      at = this.item(dataSet, at, length === UNDEFINED ? end : at + length, length === UNDEFINED, explicit, depth);
    }
    if (delimited) throw this.cut('a sequence');
    return end;
  }

  private item(into: DataSet, start: number, end: number, open: boolean, explicit: boolean, depth: number): number {
    let at = start;
    while (at + 8 <= end) {
      const tag = this.tagAt(at);
      if (tag === ITEM_END) return at + 8;
      // The item's own end is missing: the sequence's serves.
      if (open && tag === SEQUENCE_END) return at;
      const element = this.header(at, explicit);
      into.elements[name(tag)] = element;
      at = this.value(tag, element, end, explicit, depth + 1);
    }
    if (open) throw this.cut('an item');
    return end;
  }

  /** Encapsulated pixel data: the offset table, then the pieces. */
  private pieces(e: Element, end: number): number {
    e.fragments = [];
    let at = e.dataOffset;
    let first: number | undefined;
    while (at + 8 <= end) {
      const tag = this.tagAt(at);
      const length = this.view.getUint32(at + 4, this.little);
      if (tag === SEQUENCE_END) return at + 8;
      if (tag !== ITEM) throw this.broken(`(${hex(tag).slice(0, 4)},${hex(tag).slice(4)}) among pieces of pixel data`);
      if (++this.count > MAX_ELEMENTS) throw this.broken(`more than ${MAX_ELEMENTS} pieces of pixel data`);
      const position = at + 8;
      if (position + length > end) throw this.cut('a piece of compressed pixel data');
      if (e.basicOffsetTable === undefined) {
        e.basicOffsetTable = [];
        for (let n = 0; n + 4 <= length; n += 4)
          e.basicOffsetTable.push(this.view.getUint32(position + n, this.little));
      } else {
        first ??= at;
        e.fragments.push({ offset: at - first, position, length });
      }
      at = position + length;
    }
    return end;
  }

  private cut(what: string): DecileError {
    return new DecileError(
      'scan/truncated',
      `${this.path} must be a whole DICOM file, got one that ends inside ${what}.`,
      'The file is incomplete or damaged: transfer it again.',
    );
  }

  private broken(got: string): DecileError {
    return new DecileError(
      'scan/corrupt',
      `${this.path} must be a DICOM data set that agrees with itself, got ${got}.`,
      'The file is damaged: transfer it again.',
    );
  }
}

const upper = (vr: number) => vr >> 8 >= 0x41 && vr >> 8 <= 0x5a && (vr & 255) >= 0x41 && (vr & 255) <= 0x5a;

const hex = (tag: number): string => tag.toString(16).padStart(8, '0');

/** Tags repeat from file to file: their names are made once. */
const known = new Map<number, string>();
function name(tag: number): string {
  let text = known.get(tag);
  if (text === undefined) {
    text = `x${hex(tag)}`;
    if (known.size < 4096) known.set(tag, text);
  }
  return text;
}
