/** The coded term of a structure's name, as the store keeps it, or null where none is known. */
import { termFor as knownTerm } from '../../../core/terms.ts';
import type { CodedTerm } from '../../store/index.ts';

export function termFor(name: string): CodedTerm | null {
  const term = knownTerm(name);
  return term ? { scheme: term.scheme, code: term.value, meaning: term.meaning } : null;
}
