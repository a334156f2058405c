/** Coded terms (SNOMED CT) for labels, found by the label's name, so that an exported segment says what it is. */

export interface Code {
  value: string;
  scheme: string;
  meaning: string;
}
export interface SegmentCodes {
  category: Code;
  type: Code;
  /** Side: left or right. */
  modifier?: Code;
}

const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning });
const ANATOMY = sct('123037004', 'Anatomical Structure');
const ALTERED = sct('49755003', 'Morphologically Altered Structure');
const TISSUE = sct('85756007', 'Tissue');
const LEFT = sct('7771000', 'Left');
const RIGHT = sct('24028007', 'Right');

/** SNOMED CT concepts of the vertebrae from the neck down. */
const VERTEBRAE: readonly (readonly [name: string, value: string])[] = [
  ['C1', '14806007'],
  ['C2', '39976000'],
  ['C3', '113205007'],
  ['C4', '5329002'],
  ['C5', '36978003'],
  ['C6', '36054005'],
  ['C7', '87391001'],
  ['T1', '64864005'],
  ['T2', '53733008'],
  ['T3', '1626008'],
  ['T4', '73071006'],
  ['T5', '56401006'],
  ['T6', '45296009'],
  ['T7', '62487009'],
  ['T8', '11068009'],
  ['T9', '82687006'],
  ['T10', '7610001'],
  ['T11', '12989004'],
  ['T12', '23215003'],
  ['L1', '66794005'],
  ['L2', '14293000'],
  ['L3', '36470004'],
  ['L4', '11994002'],
  ['L5', '49668003'],
];

/** Longer names first where one contains another. */
const TERMS: [RegExp, Code, Code][] = [
  [/left atri|atrium,? left|^la$/, ANATOMY, sct('82471001', 'Left atrium')],
  [/right atri|atrium,? right|^ra$/, ANATOMY, sct('73829009', 'Right atrium')],
  [/left ventric|^lv$/, ANATOMY, sct('87878005', 'Left ventricle')],
  [/right ventric|^rv$/, ANATOMY, sct('53085002', 'Right ventricle')],
  [/tumou?r|neoplasm|cancer|carcinoma|metasta|glio/, ALTERED, sct('108369006', 'Neoplasm')],
  [/lesion|hyperintens|wmh|plaque/, ALTERED, sct('52988006', 'Lesion')],
  [/cyst/, ALTERED, sct('441457006', 'Cyst')],
  [/o?edema/, ALTERED, sct('79654002', 'Edema')],
  [/necro/, ALTERED, sct('6574001', 'Necrosis')],
  [/kidney|renal/, ANATOMY, sct('64033007', 'Kidney')],
  [/liver|hepat/, ANATOMY, sct('10200004', 'Liver')],
  [/spleen/, ANATOMY, sct('78961009', 'Spleen')],
  [/upper lobe|lobe upper/, ANATOMY, sct('45653009', 'Upper lobe of lung')],
  [/middle lobe|lobe middle/, ANATOMY, sct('72481006', 'Middle lobe of right lung')],
  [/lower lobe|lobe lower/, ANATOMY, sct('90572001', 'Lower lobe of lung')],
  ...VERTEBRAE.map(([name, value]): [RegExp, Code, Code] => [
    new RegExp(`^(?:vertebrae? )?${name}(?: vertebra)?$`, 'i'),
    ANATOMY,
    sct(value, `${name} vertebra`),
  ]),
  [/vertebra/, ANATOMY, sct('51282000', 'Vertebra')],
  [/lung/, ANATOMY, sct('39607008', 'Lung')],
  [/brain/, ANATOMY, sct('12738006', 'Brain')],
  [/heart|cardiac/, ANATOMY, sct('80891009', 'Heart')],
  [/aorta/, ANATOMY, sct('15825003', 'Aorta')],
  [/pancrea/, ANATOMY, sct('15776009', 'Pancreas')],
  [/gall ?bladder/, ANATOMY, sct('28231008', 'Gallbladder')],
  [/stomach/, ANATOMY, sct('69695003', 'Stomach')],
  [/bladder/, ANATOMY, sct('89837001', 'Urinary bladder')],
  [/prostate/, ANATOMY, sct('41216001', 'Prostate')],
  [/o?esophag/, ANATOMY, sct('32849002', 'Esophagus')],
  [/adrenal/, ANATOMY, sct('23451007', 'Adrenal gland')],
  [/duoden/, ANATOMY, sct('38848004', 'Duodenum')],
  [/colon/, ANATOMY, sct('71854001', 'Colon')],
  [/uter/, ANATOMY, sct('35039007', 'Uterus')],
  [/thyroid/, ANATOMY, sct('69748006', 'Thyroid gland')],
  [/trachea/, ANATOMY, sct('44567001', 'Trachea')],
  [/spinal cord/, ANATOMY, sct('2748008', 'Spinal cord')],
  [/femur/, ANATOMY, sct('71341001', 'Femur')],
  [/bone/, ANATOMY, sct('272673000', 'Bone')],
  [/muscle/, ANATOMY, sct('91727004', 'Muscle')],
];

/** Codes for a label by its English name; a plain "Tissue" where none fits. */
export function codesFor(name: string): SegmentCodes {
  const plain = name.toLowerCase().replace(/[_-]+/g, ' ').trim();
  const found = TERMS.find(([pattern]) => pattern.test(plain));
  if (!found) return { category: TISSUE, type: TISSUE };
  const [, category, type] = found;
  const sided = /^(Left|Right) | right lung$/.test(type.meaning);
  const modifier = sided ? undefined : /\bleft\b/.test(plain) ? LEFT : /\bright\b/.test(plain) ? RIGHT : undefined;
  return { category, type, modifier };
}

/** Terms that a label may be given, in the order of the table; the unspecific one first. */
export const KNOWN_TERMS: readonly Code[] = [ANATOMY, ...TERMS.map(([, , type]) => type)];

/** The term that a label's name already says; undefined where none is known. */
export function termFor(name: string): Code | undefined {
  const { type } = codesFor(name);
  return type === TISSUE ? undefined : type;
}
