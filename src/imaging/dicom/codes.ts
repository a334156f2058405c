/** Coded terms (SNOMED CT, DICOM) for labels, found by the label's name; a plain "Tissue" where none fits. */

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

/** Codes for a label by its English name. */
export function codesFor(name: string): SegmentCodes {
  const plain = name.toLowerCase().replace(/[_-]+/g, ' ').trim();
  const found = TERMS.find(([pattern]) => pattern.test(plain));
  if (!found) return { category: TISSUE, type: TISSUE };
  const [, category, type] = found;
  const sided = /^(Left|Right) /.test(type.meaning);
  const modifier = sided ? undefined : /\bleft\b/.test(plain) ? LEFT : /\bright\b/.test(plain) ? RIGHT : undefined;
  return { category, type, modifier };
}

/** sRGB (0..255) to DICOM's CIELab: three unsigned 16-bit numbers (PS3.3 C.10.7.1.1), D65 white adapted to D50. */
export function cielab([r, g, b]: readonly [number, number, number]): [number, number, number] {
  const [lr, lg, lb] = [r, g, b].map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  // Linear sRGB to XYZ of the D50 profile connection space, Bradford-adapted.
  const x = 0.4360747 * lr + 0.3850649 * lg + 0.1430804 * lb;
  const y = 0.2225045 * lr + 0.7168786 * lg + 0.0606169 * lb;
  const z = 0.0139322 * lr + 0.0971045 * lg + 0.7141733 * lb;
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [fx, fy, fz] = [f(x / 0.9642), f(y), f(z / 0.8249)];
  const l = 116 * fy - 16;
  const u16 = (v: number) => Math.max(0, Math.min(65535, Math.round(v)));
  return [
    u16((l * 65535) / 100),
    u16(((500 * (fx - fy) + 128) * 65535) / 255),
    u16(((200 * (fy - fz) + 128) * 65535) / 255),
  ];
}
