/**
 * What happens to each attribute: the Basic Application Level Confidentiality Profile of DICOM PS3.15 annex E, table
 * E.1-1 (edition 2024b), for images and segmentations. Stricter where a whole group describes nothing that an image
 * needs (trials, visits, procedures, therapy, overlays): the group goes; and stricter with text, whose attributes stay
 * only where TEXT_KEPT names them.
 */
import { standardVr } from './vr.ts';

export type Action =
  | 'keep'
  /** X: gone. */
  | 'remove'
  /** Z: there, without value. */
  | 'empty'
  /** D: a dummy of the same kind. */
  | 'dummy'
  /** U: another UID, the same for the same original. */
  | 'uid'
  /** A date: shifted, or treated as the second action. */
  | 'date-empty'
  | 'date-remove';

const tags = (group: string, elements: string): string[] =>
  elements
    .trim()
    .split(/\s+/)
    .map((e) => group + e);

const DUMMY = new Set(['00100010', '00100020', '30060002']);

/** Kept of group 0010: nothing but the four attributes that must be present. */
const EMPTY = new Set([
  // Who interpreted a structure.
  ...tags('3006', '00a6'),
  ...tags('0008', '0050 0090 009c'),
  ...tags('0010', '0030 0040'),
  ...tags('0018', '0010 1203'),
  ...tags('0020', '0010'),
  ...tags('0070', '0084'),
  // X/Z/D: empty is allowed wherever they are type 2 or 3; 0008,1010 and others are removed below.
]);

const DATES_EMPTY = new Set([...tags('0008', '0020 0022 0023 0030 0032 0033 002a'), ...tags('3006', '0008 0009')]);
const DATES_REMOVE = new Set([
  ...tags('0008', '0012 0013 0015 0021 0024 0025 0031 0034 0035 0201'),
  ...tags(
    '0018',
    '0027 0035 1012 1014 1042 1043 1072 1073 1078 1079 1200 1201 1202 1204 1205 700c 700e 9074 9151 9369 936a 9516 9517 9701 9804 9919 a002',
  ),
  ...tags('0020', '3403 3405'),
]);

const UIDS = new Set([
  ...tags('3006', '0024'),
  ...tags('0002', '0003'),
  ...tags('0004', '1511'),
  ...tags('0008', '0014 0017 0018 0019 0058 1155 1195 3010'),
  ...tags('0018', '1002 100b 2042'),
  ...tags('0020', '000d 000e 0052 0200 9161 9164 9312 9313'),
  ...tags('0028', '1199 1214'),
  ...tags('0064', '0003'),
]);

const REMOVED = new Set([
  ...tags(
    '0008',
    '0054 0055 0080 0081 0082 0092 0094 0096 009d 0106 0107 1000 1010 1030 103e 1040 1041 1048 1049 1050 1052 1060 1062 1070 1072 1080 1084 1088 1110 1111 1120 1301 1302 1303 1304 2111 4000',
  ),
  ...tags(
    '0018',
    '1000 1004 1005 1007 1008 1009 100a 1030 11bb 1400 4000 5011 700a 9185 9367 9371 9373 937b 937f 9424 9623 9937 a003',
  ),
  ...tags('0020', '0027 3401 3406 4000 9158'),
  ...tags('0028', '4000'),
  ...tags('0050', '001b 0020 0021'),
  // Tables for display alone, and what somebody called a window.
  ...tags('0028', '1055 3003 3010 3110'),
  // The tracking identifier is free text, and its UID may not stand without it.
  ...tags('0062', '0020 0021'),
]);

/** Groups that go whole; the exceptions are what images and segmentations need of them. */
const GROUPS = new Set([
  '0000',
  '0004',
  '0010',
  '0012',
  '0014',
  '0016',
  '0032',
  '0034',
  '0038',
  '003a',
  '0040',
  '0042',
  '0044',
  '0068',
  '006a',
  '0070',
  '0072',
  '0074',
  '0088',
  '0100',
  '0400',
  '2030',
  '2100',
  '2200',
  '3002',
  '3004',
  '3006',
  '3008',
  '300a',
  '300c',
  '300e',
  '3010',
  '4000',
  '4008',
  'fffa',
  'fffc',
]);
const KEPT = new Set([
  // Units, real-world values, codes of purpose and concept, used inside sequences of images and segmentations.
  ...tags('0040', '08ea 9094 9096 9098 9210 9211 9212 9214 9216 9224 9225 a040 a043 a168 a170'),
  ...tags('0070', '0080'),
  // Structure sets: what they refer to, names and colours of structures, contours and their planes, observations, approval.
  ...tags(
    '3006',
    '0010 0012 0014 0016 0020 0022 002a 0036 0037 0039 0040 0042 0046 0048 004a 0050 0080 0082 0084 0086 00a4',
  ),
  ...tags('300e', '0002'),
]);

