/** Names of segments and structures: DICOM's label holds 64 characters, its description beside it the whole of a longer one. */
import { type DataSet, text } from './dataset.ts';
import { type DicomElement, el } from './encode.ts';

/** Of a segment (Segment Label, Segment Description) or of a structure (ROI Name, ROI Description). */
export interface NamePlace {
  label: string;
  description: string;
}

export const SEGMENT_NAME: NamePlace = { label: '00620005', description: '00620006' };
export const STRUCTURE_NAME: NamePlace = { label: '30060026', description: '30060028' };

/** Characters of a value of type LO. */
const MOST = 64;

export function nameElements({ label, description }: NamePlace, name: string): DicomElement[] {
  const letters = [...name];
  const short = el(label, 'LO', letters.slice(0, MOST).join(''));
  return letters.length > MOST ? [short, el(description, 'ST', name)] : [short];
}

/** The whole name where the description begins with what the label has room for. */
export function nameIn(item: DataSet, { label, description }: NamePlace, dataSet: DataSet): string {
  const short = text(item, `x${label}`, dataSet) ?? '';
  const whole = text(item, `x${description}`, dataSet) ?? '';
  return [...whole].length > MOST && [...whole].slice(0, MOST).join('').trim() === short ? whole : short;
}
