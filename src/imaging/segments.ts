/** Mask objects whose parts have names: DICOM SEG, RTSTRUCT, Slicer's .seg.nrrd. */
import { gridOf } from '../core/geometry.ts';
import { type Grid, voxelCount, type WorldPoint } from '../core/volume.ts';
import { DecileError } from '../shared/errors.ts';
import { alignMask } from './align.ts';
import { drawStructure, usualDistance } from './contours/draw.ts';
import { withoutOutline } from './contours/label-map.ts';
import { looksLikeDicom, readDicomHeader } from './dicom/dataset.ts';
import { readRtStruct, type Structure } from './dicom/rtstruct.ts';
import { placeSeg } from './dicom/seg-place.ts';
import { openDicomSeg } from './dicom/seg-read.ts';
import { readHead } from './files.ts';
import { looksLikeNrrd, readNrrdHeader, readNrrdLayers } from './itk/nrrd.ts';
import { slicerSegments } from './itk/slicer-segments.ts';
import { LabelSets } from './label-sets.ts';

export interface NamedSegment {
  number: number;
  /** As the object says it, '' where it does not. */
  name: string;
  /** Coded type, `value^scheme`, '' where absent. */
  code: string;
  /** MANUAL, SEMIAUTOMATIC, AUTOMATIC, or '' where unknown. */
  algorithm: string;
}

export interface SegmentObject {
  segments: NamedSegment[];
  notices: string[];
  /**
   * The chosen segments on the scan's grid; where several overlap, a voxel has all of their values.
   * @param values segment number to mask value; other segments are left out
   * @param drawnOn where the scan's slices were taken, LPS mm, where that is known: its grid may be a resampled one
   * @throws mask/other-grid, mask/outside, mask/contour-plane
   */
  draw(grid: Grid, values: ReadonlyMap<number, number>, drawnOn?: readonly WorldPoint[]): DrawnSegments;
}

export interface DrawnSegments {
  /** In the order of the grid's voxels. */
  labels: LabelSets;
  /** What could not be drawn as it was, one sentence each. */
  notices: string[];
  /** Parts that lie outside the scan and were left out. */
  outside: number;
}

/** Opens a file whose segments have names; null for one that is a plain mask or no mask. */
export async function openSegments(path: string): Promise<SegmentObject | null> {
  const head = await readHead(path, 1024);
  if (looksLikeNrrd(head)) return openSlicer(path);
  if (!looksLikeDicom(head)) return null;
  const modality = ((await readDicomHeader(path)).dataSet.string('x00080060') ?? '').trim();
  if (modality === 'SEG') return openSeg(path);
  if (modality === 'RTSTRUCT') return openStructures(path);
  return null;
}

async function openSeg(path: string): Promise<SegmentObject> {
  const seg = await openDicomSeg(path);
  return {
    segments: seg.segments.map((s) => ({
      number: s.number,
      name: s.label,
      code: s.type.split('^').slice(0, 2).join('^').replace(/^\^$/, ''),
      algorithm: s.algorithm.trim(),
    })),
    notices: seg.notices,
    draw(grid, values, drawnOn) {
      const labels = new LabelSets(voxelCount(grid));
      const wanted = (segment: number) => values.has(segment);
      const notices = placeSeg(path, seg, grid, wanted, drawnOn, (segment, voxel) =>
        labels.put(voxel, values.get(segment) ?? 0),
      );
      return { labels, notices, outside: 0 };
    },
  };
}

async function openStructures(path: string): Promise<SegmentObject> {
  const all = await readRtStruct(path);
  const structures = all.filter(({ contours }) => contours.length > 0);
  return {
    segments: structures.map(({ number, name }) => ({ number, name, code: '', algorithm: '' })),
    notices: withoutOutline(all),
    draw: (grid, values, drawnOn) => drawStructures(path, structures, grid, values, drawnOn),
  };
}

/** One structure that lies outside, or across the slices, is named; where nothing is left the reason is thrown. */
function drawStructures(
  path: string,
  structures: readonly Structure[],
  grid: Grid,
  values: ReadonlyMap<number, number>,
  drawnOn: readonly WorldPoint[] | undefined,
): DrawnSegments {
  const labels = new LabelSets(voxelCount(grid));
  const usual = usualDistance(structures, grid);
  const lines: { onLine: Uint32Array; value: number }[] = [];
  const notices: string[] = [];
  const refused: DecileError[] = [];
  let [outside, drawn] = [0, 0];
  for (const structure of structures) {
    const value = values.get(structure.number);
    if (value === undefined) continue;
    try {
      const one = drawStructure(path, structure, grid, { drawnOn, usual });
      for (const n of one.onLine) one.inside[n] = 0;
      for (let n = 0; n < one.inside.length; n++) if (one.inside[n]) labels.put(n, value);
      lines.push({ onLine: one.onLine, value });
      notices.push(...one.notices);
      outside += one.outside;
      drawn++;
    } catch (error) {
      if (!(error instanceof DecileError)) throw error;
      refused.push(error);
      notices.push(`${structure.name} was left out: ${error.message}`);
      outside += structure.contours.length;
    }
  }
  if (drawn === 0 && refused.length > 0) throw refused[0];
  // Neighbours share a line: its voxels go to the first of them.
  for (const { onLine, value } of lines) for (const n of onLine) if (labels.data[n] === 0) labels.put(n, value);
  return { labels, notices, outside };
}

async function openSlicer(path: string): Promise<SegmentObject | null> {
  const found = slicerSegments((await readNrrdHeader(path)).pairs);
  if (found.length === 0) return null;
  const { grid: own, layers, data } = await readNrrdLayers(path);
  const outside = found.find(({ layer }) => layer >= layers);
  if (outside)
    throw new DecileError(
      'scan/corrupt',
      `The segments of ${path} must lie in its ${layers} layers, got ${outside.name} in layer ${outside.layer + 1}.`,
      'The header is damaged: save the segmentation again.',
    );
  // In layers of their own, segments may have the same value: they are numbered in the order of the header.
  const segments = found.map((s, n) => ({ ...s, value: s.number, number: layers === 1 ? s.number : n + 1 }));
  return {
    segments: segments.map(({ number, name }) => ({ number, name, code: '', algorithm: '' })),
    notices: [],
    draw(grid, values) {
      const drawn = new LabelSets(voxelCount(own));
      for (let layer = 0; layer < layers; layer++) {
        const table = new Uint8Array(256);
        for (const s of segments) if (s.layer === layer) table[s.value] = values.get(s.number) ?? 0;
        for (let voxel = 0, at = layer; at < data.length; voxel++, at += layers)
          if (table[data[at]] > 0) drawn.put(voxel, table[data[at]]);
      }
      const mask = alignMask({ ...gridOf(own), data: drawn.data }, grid, path);
      return { labels: drawn.over(mask.data), notices: [], outside: 0 };
    },
  };
}