/** In multi-frame objects these must have a value (their modules demand it), or be there: dummies stand for them. */
export const MULTI_FRAME_DUMMIES: ReadonlyMap<string, string> = new Map([
  ['00080023', '19000101'],
  ['00080033', '000000'],
  ['00181000', 'ANON'],
  ['00700081', ''],
]);

/** The same for structure sets: the operator's name must be there, and may be empty. */
export const STRUCTURE_SET_DUMMIES: ReadonlyMap<string, string> = new Map([['00081070', '']]);

/** UIDs that name kinds of things, not things: of classes, coding schemes and their tables. */
const KINDS = new Set(tags('0008', '0016 001a 001b 0062 010c 0117 0118 0124 1150 115a'));

/** VRs that hold identities, moments, whatever somebody typed, or bytes that nobody can read: kept by name alone. */
const FREE = new Set('PN DA DT TM AE UN LO SH LT ST UT UC UR OB OD OF OL OV OW'.split(' '));

/** Text that devices write and programs read, and the bytes of pixels, the modality table and palettes; values.ts looks at what they say. */
export const TEXT_KEPT: ReadonlySet<string> = new Set([
  // Maker and model; values, schemes and meanings of codes.
  ...tags('0008', '0070 1090 0100 0102 0103 0104 0119 0120'),
  // Sequence, nucleus, software, agent, filter, kernel, coils.
  ...tags('0018', '0024 0031 0085 1020 1040 1160 1210 1250 1251 9005 9041 9046 9047 9050 9320'),
  // Reference of positions, stack, name of a dimension.
  ...tags('0020', '1040 9056 9421'),
  // Unit of values, kind and bytes of the modality table; the colours of a palette.
  ...tags('0028', '1054 3004 3006 1201 1202 1203'),
  // Corrections and reconstruction of PET.
  ...tags('0054', '1101 1103 1105'),
  // Segments: label and algorithm; source, version and name of what made them (its parameters are free text and go).
  ...tags('0062', '0005 0009'),
  ...tags('0024', '0202'),
  // Names of structures, as those of segments.
  ...tags('3006', '0026'),
  ...tags('0066', '0031 0036'),
  ...tags('7fe0', '0008 0009 0010'),
]);

const BINARY = new Set('US SS UL SL SV UV FL FD AT'.split(' '));
const kindOf = (vr: string) => (vr === 'SQ' ? 'items' : BINARY.has(vr) ? 'numbers' : 'text');

/**
 * @param tag 'ggggeeee', lower case
 * @param stated the file's VR; undefined in implicit files, where the standard's counts
 */
export function actionFor(tag: string, stated: string | undefined): Action {
  const group = tag.slice(0, 4);
  // Odd groups are private: dropped whole.
  if (Number.parseInt(group, 16) % 2 === 1) return 'remove';
  if (tag.endsWith('0000')) return 'remove';
  if (DUMMY.has(tag)) return 'dummy';
  if (EMPTY.has(tag)) return 'empty';
  if (UIDS.has(tag)) return 'uid';
  if (DATES_EMPTY.has(tag)) return 'date-empty';
  if (DATES_REMOVE.has(tag)) return 'date-remove';
  if (REMOVED.has(tag) || stated === 'UN') return 'remove';
  const standard = standardVr(tag);
  const vr = stated ?? standard;
  // What the standard does not know, or knows as another kind of value, may hold anything.
  if (standard === undefined || vr === undefined || kindOf(vr) !== kindOf(standard)) return 'remove';
  if (KEPT.has(tag) || TEXT_KEPT.has(tag)) return 'keep';
  if (GROUPS.has(group) || /^(50|60)/.test(group)) return 'remove';
  if (FREE.has(vr) || FREE.has(standard)) return 'remove';
  // Whatever else is a UID may name a machine, a study or a patient.
  if ((vr === 'UI' || standard === 'UI') && group !== '0002' && !KINDS.has(tag)) return 'uid';
  return 'keep';
}
