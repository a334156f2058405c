/** What one image plane (a classic file, or one frame of an enhanced one) says about itself. */
import { DecileError } from '../../shared/errors.ts';
import { type DataSet, type DicomData, item, items, number, numbers, PIXEL_DATA, TRANSFER, text } from './dataset.ts';
import { hasReversedRows } from './ge-pepolar.ts';
import { type ModalityLut, modalityLut } from './modality-lut.ts';
import { type MosaicMaker, mosaicFrames, mosaicMaker, type Tile } from './mosaic.ts';
import { UNDEFINED } from './parse.ts';

export interface Frame {
  path: string;
  /** Frame number inside the file, from 0. */
  index: number;
  seriesUid: string;
  studyUid: string;
  sopUid: string;
  sopClass: string;
  frameOfReference: string;
  modality: string;
  rows: number;
  columns: number;
  /** Direction of increasing column index, then of increasing row index; LPS unit vectors. */
  orientation: number[] | undefined;
  position: number[] | undefined;
  /** SliceThickness, mm; geometry goes by positions, it tells a wider gap from a lost slice. */
  thickness?: number;
  /** Distance of rows, then of columns, mm. */
  pixelSpacing: number[] | undefined;
  slope: number;
  intercept: number;
  /** Philips' scale slope, where slope and intercept contain it. */
  scaledBy?: number;
  /** Modality LUT: the real-world value of each stored value from `first`; slope and intercept do not count then. */
  lut?: ModalityLut;
  padding: number | undefined;
  bitsAllocated: number;
  bitsStored: number;
  /** Where the stored bits end. */
  highBit: number;
  signed: boolean;
  samples: number;
  photometric: string;
  /** An overlay sits in the unused high bits, which must be masked. */
  overlayInPixels: boolean;
  hasPixels: boolean;
  /** Where uncompressed little-endian pixels lie in the file: they can be read without parsing it again. */
  direct?: { offset: number; length: number };
  transferSyntax: string;
  imageType: string[];
  instanceNumber: number;
  seriesNumber: number | undefined;
  acquisition: string;
  echo: string;
  bValue: string;
  temporal: string;
  /** Trigger delay, acquisition time: what else tells repeats of one position apart. */
  time: string;
  description: string;
  /** BodyPartExamined, '' where the header does not say. */
  bodyPart: string;
  patientName: string;
  patientId: string;
  /** The image holds all slices of a volume side by side. */
  mosaic?: MosaicMaker;
  /** Rows are stored from the last to the first, unlike what position and orientation say. */
  reversedRows?: boolean;
  /** A slice of a mosaic: where it lies in the image. */
  tile?: Tile;
  /** Gantry tilt as stated, degrees; geometry goes by positions. */
  statedTilt: number;
}

const SHARED = 'x52009229';
const PER_FRAME = 'x52009230';
/** More frames than any real file; a damaged count must not allocate. */
const MAX_FRAMES = 65536;

/** Every frame of a parsed file, pixel data not needed. */
export function framesOf(file: DicomData): Frame[] {
  const { dataSet, path } = file;
  const common = commonOf(file);
  const count = Math.max(1, number(dataSet, 'x00280008') ?? 1);
  const perFrame = items(dataSet, PER_FRAME);
  if (count === 1 && perFrame.length === 0) {
    const whole = { ...common, index: 0, ...planeOf(dataSet, [dataSet], common) };
    return (common.mosaic === 'siemens' ? mosaicFrames(dataSet, whole) : null) ?? [whole];
  }
  if (!Number.isInteger(count) || count > MAX_FRAMES) {
    throw new DecileError(
      'scan/corrupt',
      `The number of frames of ${path} must be a whole number up to ${MAX_FRAMES}, got ${count}.`,
      'The file is damaged: transfer it again.',
    );
  }
  if (perFrame.length < count) {
    throw new DecileError(
      'scan/no-geometry',
      `Every frame of ${path} must state its position, got ${perFrame.length} positions for ${count} frames.`,
      'Cine, ultrasound and secondary-capture sequences are not volumes; export the original CT or MR series.',
    );
  }
  const shared = item(dataSet, SHARED);
  return Array.from({ length: count }, (_, index) => {
    const groups = [perFrame[index], ...(shared ? [shared] : [])];
    return { ...common, index, ...planeOf(dataSet, groups, common) };
  });
}

