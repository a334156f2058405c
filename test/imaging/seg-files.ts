/** DICOM SEG objects as several programs write them: any frames, in any order, with what they state of slices. */
import { el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';

export interface SegFileFrame {
  segment: number;
  position: readonly number[];
  /** Pixels inside, row * columns + column. */
  inside: (column: number, row: number) => boolean;
}
export interface SegFileOptions {
  columns: number;
  rows: number;
  frames: readonly SegFileFrame[];
  segments?: readonly string[];
  spacing?: readonly [number, number];
  thickness?: number;
  between?: number;
  orientation?: readonly number[];
  /** Label map: frames hold segment numbers as they are. */
  labelMap?: boolean;
  /** The series that it was drawn on. */
  seriesUid?: string;
}

export function segFile(o: SegFileOptions): Uint8Array {
  const { columns, rows, frames, segments = ['organ'], spacing = [1, 1], orientation = [1, 0, 0, 0, 1, 0] } = o;
  const plane = columns * rows;
  const bits = new Uint8Array(o.labelMap ? plane * frames.length : Math.ceil((plane * frames.length) / 8));
  frames.forEach(({ segment, inside }, n) => {
    for (let p = 0; p < plane; p++) {
      if (!inside(p % columns, Math.floor(p / columns))) continue;
      const at = n * plane + p;
      if (o.labelMap) bits[at] = segment;
      else bits[at >> 3] |= 1 << (at & 7);
    }
  });
  const depth = o.labelMap ? 8 : 1;
  const sop = newUid();
  const sopClass = o.labelMap ? '1.2.840.10008.5.1.4.1.1.66.7' : '1.2.840.10008.5.1.4.1.1.66.4';
  return encodeFile(
    [
      el('00080016', 'UI', sopClass),
      el('00080018', 'UI', sop),
      el('00080060', 'CS', 'SEG'),
      el('0020000e', 'UI', newUid()),
      ...(o.seriesUid ? [el('00081115', 'SQ', [[el('0020000e', 'UI', o.seriesUid)]])] : []),
      el('00280008', 'IS', String(frames.length)),
      ...[el('00280010', 'US', rows), el('00280011', 'US', columns)],
      ...[el('00280002', 'US', 1), el('00280004', 'CS', 'MONOCHROME2'), el('00280103', 'US', 0)],
      ...[el('00280100', 'US', depth), el('00280101', 'US', depth), el('00280102', 'US', depth - 1)],
      el('00620001', 'CS', o.labelMap ? 'LABELMAP' : 'BINARY'),
      el(
        '00620002',
        'SQ',
        segments.map((label, n) => [
          el('00620004', 'US', n + 1),
          el('00620005', 'LO', label),
          el('00620008', 'CS', 'MANUAL'),
        ]),
      ),
      el('52009229', 'SQ', [
        [
          el('00209116', 'SQ', [[el('00200037', 'DS', [...orientation])]]),
          el('00289110', 'SQ', [
            [
              el('00280030', 'DS', [...spacing]),
              el('00180050', 'DS', String(o.thickness ?? 3)),
              ...(o.between === undefined ? [] : [el('00180088', 'DS', String(o.between))]),
            ],
          ]),
        ],
      ]),
      el(
        '52009230',
        'SQ',
        frames.map(({ segment, position }) => [
          el('00209113', 'SQ', [[el('00200032', 'DS', [...position])]]),
          ...(o.labelMap ? [] : [el('0062000a', 'SQ', [[el('0062000b', 'US', segment)]])]),
        ]),
      ),
      el('7fe00010', o.labelMap ? 'OB' : 'OW', bits.length % 2 ? new Uint8Array([...bits, 0]) : bits),
    ],
    sopClass,
    sop,
  );
}
