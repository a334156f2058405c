/** RTSTRUCT: structures and their contours in patient space, as the file says them. */

import { norm3 } from '../../core/geometry.ts';
import { lpsPoint, type WorldPoint } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { type DataSet, item, items, number, numbers, readDicom } from './dataset.ts';
import { nameIn, STRUCTURE_NAME } from './object-name.ts';

export interface Contour {
  /** Corners in order, LPS mm; at least three. */
  points: WorldPoint[];
  /** How contours of one plane are combined: see `planeShape`. */
  type: 'CLOSED_PLANAR' | 'CLOSEDPLANAR_XOR';
}
/** What is no outline of an area: points, open lines, contours of fewer than three points. */
export interface LeftContour {
  kind: string;
  /** One of its points. */
  point: WorldPoint;
}
export interface Structure {
  number: number;
  name: string;
  contours: Contour[];
  left: LeftContour[];
  /** Distance of the planes that it was drawn on, mm, where that is stated (PS3.3 C.8.8.6.4): planes without a contour are empty. */
  planeDistance?: number;
  /** Displayed colour, if stated. */
  colour?: [number, number, number];
}

/** Every structure, those without an outline too. @throws mask/not-rtstruct, scan/truncated, scan/corrupt */
export async function readRtStruct(path: string): Promise<Structure[]> {
  const { dataSet } = await readDicom(path);
  if ((dataSet.string('x00080060') ?? '').trim() !== 'RTSTRUCT') {
    throw new DecileError(
      'mask/not-rtstruct',
      `${path} must be an RT structure set, got modality ${dataSet.string('x00080060') ?? 'none'}.`,
      'Choose an RTSTRUCT object.',
    );
  }
  const names = new Map(
    items(dataSet, 'x30060020').map((d) => [number(d, 'x30060022') ?? 0, nameIn(d, STRUCTURE_NAME, dataSet)]),
  );
  const structures = items(dataSet, 'x30060039').map((roi): Structure => {
    const id = number(roi, 'x30060084') ?? 0;
    const rgb = numbers(roi, 'x3006002a', 3);
    const distance = number(item(roi, 'x3006004a'), 'x00180088');
    return {
      number: id,
      name: names.get(id) || `ROI ${id}`,
      ...contoursOf(path, roi),
      ...(distance && distance > 0 ? { planeDistance: distance } : {}),
      ...(rgb ? { colour: [rgb[0], rgb[1], rgb[2]] as [number, number, number] } : {}),
    };
  });
  return structures.filter(({ contours, left }) => contours.length + left.length > 0);
}

function contoursOf(path: string, roi: DataSet): Pick<Structure, 'contours' | 'left'> {
  const contours: Contour[] = [];
  const left: LeftContour[] = [];
  for (const one of items(roi, 'x30060040')) {
    const stated = (one.string('x30060042') ?? '').trim();
    const points = triples(path, contourNumbers(one.string('x30060050')));
    if (points.length === 0) continue;
    // Some writers call an outline open that ends where it began.
    const closes = points.length > 3 && norm3(points[0].map((x, c) => x - points[points.length - 1][c])) < 1e-3;
    const closed = /^CLOSED_?PLANAR/.test(stated) || (stated === 'OPEN_PLANAR' && closes);
    if (closed && points.length >= 3)
      contours.push({ points, type: stated === 'CLOSEDPLANAR_XOR' ? stated : 'CLOSED_PLANAR' });
    else left.push({ kind: closed ? `${points.length}-point` : stated || 'untyped', point: points[0] });
  }
  return { contours, left };
}

const contourNumbers = (source: string | undefined): number[] =>
  (source ?? '').trim() === '' ? [] : source!.split('\\').map(Number);

function triples(path: string, values: number[]): WorldPoint[] {
  if (values.length % 3 !== 0 || values.some((v) => !Number.isFinite(v))) {
    throw new DecileError(
      'scan/corrupt',
      `Every contour of ${path} must be points of three numbers, got ${values.length} values.`,
      'The object is damaged: export it again.',
    );
  }
  return Array.from({ length: values.length / 3 }, (_, n) =>
    lpsPoint(values[3 * n], values[3 * n + 1], values[3 * n + 2]),
  );
}
