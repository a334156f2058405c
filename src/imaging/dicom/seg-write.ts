/** Writing DICOM SEG: binary or a label map, on the mask's own grid, every source image referenced. */

import { axis, voxelToWorld } from '../../core/geometry.ts';
import { codesFor, type SegmentCodes } from '../../core/terms.ts';
import { VERSION } from '../../core/version.ts';
import { type Grid, type LabelMap, voxelIndex } from '../../core/volume.ts';
import { streamFileAtomic, writeAll } from '../../disk/index.ts';
import type { ScanSource } from '../types.ts';
import { cielab } from './cielab.ts';
import { type DicomElement, type DicomSet, decimal, el, encodeFile, newUid } from './encode.ts';
import {
  type Algorithm,
  algorithmItem,
  checkValues,
  code,
  codeItem,
  dcm,
  imageReference,
  imageReferences,
  moment,
  type Origin,
  patientAndStudy,
  recordOf,
  sourceFinder,
  sq,
} from './mask-modules.ts';
import { nameElements, SEGMENT_NAME } from './object-name.ts';
import type { Instance, Provenance } from './provenance-record.ts';
import {
  labelMapFrames,
  type MaskFrame,
  maskFrames,
  overlap,
  type Part,
  packFrames,
  packLabels,
} from './seg-frames.ts';

export interface Segment extends Part {
  label: string;
  colour?: readonly [number, number, number];
  /** True to the mask's history: drawn, corrected prediction, untouched prediction. */
  algorithm: Origin;
  /** Chosen by the user; found by the label's name where absent. */
  codes?: SegmentCodes;
}

export interface SegOptions {
  segments: readonly Segment[];
  /** The DICOM images that the mask belongs to; without them the file carries a new study. */
  source?: ScanSource | Provenance;
  description?: string;
  seriesNumber?: number;
  /** What made AUTOMATIC and SEMIAUTOMATIC segments, where that is known. */
  made?: Algorithm;
  /** One label map (PS3 Supplement 243) in place of a frame for each segment; a segment's number is its value. */
  labelMap?: boolean;
  now?: Date;
}

const SEG_CLASS = '1.2.840.10008.5.1.4.1.1.66.4';
const LABEL_MAP_CLASS = '1.2.840.10008.5.1.4.1.1.66.7';

/**
 * Writes `mask` as a DICOM segmentation. Frames without a voxel of their segment are left out; a segment without any
 * voxel keeps one empty frame, so that it is still listed.
 * @throws mask/value when the mask holds a value that no segment names
 */
export async function writeDicomSeg(path: string, mask: LabelMap, options: SegOptions): Promise<void> {
  const bytes = await encodeDicomSeg(mask, options);
  await streamFileAtomic(path, (handle) => writeAll(handle, bytes));
}

/** The file's bytes, as writeDicomSeg writes them. */
export async function encodeDicomSeg(mask: LabelMap, options: SegOptions): Promise<Uint8Array> {
  const { segments, labelMap = false } = options;
  checkValues(
    mask,
    segments.map(({ value }) => value),
  );
  const source = await recordOf(options.source);
  const frames = labelMap ? labelMapFrames(mask, segments) : maskFrames(mask, segments);
  const pixels = labelMap ? packLabels(mask, frames) : packFrames(mask, segments, frames);
  const sop = newUid();
  const set = dataSet(mask, options, source, frames, pixels, sop);
  return encodeFile(set, labelMap ? LABEL_MAP_CLASS : SEG_CLASS, sop);
}

