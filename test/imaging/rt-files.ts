/** RT structure sets as several programs write them. */
import { el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';

export type RtPoint = readonly [x: number, y: number, z: number];
export interface RtContour {
  type?: string;
  points: readonly RtPoint[];
}
export interface RtStructure {
  name: string;
  contours: readonly RtContour[];
}

/** An RTSTRUCT; structures are numbered from 1. */
export function rtFile(structures: readonly RtStructure[], seriesUid = '', frameOfReference = ''): Uint8Array {
  const sop = newUid();
  return encodeFile(
    [
      el('00080060', 'CS', 'RTSTRUCT'),
      el('00080018', 'UI', sop),
      el('30060010', 'SQ', [
        [
          el('00200052', 'UI', frameOfReference),
          el('30060012', 'SQ', [[el('30060014', 'SQ', seriesUid ? [[el('0020000e', 'UI', seriesUid)]] : [])]]),
        ],
      ]),
      el(
        '30060020',
        'SQ',
        structures.map(({ name }, n) => [el('30060022', 'IS', String(n + 1)), el('30060026', 'LO', name)]),
      ),
      el(
        '30060039',
        'SQ',
        structures.map(({ contours }, n) => [
          el('30060084', 'IS', String(n + 1)),
          el(
            '30060040',
            'SQ',
            contours.map(({ type = 'CLOSED_PLANAR', points }) => [
              el('30060042', 'CS', type),
              el('30060046', 'IS', String(points.length)),
              el(
                '30060050',
                'DS',
                points.flat().map((x) => String(+x.toFixed(6))),
              ),
            ]),
          ),
        ]),
      ),
    ],
    '1.2.840.10008.5.1.4.1.1.481.3',
    sop,
  );
}

/** A rectangle in the plane z. */
export const box = (x0: number, y0: number, x1: number, y1: number, z: number): RtPoint[] => [
  [x0, y0, z],
  [x1, y0, z],
  [x1, y1, z],
  [x0, y1, z],
];
