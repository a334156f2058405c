/** Made-up Siemens mosaics with the private header that scanners write. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cross3 } from '../../src/core/geometry.ts';
import { type DicomElement, el } from '../../src/imaging/dicom/encode.ts';
import { writeSeries } from './helpers.ts';

/** A CSA header ("SV10") of these fields, each a list of texts. */
export function csa(fields: Record<string, string[]>): Uint8Array {
  const fixed = (text: string, length: number) => {
    const out = Buffer.alloc(length);
    out.write(text, 'latin1');
    return out;
  };
  const words = (...values: number[]) => Buffer.concat(values.map((v) => Buffer.from(Int32Array.of(v).buffer)));
  const parts = Object.entries(fields).map(([name, items]) =>
    Buffer.concat([
      ...[fixed(name, 64), words(items.length), fixed('FD', 4), words(4, items.length, 77)],
      ...items.map((text) => {
        const length = text.length + 1;
        return Buffer.concat([words(length, length, 77, length), fixed(text, length + ((4 - (length % 4)) % 4))]);
      }),
    ]),
  );
  const head = Buffer.concat([Buffer.from('SV10'), Buffer.from([4, 3, 2, 1]), words(parts.length, 77)]);
  // Readers look no further than this where a header is shorter.
  return new Uint8Array(Buffer.concat([head, ...parts, Buffer.alloc(128)]));
}

export const SLICES = 7;
export const [COLUMNS, ROWS] = [8, 6];

/** Volumes of seven slices of 8 x 6, nine places a mosaic; `up` is the side to which the slices go. */
export function mosaics(here: string, volumes: number, axes: number[], up: 1 | -1, header = true): void {
  const normal = cross3(axes.slice(0, 3), axes.slice(3)).map((x) => up * x);
  const extra = (v: number): DicomElement[] => [
    el('00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'MOSAIC']),
    el('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.4'),
    ...[el('00080060', 'CS', 'MR'), el('00080070', 'LO', 'SIEMENS'), el('00080032', 'TM', `1010${10 + 2 * v}.00`)],
    ...[el('00180020', 'CS', 'EP'), el('00180023', 'CS', '2D'), el('00180050', 'DS', '3'), el('00180088', 'DS', '3.6')],
    el('00200012', 'IS', String(v + 1)),
    ...(header
      ? [
          el('00290010', 'LO', 'SIEMENS CSA HEADER'),
          el(
            '00291010',
            'OB',
            csa({ NumberOfImagesInMosaic: [String(SLICES)], SliceNormalVector: normal.map((x) => x.toFixed(8)) }),
          ),
        ]
      : []),
  ];
  writeSeries(here, {
    ...{ columns: 3 * COLUMNS, rows: 3 * ROWS, orientation: axes, spacing: [2.5, 2] },
    positions: Array.from({ length: volumes }, () => [-30.5, -41.25, 12]),
    value: (i, j, v) => 500 * v + 20 * i + j,
    extra,
  });
}

/** The bytes of one mosaic. */
export function mosaic(): Uint8Array {
  const here = mkdtempSync(join(tmpdir(), 'decile-mosaic-'));
  try {
    mosaics(here, 1, [1, 0, 0, 0, 1, 0], 1);
    return new Uint8Array(readFileSync(join(here, 'im003')));
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
}
