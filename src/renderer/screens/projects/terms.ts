/** Coded terms (SNOMED CT) offered for labels, so that an exported segment says what it is. */
import type { CodedTerm } from '../../../shared/contract/index.ts';

const sct = (value: string, meaning: string): CodedTerm => ({ scheme: 'SCT', value, meaning });

export const TERMS: readonly CodedTerm[] = [
  sct('123037004', 'Anatomical structure'),
  sct('64033007', 'Kidney'),
  sct('10200004', 'Liver'),
  sct('78961009', 'Spleen'),
  sct('39607008', 'Lung'),
  sct('12738006', 'Brain'),
  sct('108369006', 'Neoplasm'),
  sct('15497006', 'Ovary'),
  sct('15776009', 'Pancreas'),
  sct('80891009', 'Heart'),
  sct('82471001', 'Left atrium'),
  sct('87878005', 'Left ventricle'),
  sct('41216001', 'Prostate'),
  sct('89837001', 'Urinary bladder'),
  sct('69536005', 'Head'),
  sct('15825003', 'Aorta'),
  sct('272673000', 'Bone'),
  sct('79654002', 'Edema'),
];

/** The term that a label's name already says. */
export const termFor = (name: string): CodedTerm | undefined => {
  const word = name.trim().toLowerCase();
  return (
    TERMS.find((term) => term.meaning.toLowerCase() === word) ??
    (/(tumou?r|lesion|cancer)/.test(word) ? TERMS[6] : undefined)
  );
};
