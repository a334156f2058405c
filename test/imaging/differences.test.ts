/** Series that dcm2niix reads otherwise, or not: docs/reference/formats.md says how, and each row is true. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Volume } from '../../src/core/volume.ts';
import { type DicomElement, el } from '../../src/imaging/dicom/encode.ts';
import { discoverScans, readScan } from '../../src/imaging/index.ts';
import { type SeriesOptions, scratch, writeSeries } from './helpers.ts';
import { enhanced } from './objects.ts';

const folder = scratch();
const page = readFileSync(join(import.meta.dirname, '../../docs/reference/formats.md'), 'utf8');
const stack = (zs: number[], extra: (k: number) => DicomElement[] = () => [], more: Partial<SeriesOptions> = {}) => ({
  ...{ positions: zs.map((z) => [-10, -20, z]), extra, ...more },
});
const rising = (n: number, step = 3) => Array.from({ length: n }, (_, k) => k * step);
const tilted = [1, 0, 0, 0, Math.cos(0.2), Math.sin(0.2)];
const bits = (allocated: number, stored: number) => [
  ...[el('00280100', 'US', allocated), el('00280101', 'US', stored), el('00280102', 'US', stored - 1)],
];
const bytes = () => [...bits(8, 8), el('7fe00010', 'OB', new Uint8Array(48).fill(251))];
const ds = (tag: string, value: string) => el(tag, 'DS', value);

const lut = (first: number, count: number, entry: (n: number) => number) => [
  el('00283002', 'SS', [count, first, 16]),
  el('00283004', 'LO', 'HU'),
  el('00283006', 'OW', new Uint8Array(Uint16Array.from({ length: count }, (_, n) => entry(n)).buffer)),
];

interface Row {
  /** A classic series, or one file. */
  series?: SeriesOptions;
  file?: Uint8Array;
  /** What must hold of the first volume. */
  check?: (volume: Volume) => void;
}
const ROWS: Record<string, Row> = {
  'positions rounded to 0.01 mm, 30 slices 0.625 mm apart': {
    series: stack(rising(30, 0.625).map((z) => +z.toFixed(2))),
    check: ({ spacing }) => assert.ok(Math.abs(spacing[2] - 0.625) < 2e-5, `${spacing[2]}`),
  },
  'a tilted gantry': { series: stack(rising(8), () => [], { orientation: tilted }) },
  'uneven distances': { series: stack([0, 2, 5, 9, 11]) },
  'a missing slice': { series: stack(rising(8).filter((_, k) => k !== 4)) },
  'one place twice, once only': { series: stack([...rising(5), 6]) },
  'no orientation': { series: stack(rising(5), () => [ds('00200037', '')]) },
  'spacing at the detector alone (ImagerPixelSpacing)': {
    series: stack(rising(5), () => [ds('00280030', ''), ds('00181164', '0.8\\0.6')]),
  },
  'a localiser in the series': {
    series: stack(rising(9), (k) => (k === 8 ? [el('00200037', 'DS', [1, 0, 0, 0, 0, -1])] : [])),
  },
  'two orientations of six slices each': {
    series: stack(rising(12), (k) => (k < 6 ? [] : [el('00200037', 'DS', [1, 0, 0, 0, 0, -1])])),
  },
  'every image numbered 0': { series: stack(rising(5), () => [el('00200013', 'IS', '0')]) },
  'contrast tracking: twelve images of one place': { series: stack(Array.from({ length: 12 }, () => 5)) },
  'a last volume that was broken off': {
    series: stack([...rising(5), ...rising(5), ...rising(3)], (k) => [
      el('00200012', 'IS', String(Math.floor(k / 5) + 1)),
    ]),
  },
  '8 bits signed': { series: stack(rising(5), bytes), check: ({ data }) => assert.equal(data[0], 251 - 256) },
  '12 bits signed, sign in all 16': {
    series: stack(rising(5), () => bits(16, 12), { value: () => -5 }),
    check: ({ data }) => assert.equal(data[0], -5),
  },
  '12 bits signed, sign in the twelfth alone': {
    series: stack(rising(5), () => bits(16, 12), { value: () => 4091 }),
    check: ({ data }) => assert.equal(data[0], -5),
  },
  'a modality LUT': {
    series: stack(rising(5), () => [el('00283000', 'SQ', [[...lut(0, 200, (n) => 1000 + 3 * n)]])], {
      value: (i) => i,
    }),
    check: ({ data }) => assert.deepEqual([...data.subarray(0, 3)], [1000, 1003, 1006]),
  },
  'echo times that differ by rounding from slice to slice': {
    series: stack(rising(6), (k) => [el('00180081', 'DS', k % 2 ? '2.46' : '2.4599')]),
    check: ({ size, spacing }) => assert.deepEqual([size[2], spacing[2]], [6, 3]),
  },
  'a slope such as 2.4417': {
    series: stack(rising(5), () => [ds('00281052', '0'), ds('00281053', '2.4417')], { value: (i) => i }),
    check: ({ data }) => assert.equal(data[3], Math.fround(3 * 2.4417)),
  },
  'an enhanced file whose thickness is not its slice distance': {
    file: enhanced({ thickness: '4' }),
    check: ({ spacing }) => assert.equal(spacing[2], 2.5),
  },
  'an enhanced file with a slope for each frame': {
    file: enhanced({ slope: (f) => (f < 2 ? 1 : 0.5) }),
    check: ({ data }) => assert.deepEqual([data[5], data[12 * 3 + 5]], [0.5 * 5, 305]),
  },
  'several volumes in one enhanced file': { file: enhanced({ volumes: 3 }) },
};

/** "2 scans", "1 scan, `scan/duplicate`", ... */
async function resultOf(here: string): Promise<[string, Volume | undefined]> {
  const { sources, failures } = await discoverScans(here);
  const codes = new Set(failures.map((f) => `\`${f.code}\``));
  const volumes: Volume[] = [];
  for (const source of sources) {
    try {
      volumes.push((await readScan(source)).volume);
    } catch (error) {
      codes.add(`\`${(error as { code: string }).code}\``);
    }
  }
  const scans = volumes.length === 0 ? [] : [volumes.length === 1 ? '1 scan' : `${volumes.length} scans`];
  return [[...scans, ...codes].join(', '), volumes[0]];
}

const section = page.slice(
  page.indexOf('## Series that dcm2niix reads otherwise'),
  page.indexOf('## Transfer syntaxes'),
);
const listed = new Map([...section.matchAll(/^\| ([^|]+) \| ([^|]+) \| .+ \|$/gm)].slice(1).map(([, a, b]) => [a, b]));

test('the page lists the series that dcm2niix reads otherwise, no more and no fewer', () => {
  assert.deepEqual([...listed.keys()].sort(), Object.keys(ROWS).sort());
});

for (const [n, [name, { series, file, check }]] of Object.entries(ROWS).entries()) {
  test(`${name}: gives what the page says`, async () => {
    const here = join(folder, `d${n}`);
    if (series) writeSeries(here, series);
    if (file) {
      mkdirSync(here);
      writeFileSync(join(here, 'file'), file);
    }
    const [result, volume] = await resultOf(here);
    assert.equal(result, listed.get(name));
    if (check) check(volume!);
  });
}
