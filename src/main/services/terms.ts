/** Coded terms (SNOMED CT) of common structures, given to labels by their name. */
import type { CodedTerm } from '../store/index.ts';

const SNOMED: Record<string, [code: string, meaning: string]> = {
  kidney: ['64033007', 'Kidney'],
  kidneys: ['64033007', 'Kidney'],
  liver: ['10200004', 'Liver'],
  spleen: ['78961009', 'Spleen'],
  lung: ['39607008', 'Lung'],
  lungs: ['39607008', 'Lung'],
  brain: ['12738006', 'Brain'],
  tumor: ['108369006', 'Neoplasm'],
  tumour: ['108369006', 'Neoplasm'],
  neoplasm: ['108369006', 'Neoplasm'],
};

/** The coded term of a structure's name, or null where none is certain. */
export function termFor(name: string): CodedTerm | null {
  const known = SNOMED[name.trim().toLowerCase()];
  return known ? { scheme: 'SCT', code: known[0], meaning: known[1] } : null;
}
