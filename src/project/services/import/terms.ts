/** Coded terms (SNOMED CT) of common structures, given to labels by their name. */
import { codesFor } from '../../../imaging/index.ts';
import type { CodedTerm } from '../../store/index.ts';

/** SNOMED CT's "Tissue": what a segmentation says of a structure that it knows no better. */
const UNSPECIFIC = '85756007';

/** The coded term of a structure's name, or null where none is known. */
export function termFor(name: string): CodedTerm | null {
  const { type } = codesFor(name);
  return type.value === UNSPECIFIC ? null : { scheme: type.scheme, code: type.value, meaning: type.meaning };
}
