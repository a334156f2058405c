/** A search of exported files for what must not be in them. */

import { readFile } from 'node:fs/promises';
import { fileError, walkFiles } from '../../disk/index.ts';
import { type DataSet, type Element, looksLikeDicom, PIXEL_DATA, parseDicom, text } from '../dicom/dataset.ts';
import { containerOf, splitVoxels } from './containers.ts';
import { eachElement } from './identifiers.ts';
import { type Needles, needlesFor } from './needles.ts';
import { bareFrames, barePixels } from './pixels.ts';
import { pieces, readings } from './readings.ts';
import { actionFor, MULTI_FRAME_DUMMIES } from './table.ts';
import { keptValue, namesIn, namesInCode, type ValueRules, valueRules } from './values.ts';
import { vrOf } from './vr.ts';

export interface Leak {
  path: string;
  /** What was found, without repeating it in full. */
  what: string;
}

/**
 * Searches every file below `folder`: for the known identifiers in its text (any capitals; every encoding of readings.ts, a DICOM
 * file's own character set; file names too, gzip and pictures in pages opened), among voxels for words that chance does not make; and
 * in DICOM files for every attribute and value that the profile removes, private ones and bytes beside the image included.
 */
export async function findIdentifiers(folder: string, identifiers: readonly string[]): Promise<Leak[]> {
  const leaks: Leak[] = [];
  const needles = needlesFor(identifiers);
  const onFailure = (path: string, error: unknown) =>
    leaks.push({ path, what: `could not be read: ${fileError(path, error).message}` });
  const onLink = (path: string) => leaks.push({ path, what: 'a link out of the folder, and so not searched' });
  for (const path of await walkFiles(folder, { hidden: true, links: 'inside', onFailure, onLink })) {
    const bytes = containerOf(await readFile(path));
    if (!bytes) {
      leaks.push({ path, what: 'could not be unpacked, and so not searched' });
      continue;
    }
    const found = new Set(needles.in(path.slice(folder.length)));
    const add = (some: Iterable<string>) => {
      for (const one of some) found.add(one);
    };
    if (looksLikeDicom(bytes)) {
      try {
        searchDicom(path, bytes, identifiers, needles, add);
        leaks.push(...attributes(path, bytes));
      } catch (error) {
        leaks.push({ path, what: `could not be read as DICOM: ${(error as Error).message}` });
        for (const part of readings(bytes, needles.foreign)) add(needles.in(part));
      }
    } else {
      const { words, voxels } = splitVoxels(bytes);
      for (const part of words) for (const reading of readings(part, needles.foreign)) add(needles.in(reading));
      for (const part of voxels) searchVoxels(part, needles, add);
    }
    for (const identifier of found) leaks.push({ path, what: `the identifier ${mask(identifier)}` });
  }
  return leaks;
}

type Add = (found: Iterable<string>) => void;

/** What deidentify.ts itself writes: hexadecimal letters can spell a name. */
const OURS = /\b(?:ANON|X)-[0-9A-F]{8}\b|DICOM PS3\.15 E\.1 basic profile/g;
const TEXT = new Set('AE AS DA DT LO LT PN SH ST TM UC UI UR UT'.split(' '));
const PIXELS = new Set([PIXEL_DATA, 'x7fe00008', 'x7fe00009']);

/** Every value, the preamble, and what stands behind the last element. */
function searchDicom(path: string, bytes: Buffer, identifiers: readonly string[], needles: Needles, add: Add): void {
  const { dataSet } = parseDicom(path, bytes);
  const rules = valueRules(identifiers, dataSet, '', true);
  for (const reading of readings(bytes.subarray(0, 128), needles.foreign)) add(needles.in(reading));
  let end = 0;
  eachElement(dataSet, (tag, e, d) => {
    end = Math.max(end, e.dataOffset + e.length);
    const vr = vrOf(tag, e);
    if (e.items) return;
    const value = Buffer.from(d.byteArray.subarray(e.dataOffset, e.dataOffset + e.length));
    if (PIXELS.has(`x${tag}`)) searchVoxels(value, needles, add);
    else if (vr === 'CS')
      for (const code of value.toString('latin1').replace(OURS, '').split('\\')) add(namesInCode(code.trim(), needles)); // biome-ignore format: one step
    else if (vr === 'IS' || vr === 'DS') add(namesInNumber(tag, vr, value, rules));
    else if (TEXT.has(vr) || vr === 'UN')
      add(namesIn(tag, Buffer.from(value.toString('latin1').replace(OURS, ''), 'latin1'), rules));
    else for (const reading of readings(value, needles.foreign)) add(rules.long.in(reading));
  });
  const behind = Buffer.from(dataSet.byteArray.subarray(end));
  for (const reading of readings(behind, needles.foreign)) add(needles.in(reading));
}

