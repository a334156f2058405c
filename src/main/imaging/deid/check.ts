/** A search of exported files for what must not be in them. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { type DataSet, items, looksLikeDicom, parseDicom, text } from '../dicom/dataset.ts';
import { walk } from '../files.ts';
import { actionFor } from './table.ts';

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
 * opened), and in DICOM files every attribute that the profile removes, private ones included.
 */
export async function findIdentifiers(folder: string, identifiers: readonly string[]): Promise<Leak[]> {
  const leaks: Leak[] = [];
  for (const path of await walk(folder, (f) => leaks.push({ path: f.path, what: `could not be read: ${f.message}` }))) {
    const file = await readFile(path);
    const bytes = file[0] === 0x1f && file[1] === 0x8b ? opened(file) : file;
    for (const identifier of identifiers) {
      const forms = [
        Buffer.from(identifier, 'utf8'),
        Buffer.from(identifier, 'latin1'),
        Buffer.from(identifier, 'utf16le'),
      ];
      if (forms.some((f) => bytes.includes(f)) || path.slice(folder.length).includes(identifier))
        leaks.push({ path, what: `the identifier ${mask(identifier)}` });
    }
    if (looksLikeDicom(bytes)) leaks.push(...attributes(path, bytes));
  }
  return leaks;
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
