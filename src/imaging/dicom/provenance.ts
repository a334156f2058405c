/** From images to the record of where they came from, and from the record to the attributes of a segmentation. */
import { datesOf, wholeAndParts } from '../deid/identifiers.ts';
import { nameParts } from '../deid/needles.ts';
import { type DataSet, decodeText, readDicomHeader } from './dataset.ts';
import { type DicomElement, el, type Vr } from './encode.ts';
import type { Frame } from './frame.ts';
import type { Provenance } from './provenance-record.ts';

/** Patient, study and equipment attributes that a segmentation shares with its images: tag, VR. */
const SHARED: [string, Vr][] = [
  ['00080005', 'CS'],
  ['00080020', 'DA'],
  ['00080030', 'TM'],
  ['00080050', 'SH'],
  ['00080090', 'PN'],
  ['00100010', 'PN'],
  ['00100020', 'LO'],
  ['00100030', 'DA'],
  ['00100040', 'CS'],
  ['00200010', 'SH'],
];

/** Enhanced and legacy-converted CT, MR and PET. */
const MULTI_FRAME = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(2\.[12]|4\.[14]|128\.1|130)$/;

export async function provenanceOf(frames: readonly Frame[]): Promise<Provenance> {
  const [first] = frames;
  const { dataSet } = await readDicomHeader(first.path);
  const shared = SHARED.flatMap(([tag]) => {
    const bytes = rawValue(dataSet, tag);
    return bytes ? [[tag, Buffer.from(bytes).toString('base64')]] : [];
  });
  return {
    version: 1,
    studyUid: first.studyUid,
    seriesUid: first.seriesUid,
    frameOfReference: first.frameOfReference,
    seriesNumber: first.seriesNumber ?? null,
    modality: first.modality,
    ...(first.bodyPart ? { bodyPart: first.bodyPart } : {}),
    shared: Object.fromEntries(shared) as Record<string, string>,
    instances: frames.map((f) => ({
      sopClass: f.sopClass,
      sopUid: f.sopUid,
      // The slices of a mosaic are one image.
      frame: f.tile ? 0 : f.index,
      multiFrame: !f.tile && (f.index > 0 || MULTI_FRAME.test(f.sopClass)),
      position: [...(f.position ?? [0, 0, 0])],
    })),
  };
}

function rawValue(d: DataSet, tag: string): Uint8Array | null {
  const e = d.elements[`x${tag}`];
  return e && e.length > 0 ? d.byteArray.subarray(e.dataOffset, e.dataOffset + e.length) : null;
}

/**
 * The shared attributes as elements, empty where the source has none.
 * @param utf8 the object's other texts need UTF-8: the shared ones are converted; else their bytes stay as they are
 */
export function sharedElements(p: Provenance, utf8: boolean): DicomElement[] {
  const bytes = (tag: string) => new Uint8Array(Buffer.from(p.shared[tag] ?? '', 'base64'));
  const characterSet = Buffer.from(bytes('00080005')).toString('latin1').trim();
  return SHARED.flatMap(([tag, vr]): DicomElement[] => {
    if (tag === '00080005') return utf8 ? [el(tag, vr, 'ISO_IR 192')] : characterSet ? [el(tag, vr, bytes(tag))] : [];
    return [el(tag, vr, utf8 ? decodeText(bytes(tag), characterSet) : bytes(tag))];
  });
}

/** The shared attributes that name somebody or something: what must not appear in a de-identified export. */
export function identifiersIn(p: Provenance): string[] {
  const characterSet = Buffer.from(p.shared['00080005'] ?? '', 'base64').toString('latin1');
  const values = ['00100010', '00100020', '00100030', '00080050', '00080090'].map((tag) =>
    decodeText(Buffer.from(p.shared[tag] ?? '', 'base64'), characterSet),
  );
  const parts = [values[0], values[4]].flatMap(nameParts);
  const uids = [p.studyUid, p.seriesUid, p.frameOfReference, ...p.instances.map((i) => i.sopUid)];
  return wholeAndParts([...values, ...datesOf(values[2]), ...uids], parts);
}

/** The patient's number as the images write it, which pseudonyms and shifted dates hang on. */
export const patientIdOf = (p: Provenance): string =>
  Buffer.from(p.shared['00100020'] ?? '', 'base64')
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim();