function namesInNumber(tag: string, vr: string, value: Buffer, { needles }: ValueRules): string[] {
  const values = value.toString('latin1').split('\\');
  const digits = vr === 'DS' || tag === '00200013' || tag === '00280008' ? 6 : 4;
  return values.flatMap((one) => [
    ...needles.inNumber(one, digits),
    ...(/[A-Za-z]{2}/.test(one) ? needles.in(one) : []),
  ]);
}

function searchVoxels(voxels: Buffer, needles: Needles, add: Add): void {
  if (needles.size === 0) return;
  for (const piece of pieces(voxels)) {
    add(needles.inVoxels(piece.toString('latin1')));
    // Letters of 16-bit voxels, whichever byte comes first.
    const even = piece.subarray(0, piece.length & ~1);
    const low = Buffer.alloc(even.length / 2);
    const high = Buffer.alloc(even.length / 2);
    for (let n = 0; n < low.length; n++) {
      low[n] = even[2 * n];
      high[n] = even[2 * n + 1];
    }
    add(needles.inVoxels(low.toString('latin1')));
    add(needles.inVoxels(high.toString('latin1')));
  }
}

const mask = (s: string) => `${s.slice(0, 2)}${'*'.repeat(Math.max(2, s.length - 2))}`;

/** What the meta group of an export holds: what the file is; senders and private information are not among it. */
const META = new Set(['00020000', '00020001', '00020002', '00020003', '00020010', '00020012', '00020013']);

function attributes(path: string, bytes: Uint8Array): Leak[] {
  const { dataSet, transferSyntax } = parseDicom(path, bytes);
  const rules = valueRules([], dataSet, '', transferSyntax !== '1.2.840.10008.1.2.2');
  const leaks: Leak[] = [];
  eachElement(dataSet, (tag, e, d) => {
    const name = `(${tag.slice(0, 4)},${tag.slice(4)})`;
    if (META.has(tag) || ['00120062', '00120063'].includes(tag) || tag.endsWith('0000') || e.length === 0) return;
    if (dataSet.elements.x52009229 && MULTI_FRAME_DUMMIES.get(tag) === (text(d, `x${tag}`) ?? '')) return;
    const action = tag.startsWith('0002') ? 'remove' : actionFor(tag, e.vr);
    if (action === 'remove') leaks.push({ path, what: `the attribute ${name}` });
    else if (action === 'empty') leaks.push({ path, what: `a value in ${name}` });
    else if (action === 'keep' && !e.items) {
      if (d === dataSet && PIXELS.has(`x${tag}`)) leaks.push(...beside(path, transferSyntax, tag, e, d));
      else if (!same(keptValue(tag, vrOf(tag, e), e, d, rules), e, d)) leaks.push({ path, what: `a value in ${name}` });
    }
  });
  return leaks;
}

/** True where de-identification would write the value as it stands, but for its padding. */
function same(kept: Uint8Array | null, e: Element, d: DataSet): boolean {
  if (kept === null) return false;
  const trimmed = (b: Uint8Array) => Buffer.from(b).toString('latin1').replace(/[\0 ]+$/, ''); // biome-ignore format: one chain
  return trimmed(kept) === trimmed(d.byteArray.subarray(e.dataOffset, e.dataOffset + e.length));
}

/** Bytes in the pixel data that are no image: behind it, or among those of compressed frames. */
function beside(path: string, syntax: string, tag: string, e: Element, d: DataSet): Leak[] {
  const what = `bytes beside the image in (${tag.slice(0, 4)},${tag.slice(4)})`;
  if (!e.fragments) {
    const bare = barePixels(tag, e, d);
    return bare.length < e.length ? [{ path, what }] : [];
  }
  const bytes = (parts: readonly { length: number }[]) => parts.reduce((n, { length }) => n + length, 0);
  try {
    return bytes(bareFrames(path, syntax, e, d)) < bytes(e.fragments) ? [{ path, what }] : [];
  } catch (error) {
    return [{ path, what: `pixels that cannot be searched: ${(error as Error).message}` }];
  }
}
