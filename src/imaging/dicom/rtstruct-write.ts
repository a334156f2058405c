/** Writing RTSTRUCT: outlines of a mask slice by slice, in the frame of reference of its images. */

import { axis, cross3, dot3, voxelToWorld } from '../../core/geometry.ts';
import { codesFor } from '../../core/terms.ts';
import { VERSION } from '../../core/version.ts';
import { type Grid, type LabelMap, voxelIndex, type WorldPoint } from '../../core/volume.ts';
import { outlines } from '../contours/trace.ts';
import { type DicomElement, type DicomSet, decimal, el, encodeFile, newUid } from './encode.ts';
import {
  type Algorithm,
  algorithmItem,
  checkValues,
  code,
  imageReference,
  imageReferences,
  moment,
  patientAndStudy,
  recordOf,
  sourceFinder,
  sq,
} from './mask-modules.ts';
import { nameElements, STRUCTURE_NAME } from './object-name.ts';
import type { Instance, Provenance } from './provenance-record.ts';
import type { Segment, SegOptions } from './seg-write.ts';

const RTSTRUCT_CLASS = '1.2.840.10008.5.1.4.1.1.481.3';
const STUDY_CLASS = '1.2.840.10008.3.1.2.3.1';
/** A slice of the mask lies on an image when it is this near, mm, or this share of the distance of slices. */
const ON_IMAGE = { mm: 0.05, share: 0.02 };

export interface EncodedRtStruct {
  bytes: Uint8Array;
  /** Slices with contours that lie on none of the images: the scan was resampled. */
  between: number;
}

/**
 * A structure for each segment, with closed planar contours along the edges of its voxels, holes joined by keyholes; the planes
 * are stated as source pixel planes (PS3.3 C.8.8.6.4), so that a slice without a contour is an empty one.
 * @throws mask/value when the mask holds a value that no segment names
 */
export async function encodeRtStruct(mask: LabelMap, options: SegOptions): Promise<EncodedRtStruct> {
  const { segments } = options;
  checkValues(
    mask,
    segments.map(({ value }) => value),
  );
  const source = await recordOf(options.source);
  const sop = newUid();
  const frame = source?.frameOfReference || newUid();
  const imageAt = imageFinder(mask, source?.instances ?? []);
  const between = new Set<number>();
  const contours = segments.map(({ value }) =>
    contourItems(mask, value, (k) => {
      const image = imageAt(k);
      if (!image) between.add(k);
      return image;
    }),
  );
  const set = [
    ...general(options, source, sop),
    el('00200052', 'UI', frame),
    el('00201040', 'LO'),
    sq('30060010', referencedFrame(frame, source)),
    sq('30060020', ...segments.map((s, n) => roiItem(s, n + 1, frame, options.made))),
    sq('30060039', ...segments.map((s, n) => contourItem(s, n + 1, contours[n], mask))),
    sq('30060080', ...segments.map((s, n) => observationItem(s, n + 1))),
    el('300e0002', 'CS', 'UNAPPROVED'),
  ];
  return { bytes: encodeFile(set, RTSTRUCT_CLASS, sop), between: source ? between.size : 0 };
}

function general(o: SegOptions, source: Provenance | undefined, sop: string): DicomElement[] {
  const { date, time } = moment(o.now);
  const own = [o.description ?? '', o.made?.name ?? '', o.made?.run ?? '', ...o.segments.map((s) => s.label)].join('');
  const title = (o.description ?? 'Structures').slice(0, 64);
  return [
    ...patientAndStudy(source, own, date, time),
    el('00080012', 'DA', date),
    el('00080013', 'TM', time),
    el('00080016', 'UI', RTSTRUCT_CLASS),
    el('00080018', 'UI', sop),
    el('00080060', 'CS', 'RTSTRUCT'),
    el('00080070', 'LO', 'Decile'),
    el('0008103e', 'LO', title),
    el('00081070', 'PN'),
    el('00081090', 'LO', 'Decile'),
    el('00181020', 'LO', VERSION),
    el('0020000e', 'UI', newUid()),
    el('00200011', 'IS', String(o.seriesNumber ?? 200 + (source?.seriesNumber ?? 0))),
    el('00200013', 'IS', '1'),
    el('30060002', 'SH', 'Decile'),
    el('30060004', 'LO', title),
    el('30060008', 'DA', date),
    el('30060009', 'TM', time),
  ];
}

/** The frame of reference with study, series and every image of it. */
const referencedFrame = (frame: string, source: Provenance | undefined): DicomSet => [
  el('00200052', 'UI', frame),
  ...(source && source.instances.length > 0
    ? [
        sq('30060012', [
          el('00081150', 'UI', STUDY_CLASS),
          el('00081155', 'UI', source.studyUid),
          sq('30060014', [el('0020000e', 'UI', source.seriesUid), sq('30060016', ...imageReferences(source))]),
        ]),
      ]
    : []),
];

