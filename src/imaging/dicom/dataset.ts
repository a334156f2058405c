/**
 * Parsing a DICOM file into a data set: part 10, without preamble, deflated; every failure is a coded error. dicom-parser reads
 * files that are what they state; what it cannot read, or reads wrongly, goes through parse.ts, which also says what is broken.
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import dicomParser from 'dicom-parser';
import { fileError } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { readHead } from '../files.ts';
import { type DataSet, type Element, type Encoding, emptyDataSet, explicitAt, parseElements } from './parse.ts';

export type { DataSet, Element };

export const PIXEL_DATA = 'x7fe00010';
/** Most headers of classic CT and MR slices fit; a longer one is read again in full. */
export const HEAD_BYTES = 32 * 1024;
/** Largest inflated data set of the deflated transfer syntax. */
const MAX_INFLATED = 2 ** 30;
/** Largest single DICOM file: Node's own limit for one read is 2 GiB. */
const MAX_FILE = 2 ** 31 - 1;

export const TRANSFER = {
  implicitLittle: '1.2.840.10008.1.2',
  explicitLittle: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  explicitBig: '1.2.840.10008.1.2.2',
  rle: '1.2.840.10008.1.2.5',
  /** GE's own: implicit little endian, but pixels big endian. */
  privateGe: '1.2.840.113619.5.2',
} as const;

export interface DicomData {
  path: string;
  /** The file as it was read; deflated data sets are parsed from other memory. */
  bytes: Uint8Array;
  dataSet: DataSet;
  transferSyntax: string;
}

/** True where the bytes begin as DICOM, with or without the 128-byte preamble and the meta group. */
export function looksLikeDicom(head: Uint8Array): boolean {
  return hasPreamble(head) || startsWithMeta(head) || bareEncoding(head) !== null;
}

const hasPreamble = (b: Uint8Array) =>
  b.length >= 132 && b[128] === 0x44 && b[129] === 0x49 && b[130] === 0x43 && b[131] === 0x4d;

/** The meta group without the preamble before it: its first element is a length or a version. */
const startsWithMeta = (b: Uint8Array) =>
  b.length >= 16 && b[0] === 2 && b[1] === 0 && b[2] <= 1 && b[3] === 0 && explicitAt(b, 0);

/** The encoding of a file that begins with its data set (group 0008), or null. */
function bareEncoding(b: Uint8Array): Encoding | null {
  if (b.length < 16 || b[0] !== 0x08 || b[1] !== 0 || b[3] !== 0 || b[2] > 0x18) return null;
  if (explicitAt(b, 0)) return { explicit: true, little: true };
  return b[6] === 0 && b[7] === 0 ? { explicit: false, little: true } : null;
}

/**
 * Parses the bytes of a DICOM file.
 * @param headerOnly stop at the pixel data, whose element then has an offset but no fragments
 * @throws scan/not-dicom, scan/truncated, scan/corrupt
 */
export function parseDicom(path: string, bytes: Uint8Array, headerOnly = false): DicomData {
  const bare = hasPreamble(bytes) || startsWithMeta(bytes) ? null : bareEncoding(bytes);
  if (!bare && !hasPreamble(bytes) && !startsWithMeta(bytes)) {
    throw new DecileError(
      'scan/not-dicom',
      `${path} must begin as a DICOM file, got other content.`,
      'Check that the file is a DICOM image and not damaged.',
    );
  }
  if (bare) {
    const dataSet = emptyDataSet(bytes, true);
    parseElements(path, dataSet, 0, bare, headerOnly);
    return { path, bytes, dataSet, transferSyntax: bare.explicit ? TRANSFER.explicitLittle : TRANSFER.implicitLittle };
  }
  const meta = metaOf(path, bytes);
  const stated = meta.transferSyntax;
  if (stated !== undefined && stated !== TRANSFER.privateGe && !/^1\.2\.840\.10008\.1\.2(\.|$)/.test(stated)) {
    throw new DecileError(
      'scan/transfer-syntax',
      `${path} must be in a transfer syntax of the DICOM standard, got the private ${stated}.`,
      'Export the series from its archive again, uncompressed: private syntaxes leave it so.',
    );
  }
  const all = stated === TRANSFER.deflated ? inflated(path, bytes, meta.end) : bytes;
  const how = encodingOf(all, meta.end, stated);
  const standard = all === bytes && stated !== undefined && asStated(stated, how) ? byLibrary(bytes, headerOnly) : null;
  if (standard) return { path, bytes, dataSet: standard, transferSyntax: stated as string };
  const dataSet = emptyDataSet(all, how.little);
  Object.assign(dataSet.elements, meta.set.elements);
  parseElements(path, dataSet, meta.end, how, headerOnly);
  const plain = how.explicit ? TRANSFER.explicitLittle : TRANSFER.implicitLittle;
  // Files whose data set is not in the plain encoding that they state are read as what they are.
  const transferSyntax =
    stated === undefined || stated === TRANSFER.explicitLittle || stated === TRANSFER.implicitLittle ? plain : stated;
  return { path, bytes, dataSet, transferSyntax };
}

