/** What every object that holds a mask says of patient, study, images and of what made it: SEG and RTSTRUCT alike. */
import { axis, dot3, voxelToWorld } from '../../core/geometry.ts';
import type { Code } from '../../core/terms.ts';
import { type Grid, type LabelMap, voxelIndex } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { ScanSource } from '../types.ts';
import { readDicomHeader } from './dataset.ts';
import { type DicomElement, type DicomSet, el, newUid } from './encode.ts';
import { type Frame, framesOf } from './frame.ts';
import { provenanceOf, sharedElements } from './provenance.ts';
import type { Instance, Provenance } from './provenance-record.ts';
import { splitSeries } from './series.ts';

/** What made predicted voxels. */
export interface Algorithm {
  name: string;
  version: string;
  /** Which run it was, in words and numbers. */
  run: string;
}

/** How the voxels of one part came to be. */
export type Origin = 'MANUAL' | 'SEMIAUTOMATIC' | 'AUTOMATIC';

export const sq = (tag: string, ...items: DicomSet[]): DicomElement => el(tag, 'SQ', items);
export const codeItem = (c: Code): DicomSet => [
  el('00080100', 'SH', c.value),
  el('00080102', 'SH', c.scheme),
  el('00080104', 'LO', c.meaning),
];
export const code = (tag: string, c: Code): DicomElement => sq(tag, codeItem(c));
export const dcm = (value: string, meaning: string): Code => ({ value, scheme: 'DCM', meaning });

/** Algorithm Identification (PS3.3 table 10-19): family, name, version, and which run it was. */
export const algorithmItem = ({ name, version, run }: Algorithm): DicomSet => [
  el('00240202', 'LO', 'Decile'),
  code('0066002f', dcm('123110', 'Artificial Intelligence')),
  el('00660031', 'LO', version.slice(0, 64)),
  el('00660032', 'LT', run),
  el('00660036', 'LO', name.slice(0, 64)),
];

/** Date and time as DICOM writes them, UTC. */
export function moment(now = new Date()): { date: string; time: string } {
  const iso = now.toISOString();
  return { date: iso.slice(0, 10).replaceAll('-', ''), time: iso.slice(11, 19).replaceAll(':', '') };
}

/** Every value above 0 must have a name. @throws mask/value */
export function checkValues(mask: LabelMap, values: readonly number[]): void {
  const present = new Uint8Array(256);
  for (let n = 0; n < mask.data.length; n++) present[mask.data[n]] = 1;
  const stray = present.findIndex((p, v) => p === 1 && v > 0 && !values.includes(v));
  if (stray > 0)
    throw new DecileError(
      'mask/value',
      `Every value of the mask must be one of the labels ${values.join(', ')}, got ${stray}.`,
      'Add the label to the project, or remove those voxels.',
    );
}

/** The record of a series that was found, or the record itself. */
export async function recordOf(source: ScanSource | Provenance | undefined): Promise<Provenance | undefined> {
  if (!source || 'instances' in source) return source;
  const frames: Frame[] = [];
  for (const file of source.paths) frames.push(...framesOf(await readDicomHeader(file)));
  return provenanceOf(source.part === undefined ? frames : (splitSeries(frames).stacks[source.part]?.frames ?? frames));
}

/**
 * As the images have them, so that the object joins their study; without images a study of its own.
 * @param own the object's own texts
 */
export function patientAndStudy(
  source: Provenance | undefined,
  own: string,
  date: string,
  time: string,
): DicomElement[] {
  if (!source) {
    const empty = [['00080050', 'SH'], ['00080090', 'PN'], ['00100010', 'PN'], ['00100020', 'LO'], ['00100030', 'DA'], ['00100040', 'CS'], ['00200010', 'SH']] as const; // biome-ignore format: a table
    return [
      el('00080005', 'CS', 'ISO_IR 192'),
      el('00080020', 'DA', date),
      el('00080030', 'TM', time),
      el('0020000d', 'UI', newUid()),
      ...empty.map(([tag, vr]) => el(tag, vr)),
    ];
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: beyond ASCII is what is asked
  return [...sharedElements(source, /[^\x00-\x7f]/.test(own)), el('0020000d', 'UI', source.studyUid || newUid())];
}

/** The source image that lies on slice k of the mask, or for a resampled scan the nearest one along the normal. */
export function sourceFinder(mask: Grid, instances: readonly Instance[]): (k: number) => Instance | undefined {
  const normal = axis(mask.direction, 2);
  const placed = instances.map((instance) => ({ instance, along: dot3(instance.position, normal) }));
  return (k) => {
    const along = dot3(voxelToWorld(mask, voxelIndex(0, 0, k)), normal);
    let best: { instance: Instance; along: number } | undefined;
    for (const s of placed) if (!best || Math.abs(s.along - along) < Math.abs(best.along - along)) best = s;
    return best?.instance;
  };
}

/** One image, and the frame of it where it holds several. */
export const imageReference = (i: Instance): DicomSet => [
  el('00081150', 'UI', i.sopClass),
  el('00081155', 'UI', i.sopUid),
  ...(i.multiFrame ? [el('00081160', 'IS', String(i.frame + 1))] : []),
];

/** Each image once, whole. */
export const imageReferences = (source: Provenance): DicomSet[] =>
  [...new Map(source.instances.map((i) => [i.sopUid, i])).values()].map((i) => [
    el('00081150', 'UI', i.sopClass),
    el('00081155', 'UI', i.sopUid),
  ]);
