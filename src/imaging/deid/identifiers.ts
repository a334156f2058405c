/** What in a DICOM file names somebody: the words and numbers that must not be found in what is handed on. */
import { type DataSet, type Element, items, parseDicom, text } from '../dicom/dataset.ts';
import { nameParts } from './needles.ts';
import { vrOf } from './vr.ts';

/** Attributes, besides names of persons, whose values must not appear in an export: where they stand at the root. */
const IDENTIFYING = [
  ...['x00100021', 'x00101040', 'x00102154', 'x00080050', 'x00080080', 'x00080081', 'x00081010'],
  ...['x0020000d', 'x0020000e', 'x00080018', 'x00200052'],
];
/** And those that count in every sequence, too: the patient's numbers and day of birth. */
const EVERYWHERE = new Set(['00100020', '00100030', '00101000', '00101001', '00101005']);

/** Of four characters or more: shorter numbers are everywhere. */
const SHORTEST = 4;

export function eachElement(d: DataSet, visit: (tag: string, e: Element, d: DataSet) => void): void {
  for (const [key, e] of Object.entries(d.elements)) {
    visit(key.slice(1), e, d);
    for (const inner of items(d, key)) eachElement(inner, visit);
  }
}

/** The identifiers of a source file: names and their parts, numbers, dates of birth, UIDs. */
export function identifiersOf(path: string, bytes: Uint8Array): string[] {
  return identifiersIn(parseDicom(path, bytes, true).dataSet);
}

export function identifiersIn(dataSet: DataSet): string[] {
  const values = IDENTIFYING.flatMap((tag) => text(dataSet, tag)?.split('\\') ?? []);
  const parts: string[] = [];
  eachElement(dataSet, (tag, e, d) => {
    const name = vrOf(tag, e) === 'PN';
    if (!name && !EVERYWHERE.has(tag)) return;
    const value = text(d, `x${tag}`, dataSet) ?? '';
    values.push(...value.split('\\'));
    if (tag === '00100030') values.push(...datesOf(value));
    if (name) parts.push(...nameParts(value));
  });
  return wholeAndParts(values, parts);
}

/** Values of four characters or more, and parts of names as they are. */
export function wholeAndParts(values: readonly string[], parts: readonly string[]): string[] {
  const whole = values.map((v) => v.trim()).filter((v) => v.length >= SHORTEST);
  return [...new Set([...whole, ...parts])];
}

/** A day of eight digits as people write it. */
export function datesOf(value: string): string[] {
  const found = /^(\d{4})(\d{2})(\d{2})$/.exec(value.trim());
  if (!found) return [];
  const [, y, m, d] = found;
  return [`${y}-${m}-${d}`, `${d}.${m}.${y}`, `${d}/${m}/${y}`, `${m}/${d}/${y}`];
}