/** Whether a data set has the encoding that its meta group states, and one that dicom-parser knows. */
const asStated = (stated: string, { explicit, little }: Encoding): boolean =>
  stated === TRANSFER.implicitLittle
    ? !explicit
    : explicit && little === (stated !== TRANSFER.explicitBig) && stated !== TRANSFER.privateGe;

/** What dicom-parser makes of a file, or null where that cannot be trusted. */
function byLibrary(bytes: Uint8Array, headerOnly: boolean): DataSet | null {
  if (!hasPreamble(bytes)) return null;
  try {
    const dataSet = dicomParser.parseDicom(bytes, headerOnly ? { untilTag: PIXEL_DATA } : undefined);
    // It warns where a sequence or an item does not end before the file does.
    return dataSet.warnings.length === 0 && trusted(dataSet) ? dataSet : null;
  } catch {
    return null;
  }
}

/** 64-bit VRs, whose length dicom-parser takes for one of 16 bits, and what is no VR: it has lost its way. */
const MISREAD = /^(OV|SV|UV)$|[^A-Z]/;
/** Sequences within sequences; structured reports have about a dozen. */
const DEEPEST = 64;

/** dicom-parser steps over an element that ends behind the file, and does not look into a sequence stored as UN. */
function trusted({ elements, byteArray }: DataSet, depth = 0): boolean {
  if (depth > DEEPEST) return false;
  for (const tag in elements) {
    const { vr, dataOffset, length, items } = elements[tag];
    if (vr !== undefined && MISREAD.test(vr)) return false;
    // Pixels are checked frame by frame, and are not there when the header alone is read.
    if (!tag.startsWith('x7fe0') && dataOffset + length > byteArray.length) return false;
    if (vr === 'UN' && byteArray[dataOffset] === 0xfe && byteArray[dataOffset + 1] === 0xff) return false;
    for (const { dataSet } of items ?? []) if (dataSet && !trusted(dataSet, depth + 1)) return false;
  }
  return true;
}

/** The meta group (explicit little endian always): its elements, where it ends, and the transfer syntax it states. */
function metaOf(path: string, b: Uint8Array): { set: DataSet; end: number; transferSyntax: string | undefined } {
  const set = emptyDataSet(b, true);
  const start = hasPreamble(b) ? 132 : 0;
  const end = parseElements(path, set, start, { explicit: true, little: true }, true, 2);
  return { set, end, transferSyntax: set.string('x00020010') };
}

function encodingOf(b: Uint8Array, at: number, stated: string | undefined): Encoding {
  if (stated === TRANSFER.explicitBig) return { explicit: true, little: false };
  if (stated === TRANSFER.privateGe) return { explicit: false, little: true };
  const plain = stated === undefined || stated === TRANSFER.explicitLittle || stated === TRANSFER.implicitLittle;
  return { explicit: plain ? explicitAt(b, at) : true, little: true };
}

/** Header and inflated rest of the deflated transfer syntax as one array. */
function inflated(path: string, bytes: Uint8Array, position: number): Uint8Array {
  try {
    const rest = inflateRawSync(bytes.subarray(position), { maxOutputLength: MAX_INFLATED });
    const whole = new Uint8Array(position + rest.length);
    whole.set(bytes.subarray(0, position));
    whole.set(rest, position);
    return whole;
  } catch (error) {
    throw new DecileError(
      'scan/corrupt',
      `The deflated data set of ${path} must be whole and at most ${MAX_INFLATED} bytes, got ${(error as Error).message}.`,
      'The file is damaged: transfer it again.',
    );
  }
}

/**
 * Reads and parses everything but the pixel data; reads the whole file only where its header is long.
 * @param read the file's first HEAD_BYTES bytes, where they were read already
 */
