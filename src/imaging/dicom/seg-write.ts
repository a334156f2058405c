/** Writing DICOM SEG: binary, on the mask's own grid, every source image referenced. */

import { axis, dot3, voxelToWorld } from '../../core/geometry.ts';
import { type Code, codesFor, type SegmentCodes } from '../../core/terms.ts';
import { type LabelMap, voxelIndex } from '../../core/volume.ts';
import { streamFileAtomic, writeAll } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import type { ScanSource } from '../types.ts';
import { cielab } from './cielab.ts';
import { readDicomHeader } from './dataset.ts';
import { type DicomElement, type DicomSet, decimal, el, encodeFile, newUid } from './encode.ts';
import { type Frame, framesOf } from './frame.ts';
import { provenanceOf, sharedElements } from './provenance.ts';
import type { Instance, Provenance } from './provenance-record.ts';
import { splitSeries } from './series.ts';

export interface Segment {
  /** Value in the mask, 1..255. */
  value: number;
  label: string;
  colour?: readonly [number, number, number];
  /** True to the mask's history: drawn, corrected prediction, untouched prediction. */
  algorithm: 'MANUAL' | 'SEMIAUTOMATIC' | 'AUTOMATIC';
  /** Chosen by the user; found by the label's name where absent. */
  codes?: SegmentCodes;
  /** Its own voxels, not 0 inside, on the mask's grid: such segments may overlap. Without it, the mask's voxels of `value`. */
  inside?: Uint8Array;
}

export interface SegOptions {
  segments: readonly Segment[];
  /** The DICOM images that the mask belongs to; without them the file carries a new study. */
  source?: ScanSource | Provenance;
  description?: string;
  seriesNumber?: number;
  /** Name and version of what made the prediction, for AUTOMATIC and SEMIAUTOMATIC segments. */
  algorithmName?: string;
  softwareVersion?: string;
  now?: Date;
}

const SEG_CLASS = '1.2.840.10008.5.1.4.1.1.66.4';
const sq = (tag: string, ...items: DicomSet[]): DicomElement => el(tag, 'SQ', items);
const code = (tag: string, c: Code): DicomElement =>
  sq(tag, [el('00080100', 'SH', c.value), el('00080102', 'SH', c.scheme), el('00080104', 'LO', c.meaning)]);
const dcm = (value: string, meaning: string): Code => ({ value, scheme: 'DCM', meaning });

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
  const { segments } = options;
  checkValues(mask, segments);
  const source = options.source && ('instances' in options.source ? options.source : await ofSource(options.source));
  const frames = maskFrames(mask, segments);
  const sop = newUid();
  return encodeFile(dataSet(mask, options, source, frames, packFrames(mask, segments, frames), sop), SEG_CLASS, sop);
}

function checkValues(mask: LabelMap, segments: readonly Segment[]): void {
  const named = new Set(segments.map((s) => s.value));
  const present = new Uint8Array(256);
  for (let n = 0; n < mask.data.length; n++) present[mask.data[n]] = 1;
  const stray = present.findIndex((p, v) => p === 1 && v > 0 && !named.has(v));
  if (stray > 0)
    throw new DecileError(
      'mask/value',
      `Every value of the mask must be one of the labels ${[...named].join(', ')}, got ${stray}.`,
      'Add the label to the project, or remove those voxels.',
    );
}

async function ofSource(source: ScanSource): Promise<Provenance> {
  const frames: Frame[] = [];
  for (const file of source.paths) frames.push(...framesOf(await readDicomHeader(file)));
  return provenanceOf(source.part === undefined ? frames : (splitSeries(frames).stacks[source.part]?.frames ?? frames));
}

interface MaskFrame {
  /** Index into the segments. */
  segment: number;
  k: number;
}

/** The frames that hold a voxel of their segment, one empty one for a segment without any. */
function maskFrames({ size, data }: LabelMap, segments: readonly Segment[]): MaskFrame[] {
  const plane = size[0] * size[1];
  const bySegment = segments.map(() => [] as MaskFrame[]);
  const indexOf = new Int16Array(256).fill(-1);
  segments.forEach((s, n) => {
    if (!s.inside) indexOf[s.value] = n;
  });
  for (let k = 0; k < size[2]; k++) {
    const seen = new Uint8Array(segments.length);
    for (let n = k * plane; n < (k + 1) * plane; n++)
      if (data[n] !== 0 && indexOf[data[n]] >= 0) seen[indexOf[data[n]]] = 1;
    segments.forEach(({ inside }, segment) => {
      if (inside?.subarray(k * plane, (k + 1) * plane).some((v) => v !== 0)) seen[segment] = 1;
      if (seen[segment]) bySegment[segment].push({ segment, k });
    });
  }
  return bySegment.flatMap((list, segment) => (list.length > 0 ? list : [{ segment, k: 0 }]));
}

