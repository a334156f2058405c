/** Reading DICOM SEG: binary, fractional and label-map, on a grid rebuilt from frame positions. */

import { dot3, norm3 } from '../../core/geometry.ts';
import { type Grid, type LabelMap, voxelCount } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { MAX_VOXELS } from '../limits.ts';
import { type DataSet, item, items, number, numbers, readDicom } from './dataset.ts';
import { nameIn, SEGMENT_NAME } from './object-name.ts';
import { type FrameStack, type SegFrame, segGrid, unitNormal } from './seg-grid.ts';
import { segPixels } from './seg-pixels.ts';

export interface SegmentInfo {
  number: number;
  label: string;
  /** MANUAL, SEMIAUTOMATIC, AUTOMATIC, or '' where absent. */
  algorithm: string;
  /** Coded type, `value^scheme^meaning`, '' where absent. */
  type: string;
}
export interface ReadSegment extends SegmentInfo {
  /** 0 or 1 a voxel on `grid`. */
  mask: Uint8Array;
}
interface SegHead<S> {
  segments: S[];
  /** SeriesInstanceUIDs that the segmentation was made from. */
  references: string[];
  notices: string[];
}
export interface DicomSeg extends SegHead<ReadSegment> {
  /** Rebuilt from the frames. */
  grid: Grid;
}
export interface OpenSeg extends SegHead<SegmentInfo>, FrameStack {
  /** Every pixel of frame `n` (row * columns + column) that is inside a segment, with the segment's number. */
  visit(n: number, inside: (segment: number, pixel: number) => void): void;
}

/** Checks the object and gives access to its segments. @throws mask/not-seg, scan/no-geometry, scan/truncated, scan/size */
export async function openDicomSeg(path: string): Promise<OpenSeg> {
  const file = await readDicom(path);
  const { dataSet } = file;
  const modality = (dataSet.string('x00080060') ?? '').trim();
  if (modality !== 'SEG')
    throw new DecileError(
      'mask/not-seg',
      `${path} must be a DICOM segmentation, got modality ${modality || 'none'}.`,
      'Choose a SEG object.',
    );
  const rows = dataSet.uint16('x00280010') ?? 0;
  const columns = dataSet.uint16('x00280011') ?? 0;
  const count = number(dataSet, 'x00280008') ?? 1;
  const kind = (dataSet.string('x00620001') ?? 'BINARY').trim();
  const frames = segFrames(path, dataSet, count, kind);
  const measures = item(item(dataSet, 'x52009229'), 'x00289110') ?? item(items(dataSet, 'x52009230')[0], 'x00289110');
  const pixel = numbers(measures, 'x00280030', 2);
  if (!pixel || pixel.some((s) => !(s > 0)) || columns < 1 || rows < 1)
    throw new DecileError(
      'scan/no-geometry',
      `The frames of ${path} must state size and pixel spacing, got ${columns} x ${rows}, spacing ${pixel?.join(' x ') ?? 'none'}.`,
      'Export the segmentation again.',
    );
  const plane = rows * columns;
  const segments = items(dataSet, 'x00620002').map(
    (d): SegmentInfo => ({
      number: d.uint16('x00620004') ?? 0,
      label: nameIn(d, SEGMENT_NAME, dataSet),
      algorithm: d.string('x00620008') ?? '',
      type: codeText(item(d, 'x0062000f')),
    }),
  );
  if (segments.length === 0)
    throw new DecileError(
      'mask/not-seg',
      `${path} must describe its segments, got none.`,
      'The object is damaged: export it again.',
    );
  if (plane * count > MAX_VOXELS) throw tooLarge(path, `${columns} x ${rows} with ${count} frames`);
  const pixels = await segPixels(file, rows, columns, count, kind);
  const notices: string[] = [];
  if (kind === 'FRACTIONAL')
    notices.push('The segmentation is fractional; voxels of at least half the largest fraction are inside.');
  const known = new Set(segments.map((s) => s.number));
  return {
    ...{ frames, columns, rows, pixelSpacing: [pixel[0], pixel[1]] as const },
    stated: number(measures, 'x00180088') ?? number(measures, 'x00180050') ?? 1,
    segments,
    notices,
    references: items(dataSet, 'x00081115')
      .map((d) => (d.string('x0020000e') ?? '').trim())
      .filter(Boolean),
    visit(n, inside) {
      for (let p = 0; p < plane; p++) {
        const v = pixels(n * plane + p);
        if (v === 0) continue;
        const segment = kind === 'LABELMAP' ? v : frames[n].segment;
        if (!known.has(segment))
          throw new DecileError(
            'mask/value',
            `Every frame of ${path} must name a described segment, got segment ${segment}.`,
            'The object is damaged: export it again.',
          );
        inside(segment, p);
      }
    },
  };
}