/** Geometry and contrast, from functional groups (per frame before shared) or from the data set itself. */
function planeOf(
  root: DataSet,
  groups: DataSet[],
  common: Common,
): Partial<Frame> & Pick<Frame, 'orientation' | 'position' | 'pixelSpacing'> {
  const from = <T>(macro: string, read: (d: DataSet) => T | undefined): T | undefined => {
    for (const group of groups) {
      const value = read(group === root ? root : (item(group, macro) ?? EMPTY));
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const classic = groups[0] === root;
  const slope = from('x00289145', (d) => number(d, 'x00281053')) ?? 1;
  const intercept = from('x00289145', (d) => number(d, 'x00281052')) ?? 0;
  const plane = {
    position: from('x00209113', (d) => numbers(d, 'x00200032', 3)),
    orientation: from('x00209116', (d) => numbers(d, 'x00200037', 6)),
    pixelSpacing: from('x00289110', (d) => numbers(d, 'x00280030', 2)),
    thickness: from('x00289110', (d) => number(d, 'x00180050')),
    ...(philipsScale(root, groups, slope, intercept) ?? { slope, intercept }),
  };
  if (classic) return plane;
  const acquired = from('x00189114', (d) => d.double?.('x00189082'));
  const bValue = from('x00189117', (d) => d.double?.('x00189087'));
  const type = from(common.modality === 'CT' ? 'x00189329' : 'x00189226', (d) => d.string?.('x00089007'));
  const temporal = from('x00209111', (d) => (d.elements?.x00209128 ? String(d.uint32('x00209128')) : undefined));
  const stack = from('x00209111', (d) => d.string?.('x00209056'));
  const trigger = from('x00189118', (d) => (d.elements?.x00209153 ? String(d.double('x00209153')) : undefined));
  return {
    ...plane,
    echo: acquired === undefined ? '' : String(acquired),
    bValue: bValue === undefined ? '' : String(bValue),
    imageType: type ? type.split('\\').map((s) => s.trim()) : common.imageType,
    temporal: temporal ?? '',
    acquisition: stack ?? '',
    time: trigger ?? '',
    instanceNumber: 0,
  };
}

/**
 * Philips MR: the scale slope SS (2005,100e) turns displayed values into ones that are comparable between scans,
 * (stored * RS + RI) / (RS * SS), as dcm2niix does (Chenevert et al. 2014, PMC3998685).
 */
function philipsScale(
  root: DataSet,
  groups: DataSet[],
  slope: number,
  intercept: number,
): { slope: number; intercept: number; scaledBy: number } | undefined {
  if (!/PHILIPS/i.test(root.string('x00080070') ?? '') || root.string('x00080060') !== 'MR') return undefined;
  const scaledBy = groups
    .map((group) => (group === root ? root : (item(group, 'x2005140f') ?? group)).float('x2005100e'))
    .find((value) => value !== undefined);
  if (!scaledBy || !Number.isFinite(scaledBy) || scaledBy <= 0 || slope === 0) return undefined;
  return { slope: 1 / scaledBy, intercept: intercept / (slope * scaledBy), scaledBy };
}

const EMPTY = { elements: {}, string: () => undefined, double: () => undefined } as unknown as DataSet;

type Common = Omit<Frame, 'index' | 'orientation' | 'position' | 'pixelSpacing'>;

/** PixelData that lies in the file as it is. */
function directPixels({ dataSet, bytes, transferSyntax }: DicomData): Frame['direct'] {
  const plain = transferSyntax === TRANSFER.explicitLittle || transferSyntax === TRANSFER.implicitLittle;
  const element = dataSet.elements[PIXEL_DATA];
  if (!plain || !element || element.fragments || element.length === UNDEFINED || dataSet.byteArray !== bytes) return;
  return { offset: element.dataOffset, length: element.length };
}

function commonOf(file: DicomData): Common {
  const { dataSet: d, path, transferSyntax } = file;
  const direct = directPixels(file);
  const bitsStored = d.uint16('x00280101') ?? d.uint16('x00280100') ?? 0;
  const mosaic = mosaicMaker(d);
  const uid = (tag: string) => d.string(tag) ?? '';
  const overlayInPixels = Object.keys(d.elements).some(
    (tag) => /^x60[0-9a-f]{2}0102$/.test(tag) && (d.uint16(tag) ?? 0) > 0,
  );
  return {
    path,
    seriesUid: uid('x0020000e'),
    studyUid: uid('x0020000d'),
    sopUid: uid('x00080018'),
    sopClass: uid('x00080016'),
    frameOfReference: uid('x00200052'),
    modality: (d.string('x00080060') ?? '').toUpperCase(),
    rows: d.uint16('x00280010') ?? 0,
    columns: d.uint16('x00280011') ?? 0,
    slope: 1,
    intercept: 0,
    ...modalityLut(file),
    padding: (d.uint16('x00280103') === 1 ? d.int16('x00280120') : d.uint16('x00280120')) ?? undefined,
    bitsAllocated: d.uint16('x00280100') ?? 0,
    bitsStored,
    highBit: d.uint16('x00280102') ?? bitsStored - 1,
    signed: d.uint16('x00280103') === 1,
    samples: d.uint16('x00280002') ?? 1,
    photometric: (d.string('x00280004') ?? '').toUpperCase(),
    overlayInPixels,
    hasPixels: ['x7fe00010', 'x7fe00008', 'x7fe00009'].some((tag) => d.elements[tag] !== undefined),
    ...(direct ? { direct } : {}),
    ...(mosaic ? { mosaic } : {}),
    ...(hasReversedRows(d) ? { reversedRows: true } : {}),
    transferSyntax,
    imageType: (d.string('x00080008') ?? '')
      .toUpperCase()
      .split('\\')
      .map((s) => s.trim()),
    instanceNumber: number(d, 'x00200013') ?? 0,
    seriesNumber: number(d, 'x00200011'),
    acquisition: d.string('x00200012') ?? '',
    // As a number: writers differ in zeros at the end.
    echo: [d.string('x00180086'), number(d, 'x00180081')].join('/').replace(/^\/$/, ''),
    bValue: classicBValue(d),
    temporal: d.string('x00200100') ?? '',
    time: [d.string('x00181060'), d.string('x00080032')].join('/').replace(/^\/$/, ''),
    description: text(d, 'x0008103e') ?? text(d, 'x00181030') ?? '',
    bodyPart: d.string('x00180015') ?? '',
    patientName: text(d, 'x00100010') ?? '',
    patientId: text(d, 'x00100020') ?? '',
    statedTilt: number(d, 'x00181120') ?? 0,
  };
}

/** b-value of a classic MR slice: the standard element, else Siemens' and GE's private ones, else ''. */
function classicBValue(d: DataSet): string {
  if (d.elements.x00189087?.length === 8) return String(d.double('x00189087'));
  const siemens = d.string('x0019100c');
  if (siemens && /^\d+$/.test(siemens.trim()) && /SIEMENS/i.test(d.string('x00190010') ?? '')) return siemens.trim();
  const ge = d.string('x00431039');
  if (ge && /GEMS/i.test(d.string('x00430010') ?? '')) {
    const first = Number(ge.split('\\')[0]);
    // GE adds 1e9 to mark some series.
    if (Number.isFinite(first)) return String(first % 100000);
  }
  return '';
}