/** One bit a pixel, least significant first, frames without padding between them (PS3.5 section 8.2). */
function packFrames({ size, data }: LabelMap, segments: readonly Segment[], frames: readonly MaskFrame[]): Uint8Array {
  const plane = size[0] * size[1];
  const bytes = Math.ceil((plane * frames.length) / 8);
  const out = new Uint8Array(bytes + (bytes % 2));
  let bit = 0;
  for (const { segment, k } of frames) {
    const { value, inside } = segments[segment];
    const base = k * plane;
    for (let n = 0; n < plane; n++, bit++)
      if (inside ? inside[base + n] !== 0 : data[base + n] === value) out[bit >> 3] |= 1 << (bit & 7);
  }
  return out;
}

/** Is any voxel in two segments? Label maps never are; segments with voxels of their own may be. */
function overlap({ data }: LabelMap, segments: readonly Segment[]): boolean {
  const own = segments.flatMap(({ inside }) => (inside ? [inside] : []));
  if (own.length === 0) return false;
  const mapped = new Set(segments.filter(({ inside }) => !inside).map(({ value }) => value));
  return data.some((v, n) => own.reduce((sum, inside) => sum + (inside[n] !== 0 ? 1 : 0), mapped.has(v) ? 1 : 0) > 1);
}

function dataSet(
  mask: LabelMap,
  o: SegOptions,
  source: Provenance | undefined,
  frames: readonly MaskFrame[],
  bits: Uint8Array,
  sop: string,
): DicomSet {
  const now = o.now ?? new Date();
  const iso = now.toISOString();
  const date = iso.slice(0, 10).replaceAll('-', '');
  const time = iso.slice(11, 19).replaceAll(':', '');
  const dimension = newUid();
  return [
    ...patientAndStudy(o, source, date, time),
    el('00080008', 'CS', ['DERIVED', 'PRIMARY']),
    el('00080016', 'UI', SEG_CLASS),
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
    el('00181020', 'LO', o.softwareVersion ?? '0.1.0'),
    ...references(source),
    el('0020000e', 'UI', newUid()),
    el('00200011', 'IS', String(o.seriesNumber ?? 100 + (source?.seriesNumber ?? 0))),
    el('00200013', 'IS', '1'),
    el('00200052', 'UI', source?.frameOfReference || newUid()),
    el('00201040', 'LO'),
    sq('00209221', [el('00209164', 'UI', dimension)]),
    sq(
      '00209222',
      [
        el('00209164', 'UI', dimension),
        el('00209165', 'AT', '0062000b'),
        el('00209167', 'AT', '0062000a'),
        el('00209421', 'LO', 'Segment'),
      ],
      [
        el('00209164', 'UI', dimension),
        el('00209165', 'AT', '00200032'),
        el('00209167', 'AT', '00209113'),
        el('00209421', 'LO', 'Position'),
      ],
    ),
    el('00280002', 'US', 1),
    el('00280004', 'CS', 'MONOCHROME2'),
    el('00280008', 'IS', String(frames.length)),
    el('00280010', 'US', mask.size[1]),
    el('00280011', 'US', mask.size[0]),
    el('00280100', 'US', 1),
    el('00280101', 'US', 1),
    el('00280102', 'US', 0),
    el('00280103', 'US', 0),
    el('00282110', 'CS', '00'),
    el('00620001', 'CS', 'BINARY'),
    el('00620013', 'CS', overlap(mask, o.segments) ? 'YES' : 'NO'),
    sq('00620002', ...o.segments.map((s, n) => segmentItem(s, n + 1, o.algorithmName))),
    el('00700080', 'CS', 'SEGMENTATION'),
    el('00700081', 'LO', (o.description ?? 'Segmentation').slice(0, 64)),
    el('00700084', 'PN'),
    sq('52009229', sharedGroup(mask)),
    sq('52009230', ...frameGroups(mask, frames, source?.instances ?? [])),
    el('7fe00010', 'OB', bits),
  ];
}