const tooLarge = (path: string, got: string) =>
  new DecileError(
    'scan/size',
    `The segments of ${path} must be at most ${MAX_VOXELS} voxels together, got ${got}.`,
    'Export the segments one by one.',
  );

/** Every segment as a mask of its own, overlapping or not. @throws as openDicomSeg */
export async function readDicomSeg(path: string): Promise<DicomSeg> {
  const seg = await openDicomSeg(path);
  const grid = segGrid(path, seg);
  const voxels = voxelCount(grid);
  if (voxels * seg.segments.length > MAX_VOXELS)
    throw tooLarge(path, `${seg.segments.length} of ${grid.size.join(' x ')}`);
  const segments = seg.segments.map((s) => ({ ...s, mask: new Uint8Array(voxels) }));
  const masks = new Map(segments.map((s) => [s.number, s.mask]));
  const normal = unitNormal(seg.frames[0].orientation);
  const plane = seg.rows * seg.columns;
  seg.frames.forEach(({ position }, n) => {
    const k = Math.round((dot3(position, normal) - dot3(grid.origin, normal)) / grid.spacing[2]);
    seg.visit(n, (segment, pixel) => {
      const mask = masks.get(segment);
      if (mask) mask[k * plane + pixel] = 1;
    });
  });
  return { grid, segments, references: seg.references, notices: seg.notices };
}

/** All segments in one mask, value = segment number. @throws mask/overlapping, mask/value */
export function segLabelMap(path: string, seg: DicomSeg): LabelMap {
  const data = new Uint8Array(seg.grid.size[0] * seg.grid.size[1] * seg.grid.size[2]);
  for (const s of seg.segments) {
    if (s.number < 1 || s.number > 255) throw segmentNumber(path, s.number);
    let overlap = 0;
    for (let n = 0; n < data.length; n++) {
      if (!s.mask[n]) continue;
      if (data[n]) overlap++;
      data[n] = s.number;
    }
    if (overlap > 0) throw overlapping(path, overlap, s.label || `segment ${s.number}`);
  }
  return { ...seg.grid, data };
}

export const segmentNumber = (path: string, got: number) =>
  new DecileError(
    'mask/value',
    `Segment numbers of ${path} must be from 1 to 255, got ${got}.`,
    'Export fewer segments.',
  );

export const overlapping = (path: string, voxels: number, of: string) =>
  new DecileError(
    'mask/overlapping',
    `The segments of ${path} must not overlap to become one mask, got ${voxels} voxels of ${of} that are also in another.`,
    'Import the segments one by one, or remove the overlap.',
  );

const codeText = (d: DataSet | undefined) =>
  d ? [d.string('x00080100'), d.string('x00080102'), d.string('x00080104')].join('^') : '';

function segFrames(path: string, d: DataSet, count: number, kind: string): SegFrame[] {
  const shared = item(d, 'x52009229');
  const perFrame = items(d, 'x52009230');
  const bad = (got: string) =>
    new DecileError(
      'scan/no-geometry',
      `Every frame of ${path} must state segment, position and orientation, got ${got}.`,
      'The object is damaged or not a patient-space segmentation: export it again.',
    );
  if (!Number.isInteger(count) || count < 1 || perFrame.length < count)
    throw bad(`${perFrame.length} descriptions for ${count} frames`);
  return perFrame.slice(0, count).map((g, n) => {
    const of = (macro: string) => item(g, macro) ?? item(shared, macro);
    const position = numbers(of('x00209113'), 'x00200032', 3);
    const orientation = numbers(of('x00209116'), 'x00200037', 6);
    const segment = of('x0062000a')?.uint16('x0062000b') ?? (kind === 'LABELMAP' ? 0 : undefined);
    if (!position || !orientation || segment === undefined) throw bad(`none in frame ${n + 1}`);
    if (
      Math.abs(norm3(unitNormal(orientation)) - 1) > 1e-3 ||
      Math.abs(dot3(orientation.slice(0, 3), orientation.slice(3))) > 1e-2
    )
      throw bad(`an impossible orientation in frame ${n + 1}`);
    return { segment, position, orientation };
  });
}
