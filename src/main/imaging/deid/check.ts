/** A search of exported files for what must not be in them. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { type DataSet, items, looksLikeDicom, PIXEL_DATA, parseDicom, text } from '../dicom/dataset.ts';
import { walk } from '../files.ts';
import { looksLikeMetaImage } from '../itk/metaimage.ts';
import { looksLikeNrrd } from '../itk/nrrd.ts';
import { looksLikeNifti } from '../nifti/header.ts';
import { actionFor, MULTI_FRAME_DUMMIES } from './table.ts';

export interface Leak {
  path: string;
  /** What was found, without repeating it in full. */
  what: string;
}

/** Attributes of a source file whose values must not appear in an export. */
const IDENTIFYING = [
  'x00100010',
  'x00100020',
  'x00100030',
  'x00100021',
  'x00101000',
  'x00101001',
  'x00101040',
  'x00102154',
  'x00080050',
  'x00080080',
  'x00080081',
  'x00080090',
  'x00081010',
  'x00081048',
  'x00081050',
  'x00081070',
  'x0020000d',
  'x0020000e',
  'x00080018',
  'x00200052',
];

/** The identifiers of a source file: names by part, numbers, dates of birth, UIDs; at least four characters long. */
export function identifiersOf(path: string, bytes: Uint8Array): string[] {
  const { dataSet } = parseDicom(path, bytes, true);
  const values = IDENTIFYING.flatMap((tag) => {
    const value = text(dataSet, tag);
    if (!value) return [];
    return tag === 'x00100010' ? [value, ...value.split(/[\^= ]+/)] : value.split('\\');
  });
  return [...new Set(values.map((v) => v.trim()).filter((v) => v.length >= 4))];
}

/**
 * Searches every file below `folder`: the known identifiers in UTF-8, Latin-1 and UTF-16 text (file names too, gzip
 * opened; voxels are left out, where four letters turn up by chance), and in DICOM files every attribute that the
 * profile removes, private ones included.
 */
export async function findIdentifiers(folder: string, identifiers: readonly string[]): Promise<Leak[]> {
  const leaks: Leak[] = [];
  for (const path of await walk(folder, (f) => leaks.push({ path: f.path, what: `could not be read: ${f.message}` }))) {
    const file = await readFile(path);
    const bytes = file[0] === 0x1f && file[1] === 0x8b ? opened(file) : file;
    const searched = withoutVoxels(path, bytes);
    for (const identifier of identifiers) {
      const forms = [
        Buffer.from(identifier, 'utf8'),
        Buffer.from(identifier, 'latin1'),
        Buffer.from(identifier, 'utf16le'),
      ];
      if (forms.some((f) => searched.includes(f)) || path.slice(folder.length).includes(identifier))
        leaks.push({ path, what: `the identifier ${mask(identifier)}` });
    }
    if (looksLikeDicom(bytes)) leaks.push(...attributes(path, bytes));
  }
  return leaks;
}

/** The parts of an image that can hold text: all but its voxels. */
function withoutVoxels(path: string, bytes: Buffer): Buffer {
  if (looksLikeDicom(bytes)) {
    const { dataSet } = parseDicom(path, bytes);
    const pixels = dataSet.elements[PIXEL_DATA];
    if (!pixels || dataSet.byteArray.length !== bytes.length) return Buffer.from(dataSet.byteArray);
    return Buffer.concat([bytes.subarray(0, pixels.dataOffset), bytes.subarray(pixels.dataOffset + pixels.length)]);
  }
  if (looksLikeNifti(bytes)) {
    const start = bytes.readInt32LE(0) === 348 ? bytes.readFloatLE(108) : Number(bytes.readBigInt64LE(168));
    return bytes.subarray(0, start > 0 ? start : bytes.length);
  }
  if (looksLikeNrrd(bytes)) return bytes.subarray(0, bytes.indexOf('\n\n') + 2 || bytes.length);
  const data = looksLikeMetaImage(bytes) ? bytes.indexOf('ElementDataFile') : -1;
  return data < 0 ? bytes : bytes.subarray(0, bytes.indexOf('\n', data) + 1 || bytes.length);
}

function opened(file: Buffer): Buffer {
  try {
    return gunzipSync(file, { maxOutputLength: 2 ** 31 - 1 });
  } catch {
    return file;
  }
}

const mask = (s: string) => `${s.slice(0, 2)}${'*'.repeat(Math.max(2, s.length - 2))}`;

function attributes(path: string, bytes: Uint8Array): Leak[] {
  const { dataSet } = parseDicom(path, bytes);
  const leaks: Leak[] = [];
  const visit = (d: DataSet) => {
    for (const [key, e] of Object.entries(d.elements)) {
      const tag = key.slice(1);
      if (tag.startsWith('0002') || ['00120062', '00120063'].includes(tag)) continue;
      if (dataSet.elements.x52009229 && MULTI_FRAME_DUMMIES.get(tag) === (text(d, key) ?? '')) continue;
      const action = actionFor(tag, e.vr);
      if (action === 'remove' && e.length > 0 && !tag.endsWith('0000'))
        leaks.push({ path, what: `the attribute (${tag.slice(0, 4)},${tag.slice(4)})` });
      if (action === 'empty' && e.length > 0)
        leaks.push({ path, what: `a value in (${tag.slice(0, 4)},${tag.slice(4)})` });
      for (const inner of items(d, key)) visit(inner);
    }
  };
  visit(dataSet);
  return leaks;
}