/** As the images have them, so that the segmentation joins their study. */
function patientAndStudy(o: SegOptions, source: Provenance | undefined, date: string, time: string): DicomElement[] {
  if (!source) {
    const empty = [['00080050', 'SH'], ['00080090', 'PN'], ['00100010', 'PN'], ['00100020', 'LO'], ['00100030', 'DA'], ['00100040', 'CS'], ['00200010', 'SH']] as const; // biome-ignore format: a table
    return [
      el('00080005', 'CS', 'ISO_IR 192'),
      el('00080020', 'DA', date),
      el('00080030', 'TM', time),
      el('0020000d', 'UI', newUid()),
      ...empty.map(([tag, vr]) => el(tag, vr)),
    ];
  }
  const own = [o.description ?? '', o.algorithmName ?? '', ...o.segments.map((s) => s.label)].join('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: beyond ASCII is what is asked
  return [...sharedElements(source, /[^\x00-\x7f]/.test(own)), el('0020000d', 'UI', source.studyUid || newUid())];
}

function references(source: Provenance | undefined): DicomElement[] {
  if (!source || source.instances.length === 0) return [];
  const instances = new Map(source.instances.map((i) => [i.sopUid, i]));
  return [
    sq('00081115', [
      sq(
        '0008114a',
        ...[...instances.values()].map(
          (i): DicomSet => [el('00081150', 'UI', i.sopClass), el('00081155', 'UI', i.sopUid)],
        ),
      ),
      el('0020000e', 'UI', source.seriesUid),
    ]),
  ];
}

function segmentItem(s: Segment, number: number, algorithmName: string | undefined): DicomSet {
  const codes = s.codes ?? codesFor(s.label);
  const type: DicomElement = codes.modifier
    ? sq('0062000f', [
        el('00080100', 'SH', codes.type.value),
        el('00080102', 'SH', codes.type.scheme),
        el('00080104', 'LO', codes.type.meaning),
        code('00620011', codes.modifier),
      ])
    : code('0062000f', codes.type);
  return [
    code('00620003', codes.category),
    el('00620004', 'US', number),
    el('00620005', 'LO', s.label.slice(0, 64)),
    el('00620008', 'CS', s.algorithm),
    ...(s.algorithm === 'MANUAL' ? [] : [el('00620009', 'LO', (algorithmName ?? 'Decile CPCL').slice(0, 64))]),
    ...(s.colour ? [el('0062000d', 'US', cielab(s.colour))] : []),
    type,
  ];
}

function sharedGroup({ direction, spacing }: LabelMap): DicomSet {
  return [
    sq('00209116', [el('00200037', 'DS', [...axis(direction, 0), ...axis(direction, 1)].map(decimal))]),
    sq('00289110', [
      el('00180050', 'DS', decimal(spacing[2])),
      el('00180088', 'DS', decimal(spacing[2])),
      el('00280030', 'DS', [decimal(spacing[1]), decimal(spacing[0])]),
    ]),
  ];
}

function frameGroups(mask: LabelMap, frames: readonly MaskFrame[], instances: readonly Instance[]): DicomSet[] {
  const slices = [...new Set(frames.map((f) => f.k))].sort((a, b) => a - b);
  const rank = new Map(slices.map((k, n) => [k, n + 1]));
  const sourceAt = sourceFinder(mask, instances);
  return frames.map(({ segment, k }) => {
    const from = sourceAt(k);
    return [
      ...(from ? [derivation(from)] : []),
      sq('00209111', [el('00209157', 'UL', [segment + 1, rank.get(k)!])]),
      sq('00209113', [el('00200032', 'DS', voxelToWorld(mask, voxelIndex(0, 0, k)).map(decimal))]),
      sq('0062000a', [el('0062000b', 'US', segment + 1)]),
    ];
  });
}

/** The source image that lies on slice k of the mask, or for a resampled scan the nearest one along the normal. */
function sourceFinder(mask: LabelMap, instances: readonly Instance[]): (k: number) => Instance | undefined {
  const normal = axis(mask.direction, 2);
  const placed = instances.map((instance) => ({ instance, along: dot3(instance.position, normal) }));
  return (k) => {
    const along = dot3(voxelToWorld(mask, voxelIndex(0, 0, k)), normal);
    let best: { instance: Instance; along: number } | undefined;
    for (const s of placed) if (!best || Math.abs(s.along - along) < Math.abs(best.along - along)) best = s;
    return best?.instance;
  };
}

function derivation(i: Instance): DicomElement {
  return sq('00089124', [
    sq('00082112', [
      el('00081150', 'UI', i.sopClass),
      el('00081155', 'UI', i.sopUid),
      ...(i.multiFrame ? [el('00081160', 'IS', String(i.frame + 1))] : []),
      code('0040a170', dcm('121322', 'Source Image for Image Processing Operation')),
    ]),
    code('00089215', dcm('113076', 'Segmentation')),
  ]);
}