function roiItem(s: Segment, number: number, frame: string, made: Algorithm | undefined): DicomSet {
  const predicted = s.algorithm !== 'MANUAL' && made !== undefined;
  return [
    el('30060022', 'IS', String(number)),
    el('30060024', 'UI', frame),
    ...nameElements(STRUCTURE_NAME, s.label),
    el('30060036', 'CS', s.algorithm),
    ...(predicted
      ? [
          el('30060038', 'LO', `${made.name} ${made.version}, ${made.run}`.slice(0, 64)),
          sq('30060037', algorithmItem(made)),
        ]
      : []),
  ];
}

const contourItem = (s: Segment, number: number, contours: DicomSet[], grid: Grid): DicomSet => [
  ...(s.colour ? [el('3006002a', 'IS', s.colour.map(String))] : []),
  ...(contours.length > 0 ? [sq('3006004a', planes(grid)), sq('30060040', ...contours)] : []),
  el('30060084', 'IS', String(number)),
];

/** What the structure is in a treatment plan (organ, target) nobody said: that stays open. */
const observationItem = (s: Segment, number: number): DicomSet => [
  el('30060082', 'IS', String(number)),
  el('30060084', 'IS', String(number)),
  el('30060085', 'SH', s.label.slice(0, 16)),
  code('30060086', (s.codes ?? codesFor(s.label)).type),
  el('300600a4', 'CS'),
  el('300600a6', 'PN'),
];

/** The pixel planes that contours were drawn on: the mask's own, counted along their normal. */
function planes(grid: Grid): DicomSet {
  const { size, spacing, direction } = grid;
  const forwards = dot3(cross3(axis(direction, 0), axis(direction, 1)), axis(direction, 2)) > 0;
  return [
    el('00180088', 'DS', decimal(spacing[2])),
    el('00200032', 'DS', voxelToWorld(grid, voxelIndex(0, 0, forwards ? 0 : size[2] - 1)).map(decimal)),
    el('00200037', 'DS', [...axis(direction, 0), ...axis(direction, 1)].map(decimal)),
    el('00280008', 'IS', String(size[2])),
    el('00280010', 'US', size[1]),
    el('00280011', 'US', size[0]),
    el('00280030', 'DS', [decimal(spacing[1]), decimal(spacing[0])]),
  ];
}

function contourItems(mask: LabelMap, value: number, imageAt: (k: number) => Instance | undefined): DicomSet[] {
  const items: DicomSet[] = [];
  for (let k = 0; k < mask.size[2]; k++)
    for (const points of sliceOutlines(mask, value, k)) {
      const image = imageAt(k);
      items.push([
        ...(image ? [sq('30060016', imageReference(image))] : []),
        el('30060042', 'CS', 'CLOSED_PLANAR'),
        el('30060046', 'IS', String(points.length)),
        el('30060048', 'IS', String(items.length + 1)),
        el(
          '30060050',
          'DS',
          points.flatMap((point) => point.map(decimal)),
        ),
      ]);
    }
  return items;
}

/** Outlines of a value on slice k, LPS mm. */
function sliceOutlines(mask: LabelMap, value: number, k: number): WorldPoint[][] {
  const [width, height] = mask.size;
  const plane = mask.data.subarray(k * width * height, (k + 1) * width * height);
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  for (let n = plane.indexOf(value); n >= 0; n = plane.indexOf(value, n + 1)) {
    const [x, y] = [n % width, Math.floor(n / width)];
    [x0, x1, y0, y1] = [Math.min(x0, x), Math.max(x1, x), Math.min(y0, y), Math.max(y1, y)];
  }
  if (x1 < 0) return [];
  const [columns, rows] = [x1 - x0 + 1, y1 - y0 + 1];
  const inside = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) if (plane[x + x0 + width * (y + y0)] === value) inside[x + columns * y] = 1;
  return outlines(inside, columns, rows).map((polygon) =>
    polygon.map(([x, y]) => voxelToWorld(mask, voxelIndex(x + x0, y + y0, k))),
  );
}

/** The image that slice k lies on, or undefined where it lies between two. */
function imageFinder(grid: Grid, instances: readonly Instance[]): (k: number) => Instance | undefined {
  const nearest = sourceFinder(grid, instances);
  const normal = axis(grid.direction, 2);
  const near = Math.max(ON_IMAGE.mm, ON_IMAGE.share * grid.spacing[2]);
  return (k) => {
    const image = nearest(k);
    const off = image && dot3(image.position, normal) - dot3(voxelToWorld(grid, voxelIndex(0, 0, k)), normal);
    return off !== undefined && Math.abs(off) <= near ? image : undefined;
  };
}