function dataSet(
  mask: LabelMap,
  o: SegOptions,
  source: Provenance | undefined,
  frames: readonly MaskFrame[],
  pixels: Uint8Array,
  sop: string,
): DicomSet {
  const { date, time } = moment(o.now);
  const labelMap = o.labelMap ?? false;
  const dimension = newUid();
  return [
    ...patientAndStudy(source, ownTexts(o), date, time),
    el('00080008', 'CS', ['DERIVED', 'PRIMARY']),
    el('00080016', 'UI', labelMap ? LABEL_MAP_CLASS : SEG_CLASS),
    el('00080018', 'UI', sop),
    el('00080021', 'DA', date),
    el('00080031', 'TM', time),
    el('00080023', 'DA', date),
    el('00080033', 'TM', time),
    el('00080060', 'CS', 'SEG'),
    el('00080070', 'LO', 'Decile'),
    el('0008103e', 'LO', (o.description ?? 'Segmentation').slice(0, 64)),
    el('00081090', 'LO', 'Decile'),
    el('00181000', 'LO', '1'),
    el('00181020', 'LO', VERSION),
    ...references(source),
    el('0020000e', 'UI', newUid()),
    el('00200011', 'IS', String(o.seriesNumber ?? 100 + (source?.seriesNumber ?? 0))),
    el('00200013', 'IS', '1'),
    el('00200052', 'UI', source?.frameOfReference || newUid()),
    el('00201040', 'LO'),
    sq('00209221', [el('00209164', 'UI', dimension)]),
    sq(
      '00209222',
      ...(labelMap ? [] : [dimensionItem(dimension, '0062000b', '0062000a', 'Segment')]),
      dimensionItem(dimension, '00200032', '00209113', 'Position'),
    ),
    el('00280002', 'US', 1),
    el('00280004', 'CS', 'MONOCHROME2'),
    el('00280008', 'IS', String(frames.length)),
    el('00280010', 'US', mask.size[1]),
    el('00280011', 'US', mask.size[0]),
    el('00280100', 'US', labelMap ? 8 : 1),
    el('00280101', 'US', labelMap ? 8 : 1),
    el('00280102', 'US', labelMap ? 7 : 0),
    el('00280103', 'US', 0),
    // What is no segment.
    ...(labelMap ? [el('00280120', 'US', 0)] : []),
    el('00282110', 'CS', '00'),
    el('00620001', 'CS', labelMap ? 'LABELMAP' : 'BINARY'),
    el('00620013', 'CS', overlap(mask, o.segments) ? 'YES' : 'NO'),
    sq('00620002', ...o.segments.map((s, n) => segmentItem(s, labelMap ? s.value : n + 1, o.made))),
    el('00700080', 'CS', 'SEGMENTATION'),
    el('00700081', 'LO', (o.description ?? 'Segmentation').slice(0, 64)),
    el('00700084', 'PN'),
    sq('52009229', sharedGroup(mask)),
    sq('52009230', ...frameGroups(mask, frames, source?.instances ?? [])),
    el('7fe00010', 'OB', pixels),
  ];
}

const ownTexts = (o: SegOptions): string =>
  [o.description ?? '', o.made?.name ?? '', o.made?.run ?? '', ...o.segments.map((s) => s.label)].join('');

const dimensionItem = (organization: string, pointer: string, group: string, name: string): DicomSet => [
  el('00209164', 'UI', organization),
  el('00209165', 'AT', pointer),
  el('00209167', 'AT', group),
  el('00209421', 'LO', name),
];

const references = (source: Provenance | undefined): DicomElement[] =>
  source && source.instances.length > 0
    ? [sq('00081115', [sq('0008114a', ...imageReferences(source)), el('0020000e', 'UI', source.seriesUid)])]
    : [];

function segmentItem(s: Segment, number: number, made: Algorithm | undefined): DicomSet {
  const codes = s.codes ?? codesFor(s.label);
  const side = codes.modifier ? [code('00620011', codes.modifier)] : [];
  return [
    code('00620003', codes.category),
    el('00620004', 'US', number),
    ...nameElements(SEGMENT_NAME, s.label),
    el('00620008', 'CS', s.algorithm),
    ...(s.algorithm === 'MANUAL' ? [] : algorithm(made)),
    ...(s.colour ? [el('0062000d', 'US', cielab(s.colour))] : []),
    sq('0062000f', [...codeItem(codes.type), ...side]),
  ];
}

/** Name for people, and for programs family, version and which run it was. */
const algorithm = (made: Algorithm | undefined): DicomElement[] =>
  made
    ? [el('00620009', 'LO', made.name.slice(0, 64)), sq('00620007', algorithmItem(made))]
    : [el('00620009', 'LO', 'not stated')];

function sharedGroup({ direction, spacing }: Grid): DicomSet {
  return [
    sq('00209116', [el('00200037', 'DS', [...axis(direction, 0), ...axis(direction, 1)].map(decimal))]),
    sq('00289110', [
      el('00180050', 'DS', decimal(spacing[2])),
      el('00180088', 'DS', decimal(spacing[2])),
      el('00280030', 'DS', [decimal(spacing[1]), decimal(spacing[0])]),
    ]),
  ];
}

function frameGroups(mask: Grid, frames: readonly MaskFrame[], instances: readonly Instance[]): DicomSet[] {
  const slices = [...new Set(frames.map((f) => f.k))].sort((a, b) => a - b);
  const rank = new Map(slices.map((k, n) => [k, n + 1]));
  const sourceAt = sourceFinder(mask, instances);
  return frames.map(({ segment, k }) => {
    const from = sourceAt(k);
    const number = segment === undefined ? [] : [segment + 1];
    return [
      ...(from ? [derivation(from)] : []),
      sq('00209111', [el('00209157', 'UL', [...number, rank.get(k)!])]),
      sq('00209113', [el('00200032', 'DS', voxelToWorld(mask, voxelIndex(0, 0, k)).map(decimal))]),
      ...(segment === undefined ? [] : [sq('0062000a', [el('0062000b', 'US', segment + 1)])]),
    ];
  });
}

function derivation(i: Instance): DicomElement {
  return sq('00089124', [
    sq('00082112', [
      ...imageReference(i),
      code('0040a170', dcm('121322', 'Source Image for Image Processing Operation')),
    ]),
    code('00089215', dcm('113076', 'Segmentation')),
  ]);
}
