/** A search of exported files for what must not be in them. */

import { readFile } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { fileError, walkFiles } from '../../disk/index.ts';
import {
  type DataSet,
  decodeText,
  type Element,
  items,
  looksLikeDicom,
  PIXEL_DATA,
  parseDicom,
  text,
} from '../dicom/dataset.ts';

import { looksLikeMetaImage } from '../itk/metaimage.ts';
import { looksLikeNrrd } from '../itk/nrrd.ts';
import { looksLikeNifti } from '../nifti/header.ts';
import { nameParts, needlesFor } from './needles.ts';
import { actionFor, LOCAL_MEANING, localScheme, MULTI_FRAME_DUMMIES } from './table.ts';
import { vrOf, withoutNotes } from './vr.ts';

export interface Leak {
  path: string;
  /** What was found, without repeating it in full. */
  what: string;
}

/** Attributes of a source file, besides names of persons, whose values must not appear in an export. */
const IDENTIFYING = [
  'x00100020',
  'x00100030',
  'x00100021',
  'x00101000',
  'x00101040',
  'x00102154',
  'x00080050',
  'x00080080',
  'x00080081',
  'x00081010',
  'x0020000d',
  'x0020000e',
  'x00080018',
  'x00200052',
];
/** Kept in an export: what they say is no secret, wherever else it stands. */
const OPEN = ['x00080070', 'x00081090'];

/** The identifiers of a source file, of four characters or more: names (parts from three on), numbers, dates of birth, UIDs. */
export function identifiersOf(path: string, bytes: Uint8Array): string[] {
  const { dataSet } = parseDicom(path, bytes, true);
  const values = IDENTIFYING.flatMap((tag) => text(dataSet, tag)?.split('\\') ?? []);
  const parts: string[] = [];
  eachElement(dataSet, (tag, _, d) => {
    if (vrOf(tag, d.elements[`x${tag}`]) !== 'PN') return;
    const name = text(d, `x${tag}`, dataSet) ?? '';
    values.push(...name.split('\\'));
    parts.push(...nameParts(name));
  });
  const open = OPEN.map((tag) => (text(dataSet, tag) ?? '').toLowerCase());
  const all = [...values.map((v) => v.trim()).filter((v) => v.length >= 4), ...parts];
  return [...new Set(all)].filter((v) => !open.some((o) => o.includes(v.toLowerCase())));
}

/**
 * Searches every file below `folder`: for the known identifiers in its text (any capitals; UTF-8, Latin-1, UTF-16, a DICOM
 * file's own character set; file names too, gzip opened; voxels are left out, where letters turn up by chance), and in DICOM files
 * for every attribute that the profile removes, private ones included.
 */
export async function findIdentifiers(folder: string, identifiers: readonly string[]): Promise<Leak[]> {
  const leaks: Leak[] = [];
  const needles = needlesFor(identifiers);
  const onFailure = (path: string, error: unknown) =>
    leaks.push({ path, what: `could not be read: ${fileError(path, error).message}` });
  for (const path of await walkFiles(folder, { hidden: true, onFailure })) {
    const file = await readFile(path);
    const bytes = file[0] === 0x1f && file[1] === 0x8b ? opened(file) : file;
    if (!bytes) {
      leaks.push({ path, what: 'could not be unpacked, and so not searched' });
      continue;
    }
    const found = new Set(needles.in(path.slice(folder.length)));
    const { free, coded } = looksLikeDicom(bytes)
      ? dicomText(path, bytes)
      : { free: readings(withoutVoxels(bytes)), coded: [] };
    for (const part of free) for (const identifier of needles.in(part)) found.add(identifier);
    for (const code of coded) {
      // HFS is a way to lie, and somebody's name: in a coded value two words make a person.
      const here = needles.in(code);
      if (here.length > 1 || !here.every((one) => WORD.test(one))) for (const one of here) found.add(one);
    }
    for (const identifier of found) leaks.push({ path, what: `the identifier ${mask(identifier)}` });
    if (looksLikeDicom(bytes)) leaks.push(...attributes(path, bytes));
  }
  return leaks;
}

const WORD = /^\p{L}+$/u;
/** What deidentify.ts itself writes: hexadecimal letters can spell a name. */
const OURS = /\bANON-[0-9A-F]{8}\b|DICOM PS3\.15 E\.1 basic profile/g;
const NUMBERS = new Set('US SS UL SL SV UV FL FD AT DS IS'.split(' '));