export async function readDicomHeader(path: string, read?: Uint8Array): Promise<DicomData> {
  const head = read ?? (await readHead(path, HEAD_BYTES));
  if (head.length < HEAD_BYTES) return parseDicom(path, head, true);
  if (!looksLikeDicom(head)) return parseDicom(path, head, true);
  try {
    const data = parseDicom(path, head, true);
    if (data.dataSet.elements[PIXEL_DATA]) return data;
  } catch {
    // The header goes on beyond the first bytes: the whole file decides.
  }
  return parseDicom(path, await readWhole(path), true);
}

/**
 * Reads and parses a whole file.
 * @param reuse a buffer to read into where the file fits: for many files, of which one after another is done with
 */
export async function readDicom(path: string, reuse?: Buffer): Promise<DicomData> {
  return parseDicom(path, await readWhole(path, reuse));
}

/** A whole file in one read: slices of a series are many and small, and every call costs. */
export async function readWhole(path: string, reuse?: Buffer): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = await handle.stat();
    if (!info.isFile())
      throw new DecileError('file/is-folder', `${path} must be an ordinary file, got another kind.`, 'Name a file.');
    if (info.size > MAX_FILE)
      throw new DecileError(
        'scan/size',
        `${path} must be smaller than 2 GiB, got ${info.size} bytes.`,
        'Convert it with dcm2niix or store it as single slices.',
      );
    // A buffer of its own, so that pixels at even offsets are aligned.
    const bytes = reuse && reuse.length >= info.size ? reuse.subarray(0, info.size) : Buffer.allocUnsafeSlow(info.size);
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await handle?.close().catch(() => {});
  }
}

/** All numbers of a decimal-string element, or undefined where it is absent or not numeric. */
export function numbers(dataSet: DataSet | undefined, tag: string, count?: number): number[] | undefined {
  const text = dataSet?.string(tag);
  if (text === undefined || text.trim() === '') return undefined;
  const values = text.split('\\').map((s) => (s.trim() === '' ? Number.NaN : Number(s)));
  if (values.some((v) => !Number.isFinite(v)) || (count !== undefined && values.length !== count)) return undefined;
  return values;
}

export const number = (dataSet: DataSet | undefined, tag: string): number | undefined => numbers(dataSet, tag)?.[0];

/** First item of a sequence. */
export const item = (dataSet: DataSet | undefined, tag: string): DataSet | undefined =>
  dataSet?.elements[tag]?.items?.[0]?.dataSet;
/** Every item of a sequence. */
export const items = (dataSet: DataSet | undefined, tag: string): DataSet[] =>
  (dataSet?.elements[tag]?.items ?? []).flatMap((i) => (i.dataSet ? [i.dataSet] : []));

/** Text in the file's own character set: UTF-8, Latin, Cyrillic, Greek, Japanese, Korean, Chinese as stated in (0008,0005). */
export function text(dataSet: DataSet, tag: string, root: DataSet = dataSet): string | undefined {
  const element = dataSet.elements[tag];
  if (!element || element.length === 0) return undefined;
  const bytes = dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + Math.min(element.length, 1024));
  return decodeText(bytes, root.string('x00080005') ?? '');
}

/** @param characterSet the value of (0008,0005) */
export function decodeText(bytes: Uint8Array, characterSet: string): string {
  const names = characterSet.split('\\').map((s) => s.trim());
  const encoding = names.map((n) => ENCODINGS[n]).find((e) => e !== undefined) ?? 'latin1';
  const trimmed = (name: string) =>
    new TextDecoder(name)
      .decode(bytes)
      .replace(/[\0\s]+$/, '')
      .trim();
  try {
    return trimmed(encoding);
  } catch {
    return trimmed('latin1');
  }
}

const ENCODINGS: Record<string, string> = {
  'ISO_IR 192': 'utf-8', 'ISO_IR 100': 'latin1', 'ISO_IR 101': 'iso-8859-2', 'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4', 'ISO_IR 144': 'iso-8859-5', 'ISO_IR 127': 'iso-8859-6', 'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8', 'ISO_IR 148': 'iso-8859-9', 'ISO_IR 13': 'shift_jis', GB18030: 'gb18030', GBK: 'gbk',
  'ISO 2022 IR 87': 'iso-2022-jp', 'ISO 2022 IR 149': 'euc-kr', 'ISO 2022 IR 58': 'gbk',
}; // biome-ignore format: a table
