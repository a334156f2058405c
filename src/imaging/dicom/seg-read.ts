/** Reading DICOM SEG: binary, fractional and label-map, on a grid rebuilt from frame positions. */
import { cross3, directionFromAxes, dot3, norm3 } from '../../core/geometry.ts';
import { type Grid, type LabelMap, voxelCount } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { MAX_VOXELS } from '../limits.ts';
import { type DataSet, type DicomData, item, items, number, numbers, PIXEL_DATA, readDicom, text } from './dataset.ts';
import { encapsulatedFrame } from './encapsulated.ts';
import type { Frame } from './frame.ts';

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
  grid: Grid;
  segments: S[];
  /** SeriesInstanceUIDs that the segmentation was made from. */
  references: string[];
  notices: string[];
}
export type DicomSeg = SegHead<ReadSegment>;
export interface OpenSeg extends SegHead<SegmentInfo> {
  /** Every voxel (index into `grid`) that is inside a segment, with the segment's number, in the order of the frames. */
  visit(inside: (segment: number, voxel: number) => void): void;
}

interface SegFrame {
  segment: number;
  position: number[];
  orientation: number[];
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
  const grid = segGrid(path, dataSet, frames, columns, rows);
  const plane = rows * columns;
  const segments = items(dataSet, 'x00620002').map(
    (d): SegmentInfo => ({
      number: d.uint16('x00620004') ?? 0,
      label: text(d, 'x00620005', dataSet) ?? '',
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
  if (plane * grid.size[2] > MAX_VOXELS || plane * count > MAX_VOXELS)
    throw tooLarge(path, `${grid.size.join(' x ')} with ${count} frames`);
  const pixels = await segPixels(file, rows, columns, count, kind);
  const notices: string[] = [];
  if (kind === 'FRACTIONAL')
    notices.push('The segmentation is fractional; voxels of at least half the largest fraction are inside.');
  const known = new Set(segments.map((s) => s.number));
  const normal = unitNormal(frames[0].orientation);
  return {
    grid,
    segments,
    notices,
    references: items(dataSet, 'x00081115')
      .map((d) => (d.string('x0020000e') ?? '').trim())
      .filter(Boolean),
    visit(inside) {
      frames.forEach((f, n) => {
        const k = Math.round((dot3(f.position, normal) - dot3(grid.origin, normal)) / grid.spacing[2]);
        for (let p = 0; p < plane; p++) {
          const v = pixels(n * plane + p);
          if (v === 0) continue;
          const segment = kind === 'LABELMAP' ? v : f.segment;
          if (!known.has(segment))
            throw new DecileError(
              'mask/value',
              `Every frame of ${path} must name a described segment, got segment ${segment}.`,
              'The object is damaged: export it again.',
            );
          inside(segment, k * plane + p);
        }
      });
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
  const { visit, ...head } = await openDicomSeg(path);
  const voxels = voxelCount(head.grid);
  if (voxels * head.segments.length > MAX_VOXELS)
    throw tooLarge(path, `${head.segments.length} of ${head.grid.size.join(' x ')}`);
  const segments = head.segments.map((s) => ({ ...s, mask: new Uint8Array(voxels) }));
  const masks = new Map(segments.map((s) => [s.number, s.mask]));
  visit((segment, voxel) => {
    masks.get(segment)![voxel] = 1;
  });
  return { ...head, segments };
}

/** All segments in one mask, value = segment number. @throws mask/overlapping, mask/value */
export function segLabelMap(path: string, seg: DicomSeg): LabelMap {
  const data = new Uint8Array(seg.grid.size[0] * seg.grid.size[1] * seg.grid.size[2]);
  for (const s of seg.segments) {
    if (s.number < 1 || s.number > 255)
      throw new DecileError(
        'mask/value',
        `Segment numbers of ${path} must be from 1 to 255, got ${s.number}.`,
        'Export fewer segments.',
      );
    let overlap = 0;
    for (let n = 0; n < data.length; n++) {
      if (!s.mask[n]) continue;
      if (data[n]) overlap++;
      data[n] = s.number;
    }
    if (overlap > 0)
      throw new DecileError(
        'mask/overlapping',
        `The segments of ${path} must not overlap to become one mask, got ${overlap} voxels of ${s.label || `segment ${s.number}`} that are also in another.`,
        'Import the segments one by one, or remove the overlap.',
      );
  }
  return { ...seg.grid, data };
}

const codeText = (d: DataSet | undefined) =>
  d ? [d.string('x00080100'), d.string('x00080102'), d.string('x00080104')].join('^') : '';

const unitNormal = (o: readonly number[]): [number, number, number] => {
  const n = cross3(o.slice(0, 3), o.slice(3));
  const l = norm3(n);
  return [n[0] / l, n[1] / l, n[2] / l];
};

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

/** Frames may be left out where they are empty: the slice distance is the stated one, or the smallest gap. */
function segGrid(path: string, d: DataSet, frames: SegFrame[], columns: number, rows: number): Grid {
  const first = frames[0];
  const bad = (expected: string, got: string) =>
    new DecileError(
      'scan/no-geometry',
      `The frames of ${path} must ${expected}, got ${got}.`,
      'Export the segmentation on one regular grid.',
    );
  if (frames.some((f) => f.orientation.some((x, c) => Math.abs(x - first.orientation[c]) > 1e-3)))
    throw bad('be parallel', 'several orientations');
  const measures = item(item(d, 'x52009229'), 'x00289110') ?? item(items(d, 'x52009230')[0], 'x00289110');
  const pixel = numbers(measures, 'x00280030', 2);
  if (!pixel || pixel.some((s) => !(s > 0)) || columns < 1 || rows < 1)
    throw bad('state size and pixel spacing', `${columns} x ${rows}, spacing ${pixel?.join(' x ') ?? 'none'}`);
  const normal = unitNormal(first.orientation);
  const at = [...new Set(frames.map((f) => Math.round(dot3(f.position, normal) * 1e4) / 1e4))].sort((a, b) => a - b);
  const gaps = at
    .slice(1)
    .map((z, k) => z - at[k])
    .filter((g) => g > 1e-3);
  const stated = number(measures, 'x00180088') ?? number(measures, 'x00180050') ?? 1;
  const extent = at.at(-1)! - at[0];
  let spacing = Math.abs(stated) > 0 ? Math.abs(stated) : 1;
  // A stated distance counts where every gap is a multiple of it; else the smallest gap, made exact over the extent.
  const fits = (s: number) => gaps.every((g) => Math.abs(g / s - Math.round(g / s)) < 0.05 && Math.round(g / s) >= 1);
  if (gaps.length > 0 && !fits(spacing)) spacing = Math.min(...gaps);
  if (gaps.length > 0) {
    if (!fits(spacing))
      throw bad('be evenly spaced', `gaps of ${Math.min(...gaps).toFixed(3)} to ${Math.max(...gaps).toFixed(3)} mm`);
    spacing = extent / Math.round(extent / spacing);
  }
  const slices = Math.round(extent / spacing) + 1;
  if (slices > 65536)
    throw new DecileError(
      'scan/size',
      `${path} must have at most 65536 slices, got ${slices}.`,
      'The positions are damaged.',
    );
  const lowest = frames.reduce((a, b) => (dot3(b.position, normal) < dot3(a.position, normal) ? b : a));
  const i = first.orientation.slice(0, 3);
  const j = first.orientation.slice(3);
  return {
    size: [columns, rows, slices],
    spacing: [pixel[1], pixel[0], spacing],
    origin: [lowest.position[0], lowest.position[1], lowest.position[2]],
    direction: directionFromAxes(
      i.map((x) => x / norm3(i)),
      j.map((x) => x / norm3(j)),
      normal,
    ),
  };
}

/** A function from pixel number (over all frames) to value: 0/1, or the label of a label map. */
async function segPixels(
  file: DicomData,
  rows: number,
  columns: number,
  count: number,
  kind: string,
): Promise<(n: number) => number> {
  const { dataSet, path, transferSyntax } = file;
  const element = dataSet.elements[PIXEL_DATA];
  if (!element)
    throw new DecileError('scan/no-pixels', `${path} must hold pixels, got none.`, 'Export the segmentation again.');
  const allocated = dataSet.uint16('x00280100') ?? 1;
  const plane = rows * columns;
  const half = (number(dataSet, 'x0062000e') ?? dataSet.uint16('x0062000e') ?? 255) / 2;
  const value =
    kind === 'FRACTIONAL'
      ? (v: number) => (v >= half ? 1 : 0)
      : kind === 'LABELMAP'
        ? (v: number) => v
        : (v: number) => (v ? 1 : 0);
  let bytes = dataSet.byteArray.subarray(
    element.dataOffset,
    Math.min(element.dataOffset + element.length, dataSet.byteArray.length),
  );
  if (element.fragments) {
    const { decodeCompressed } = await import('./codecs.ts');
    const whole = new Uint8Array(plane * count * (allocated === 16 ? 2 : 1));
    const shape = { rows, columns, bitsAllocated: allocated, bitsStored: allocated, signed: false, path } as Frame;
    if (allocated === 1)
      throw new DecileError(
        'scan/transfer-syntax',
        `One-bit pixels of ${path} must be uncompressed, got ${transferSyntax}.`,
        'Export the segmentation uncompressed.',
      );
    for (let n = 0; n < count; n++) {
      const values = await decodeCompressed(
        path,
        transferSyntax,
        encapsulatedFrame(path, dataSet, element, { ...shape, index: n }),
        { ...shape, index: n },
      );
      whole.set(
        new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
        n * values.byteLength,
      );
    }
    bytes = whole;
  }
  const needed = Math.ceil((plane * count * allocated) / 8);
  if (bytes.length < needed)
    throw new DecileError(
      'scan/truncated',
      `The pixels of ${path} must be ${needed} bytes for ${count} frames, got ${bytes.length}.`,
      'The file is incomplete: transfer it again.',
    );
  if (allocated === 1) return (n) => (bytes[n >> 3] >> (n & 7)) & 1;
  if (allocated === 8) return (n) => value(bytes[n]);
  if (allocated === 16) return (n) => value(bytes[2 * n] | (bytes[2 * n + 1] << 8));
  throw new DecileError(
    'scan/type',
    `The pixels of ${path} must be 1, 8 or 16 bits, got ${allocated}.`,
    'Export the segmentation again.',
  );
}