/** What a DICOM file says in words: every value but numbers and pixels, the preamble, and what stands behind the last element. */
function dicomText(path: string, bytes: Buffer): { free: string[]; coded: string[] } {
  const { dataSet } = parseDicom(path, bytes);
  const characterSet = dataSet.string('x00080005') ?? '';
  const lines = [bytes.toString('latin1', 0, 128)];
  const coded: string[] = [];
  let end = 0;
  eachElement(dataSet, (tag, e, d) => {
    end = Math.max(end, e.dataOffset + e.length);
    const vr = vrOf(tag, e);
    if (e.items || `x${tag}` === PIXEL_DATA || NUMBERS.has(vr)) return;
    const value = Buffer.from(d.byteArray.subarray(e.dataOffset, e.dataOffset + e.length));
    if (vr === 'CS') coded.push(...value.toString('latin1').split('\\'));
    else lines.push(decodeText(value, characterSet), ...readings(value));
  });
  if (end < dataSet.byteArray.length) lines.push(...readings(Buffer.from(dataSet.byteArray.subarray(end))));
  return { free: [lines.join('\n').replace(OURS, '')], coded };
}

function eachElement(d: DataSet, visit: (tag: string, e: Element, d: DataSet) => void): void {
  for (const [key, e] of Object.entries(d.elements)) {
    visit(key.slice(1), e, d);
    for (const inner of items(d, key)) eachElement(inner, visit);
  }
}

/** Bytes of one search: more than a string can hold would be an error. */
const PIECE = 2 ** 24;

/** Bytes as text of each encoding that programs write. */
function* readings(bytes: Buffer): Generator<string> {
  // An overlap, so that nothing is cut in two.
  for (let at = 0; at < bytes.length; at += PIECE - 1024) {
    const piece = bytes.subarray(at, at + PIECE);
    const latin = piece.toString('latin1');
    yield latin;
    if (/[\x80-\xff]/.test(latin)) yield piece.toString('utf8');
    if (!latin.includes('\0')) continue;
    yield piece.toString('utf16le');
    yield piece.subarray(1).toString('utf16le');
  }
}

/** The parts of an image that can hold text: all but its voxels. */
function withoutVoxels(bytes: Buffer): Buffer {
  if (looksLikeNifti(bytes)) {
    const little = [348, 540].includes(bytes.readInt32LE(0));
    const first = [bytes.readInt32LE(0), bytes.readInt32BE(0)].includes(348);
    const long = () => Number(little ? bytes.readBigInt64LE(168) : bytes.readBigInt64BE(168));
    const start = first ? (little ? bytes.readFloatLE(108) : bytes.readFloatBE(108)) : long();
    return bytes.subarray(0, start >= 348 ? start : bytes.length);
  }
  if (looksLikeNrrd(bytes)) return until(bytes, /\n\r?\n/);
  return looksLikeMetaImage(bytes) ? until(bytes, /ElementDataFile[^\n]*\n/) : bytes;
}

/** All up to the end of the first match. */
function until(bytes: Buffer, end: RegExp): Buffer {
  const found = end.exec(bytes.toString('latin1', 0, 2 ** 20));
  return found ? bytes.subarray(0, found.index + found[0].length) : bytes;
}

/** What a gzip file holds, of a large image its beginning, which is all that is searched; null where it is damaged. */
function opened(file: Buffer): Buffer | null {
  try {
    return gunzipSync(file, { maxOutputLength: 2 ** 31 - 1 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') return null;
    const head = gunzipSync(file.subarray(0, 2 ** 16), { finishFlush: constants.Z_SYNC_FLUSH });
    return looksLikeNifti(head) ? head : null;
  }
}

const mask = (s: string) => `${s.slice(0, 2)}${'*'.repeat(Math.max(2, s.length - 2))}`;

/** What the meta group of an export holds: what the file is; senders and private information are not among it. */
const META = new Set(['00020000', '00020001', '00020002', '00020003', '00020010', '00020012', '00020013']);

function attributes(path: string, bytes: Uint8Array): Leak[] {
  const { dataSet } = parseDicom(path, bytes);
  const leaks: Leak[] = [];
  eachElement(dataSet, (tag, e, d) => {
    const name = `(${tag.slice(0, 4)},${tag.slice(4)})`;
    if (META.has(tag) || ['00120062', '00120063'].includes(tag) || tag.endsWith('0000') || e.length === 0) return;
    if (dataSet.elements.x52009229 && MULTI_FRAME_DUMMIES.get(tag) === (text(d, `x${tag}`) ?? '')) return;
    const action = tag.startsWith('0002') ? 'remove' : actionFor(tag, e.vr);
    const value = d.byteArray.subarray(e.dataOffset, e.dataOffset + e.length);
    const noted =
      tag === '00080104'
        ? localScheme(d.string('x00080102') ?? '') && text(d, 'x00080104') !== LOCAL_MEANING
        : action === 'keep' && !e.items && withoutNotes(vrOf(tag, e), value) !== null;
    if (action === 'remove') leaks.push({ path, what: `the attribute ${name}` });
    else if (action === 'empty' || noted) leaks.push({ path, what: `a value in ${name}` });
  });
  return leaks;
}
