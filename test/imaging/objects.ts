/** Made-up DICOM objects of several kinds: enhanced multi-frame MR, RT structure set. */
import { voxelToWorld } from '../../src/core/geometry.ts';
import { type Grid, voxelIndex } from '../../src/core/volume.ts';
import { type DicomElement, el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';

export interface EnhancedOptions {
  slices?: number;
  /** Volumes in the file, told apart by temporal position. */
  volumes?: number;
  slope?: (frame: number) => number;
  /** Stated thickness; the true distance is 2.5. */
  thickness?: string;
  /** One of several files of a series: its UIDs, how many frames the files before have, and how many this one has. */
  within?: { series: string; study: string; frame: string; before: number; frames: number };
}

/** An enhanced MR of 4 x 3 pixels; frame f at slice f % slices has the value 100 * f + i + 4 * j. Frames are in reverse slice order. */
export function enhanced({
  slices = 4,
  volumes = 1,
  slope = () => 1,
  thickness = '9',
  within,
}: EnhancedOptions = {}): Uint8Array {
  const before = within?.before ?? 0;
  const frames = within?.frames ?? slices * volumes;
  const pixels = new Uint16Array(12 * frames);
  const groups: DicomElement[][] = [];
  for (let f = 0; f < frames; f++) {
    const slice = slices - 1 - ((f + before) % slices);
    for (let p = 0; p < 12; p++) pixels[12 * f + p] = 100 * (slice + slices * Math.floor((f + before) / slices)) + p;
    groups.push([
      el('00209111', 'SQ', [[el('00209128', 'UL', 1 + Math.floor((f + before) / slices))]]),
      el('00209113', 'SQ', [[el('00200032', 'DS', [1, 2, 3 + 2.5 * slice])]]),
      el('00289145', 'SQ', [[el('00281052', 'DS', '0'), el('00281053', 'DS', String(slope(f)))]]),
    ]);
  }
  const sop = newUid();
  const set = [
    el('00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE']),
    el('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.4.1'),
    el('00080018', 'UI', sop),
    el('00080060', 'CS', 'MR'),
    el('0008103e', 'LO', 'enhanced'),
    el('0020000d', 'UI', within?.study ?? newUid()),
    el('0020000e', 'UI', within?.series ?? newUid()),
    el('00200011', 'IS', '9'),
    el('00200052', 'UI', within?.frame ?? newUid()),
    el('00280002', 'US', 1),
    el('00280004', 'CS', 'MONOCHROME2'),
    el('00280008', 'IS', String(frames)),
    el('00280010', 'US', 3),
    el('00280011', 'US', 4),
    el('00280100', 'US', 16),
    el('00280101', 'US', 16),
    el('00280102', 'US', 15),
    el('00280103', 'US', 0),
    el('52009229', 'SQ', [
      [
        el('00209116', 'SQ', [[el('00200037', 'DS', [1, 0, 0, 0, 1, 0])]]),
        el('00289110', 'SQ', [[el('00280030', 'DS', [1.5, 0.75]), el('00180050', 'DS', thickness)]]),
      ],
    ]),
    el('52009230', 'SQ', groups),
    el('7fe00010', 'OW', new Uint8Array(pixels.buffer)),
  ];
  return encodeFile(set, '1.2.840.10008.5.1.4.1.1.4.1', sop);
}

/** Corners of a rectangle in voxel coordinates on slice k. */
const rectangle = (grid: Grid, [i0, j0, i1, j1]: number[], k: number) =>
  [
    [i0, j0],
    [i1, j0],
    [i1, j1],
    [i0, j1],
  ].flatMap(([i, j]) => [...voxelToWorld(grid, voxelIndex(i, j, k))]);

/** Two structures: a square with a hole on slices 1 and 2, and a square on slice 3 (or another). */
export function rtStruct(grid: Grid, seriesUid = '', frameOfReference = '', targetSlice = 3): Uint8Array {
  const contour = (box: number[], k: number) => [
    el('30060042', 'CS', 'CLOSED_PLANAR'),
    el('30060046', 'IS', '4'),
    el('30060050', 'DS', rectangle(grid, box, k)),
  ];
  const sop = newUid();
  return encodeFile(
    [
      el('00080060', 'CS', 'RTSTRUCT'),
      el('00080018', 'UI', sop),
      ...(seriesUid || frameOfReference
        ? [
            el('30060010', 'SQ', [
              [
                el('00200052', 'UI', frameOfReference),
                el('30060012', 'SQ', [[el('30060014', 'SQ', seriesUid ? [[el('0020000e', 'UI', seriesUid)]] : [])]]),
              ],
            ]),
          ]
        : []),
      el('30060020', 'SQ', [
        [el('30060022', 'IS', '5'), el('30060026', 'LO', 'Organ')],
        [el('30060022', 'IS', '6'), el('30060026', 'LO', 'Target')],
      ]),
      el('30060039', 'SQ', [
        [
          el('3006002a', 'IS', ['255', '0', '0']),
          el('30060084', 'IS', '5'),
          el('30060040', 'SQ', [
            contour([0.5, 0.5, 5.5, 4.5], 1),
            contour([1.5, 1.5, 3.5, 3.5], 1),
            contour([0.5, 0.5, 5.5, 4.5], 2),
          ]),
        ],
        [el('30060084', 'IS', '6'), el('30060040', 'SQ', [contour([-0.5, -0.5, 1.5, 1.5], targetSlice)])],
      ]),
    ],
    '1.2.840.10008.5.1.4.1.1.481.3',
    sop,
  );
}
