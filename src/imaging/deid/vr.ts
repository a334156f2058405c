/** Value representations by tag (PS3.6), of dcmjs' dictionary: what implicit VR and the VR "UN" leave unsaid. */
import { createRequire } from 'node:module';
import type { Element } from '../dicom/dataset.ts';

type Dictionary = Record<string, { vr: string } | undefined>;

/** What the dictionary calls attributes of several VRs; those of each pair hold the same bytes. */
const EITHER: Record<string, string> = { xs: 'US', ox: 'OW', up: 'UL', lt: 'OW' };

let dictionary: Dictionary | undefined;
const known = new Map<string, string | undefined>();

/**
 * The standard's VR of an attribute, undefined where the standard has none of that tag.
 * @param tag 'ggggeeee', lower case
 */
export function standardVr(tag: string): string | undefined {
  if (known.has(tag)) return known.get(tag);
  // A tenth of a second, spent by those alone who de-identify.
  dictionary ??= createRequire(import.meta.url)('dcmjs').data.DicomMetaDictionary.dictionary as Dictionary;
  const listed = dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`.toUpperCase()]?.vr;
  const vr = listed === undefined ? undefined : (EITHER[listed] ?? listed);
  const found = vr !== undefined && /^[A-Z]{2}$/.test(vr) ? vr : undefined;
  if (known.size < 8192) known.set(tag, found);
  return found;
}

/** The VR to judge and to write an element by: the file's own, else the standard's, else UN. */
export const vrOf = (tag: string, e: Element): string =>
  e.vr !== undefined && e.vr !== 'UN' ? e.vr : (standardVr(tag) ?? (e.items ? 'SQ' : 'UN'));

/** Text that is chosen from a list or counts something, by its VR: what else it holds is somebody's note. */
const CODED: Record<string, RegExp> = {
  DS: /^[0-9eE+. -]*$/,
  IS: /^[0-9+ -]*$/,
  AS: /^(\d{3}[DWMY])?$/,
  UI: /^[0-9.]*$/,
};

/** The values of a coded text of which each is one; null where all are, or the VR is no such. */
export function withoutNotes(vr: string, value: Uint8Array): string | null {
  const coded = CODED[vr];
  if (!coded) return null;
  const values = Buffer.from(value)
    .toString('latin1')
    .split('\\')
    .map((v) => v.replace(/[\0 ]+$/, '').trimStart());
  return values.every((v) => coded.test(v)) ? null : values.map((v) => (coded.test(v) ? v : '')).join('\\');
}
