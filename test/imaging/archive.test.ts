/** Series as archives send them: several volumes in one series, odd positions and numbers, each equal to dcm2niix's. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Volume } from '../../src/core/volume.ts';
import { type DicomElement, el } from '../../src/imaging/dicom/encode.ts';
import { discoverScans, readScan, readVolume } from '../../src/imaging/index.ts';
import { assertSameImage, dcm2niix, missing, type SeriesOptions, scratch, writeSeries } from './helpers.ts';

const folder = scratch();
const CT = '1.2.840.10008.5.1.4.1.1.2';
const MR = '1.2.840.10008.5.1.4.1.1.4';
const PT = '1.2.840.10008.5.1.4.1.1.128';
const text = (tag: string, vr: 'IS' | 'DS' | 'TM' | 'CS', value: string | string[]) => el(tag, vr, value);

/** Slice `k % slices` of volume `k / slices`, with what tells the volumes apart. */
const several = (
  volumes: number,
  modality: 'CT' | 'MR',
  mark: (volume: number, slice: number) => DicomElement[],
  slices = 5,
): SeriesOptions => ({
  positions: Array.from({ length: volumes * slices }, (_, k) => [-10, -20, 3 * (k % slices)]),
  value: (i, j, k) => (i * 13 + j * 7 + k * 31) % 997,
  extra: (k) => [
    el('00080016', 'UI', modality === 'CT' ? CT : MR),
    text('00080060', 'CS', modality),
    text('00181020', 'CS', '1'),
    text('00180020', 'CS', 'SE'),
    text('00180023', 'CS', '2D'),
    ...mark(Math.floor(k / slices), k % slices),
  ],
});
const one = (positions: number[][], orientation: number[], extra: DicomElement[] = []): SeriesOptions => ({
  ...{ positions, orientation, value: (i, j, k) => (i * 13 + j * 7 + k * 31) % 997, extra: () => extra },
});
const rising = (n: number, step = 3) => Array.from({ length: n }, (_, k) => k * step);

const CASES: Record<string, { volumes: number; series: SeriesOptions }> = {
  'phases by acquisition number': {
    volumes: 2,
    series: several(2, 'CT', (v) => [text('00200012', 'IS', String(v + 1))]),
  },
  'time points by acquisition time': {
    volumes: 4,
    series: several(4, 'MR', (v) => [
      text('00200012', 'IS', String(v + 1)),
      text('00080032', 'TM', `1010${10 + 2 * v}.00`),
    ]),
  },
  'time points by order alone': { volumes: 3, series: several(3, 'MR', () => []) },
  'three echoes': {
    volumes: 3,
    series: several(3, 'MR', (v) => [
      text('00180081', 'DS', String(10 * (v + 1))),
      text('00180086', 'IS', String(v + 1)),
    ]),
  },
  'b-values': {
    volumes: 3,
    series: several(3, 'MR', (v) => [el('00189087', 'FD', [500 * v]), text('00200012', 'IS', String(v + 1))]),
  },
  'magnitude and phase': {
    volumes: 2,
    series: several(2, 'MR', (v) => [text('00080008', 'CS', ['ORIGINAL', 'PRIMARY', v ? 'P' : 'M', 'ND'])]),
  },
  'water, fat and in-phase': {
    volumes: 3,
    series: several(3, 'MR', (v) => [
      text('00080008', 'CS', ['DERIVED', 'PRIMARY', 'DIXON', ['WATER', 'FAT', 'IN_PHASE'][v]]),
    ]),
  },
  'slices from head to feet': {
    volumes: 1,
    series: one(
      rising(6, -3).map((z) => [-10, -20, z]),
      [1, 0, 0, 0, 1, 0],
    ),
  },
  'a patient lying prone': {
    volumes: 1,
    series: one(
      rising(6).map((z) => [10, 20, z]),
      [-1, 0, 0, 0, -1, 0],
    ),
  },
  'a coronal stack': {
    volumes: 1,
    series: one(
      rising(6).map((y) => [-20, y, 60]),
      [1, 0, 0, 0, 0, -1],
    ),
  },
  'two slices': {
    volumes: 1,
    series: one(
      rising(2).map((z) => [0, 0, z]),
      [1, 0, 0, 0, 1, 0],
    ),
  },
  MONOCHROME1: {
    volumes: 1,
    series: one(
      rising(5).map((z) => [0, 0, z]),
      [1, 0, 0, 0, 1, 0],
      [text('00280004', 'CS', 'MONOCHROME1')],
    ),
  },
  'one instance UID for all slices': {
    volumes: 1,
    series: one(
      rising(5).map((z) => [0, 0, z]),
      [1, 0, 0, 0, 1, 0],
      [el('00080018', 'UI', '1.2.3.4')],
    ),
  },
  'PET with a slope for each slice': {
    volumes: 1,
    series: {
      ...one(
        rising(5).map((z) => [0, 0, z]),
        [1, 0, 0, 0, 1, 0],
      ),
      extra: (k) => [
        ...[el('00080016', 'UI', PT), text('00080060', 'CS', 'PT'), text('00541001', 'CS', 'BQML')],
        // Powers of two: no rounding to argue about.
        ...[text('00281053', 'DS', String(2 ** -k)), text('00281052', 'DS', '0')],
      ],
    },
  },
};

/** A stack whose images carry further elements, each slice its own. */
const marked = (mark: (k: number) => DicomElement[], more: Partial<SeriesOptions> = {}): SeriesOptions => ({
  ...one(
    rising(6).map((z) => [-10, -20, z]),
    [1, 0, 0, 0, 1, 0],
  ),
  ...{ extra: mark, ...more },
});
const lying = (orientation: number[], step: number) =>
  one(
    rising(6, step).map((z) => [-10, 20, z]),
    orientation,
  );
const stored = (bits: number) => [el('00280101', 'US', bits), el('00280102', 'US', bits - 1)];
const eightBits = (k: number) => [
  ...[el('00280100', 'US', 8), el('00280101', 'US', 8), el('00280102', 'US', 7), el('00280103', 'US', 0)],
  el(
    '7fe00010',
    'OB',
    Uint8Array.from({ length: 120 }, (_, n) => (3 * n + 7 * k) % 256),
  ),
];

Object.assign(CASES, {
  'a frame of reference for each slice': {
    volumes: 1,
    series: marked((k) => [el('00200052', 'UI', `1.2.3.${k + 1}`)]),
  },
  'instance numbers that are all the same': { volumes: 1, series: marked(() => [text('00200013', 'IS', '1')]) },
  'no instance numbers': { volumes: 1, series: marked(() => [text('00200013', 'IS', '')]) },
  'image types that alternate': {
    volumes: 1,
    series: marked((k) => [text('00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'AXIAL', k % 2 ? 'A' : 'B'])]),
  },
  'echo times written with other zeros': {
    volumes: 1,
    series: several(1, 'MR', (_, k) => [text('00180081', 'DS', k % 2 ? '2.46' : '2.460')]),
  },
  'a cine whose trigger times differ from slice to slice': {
    volumes: 3,
    series: several(3, 'MR', (v, k) => [text('00181060', 'DS', String(v * (30 + k)))]),
  },
  'a dynamic series by temporal position': {
    volumes: 3,
    series: several(3, 'MR', (v) => [text('00200100', 'IS', String(v + 1)), text('00200105', 'IS', '3')]),
  },
  'every slice twice under another instance UID': {
    volumes: 2,
    series: { ...several(2, 'CT', () => []), value: (i: number, j: number, k: number) => i + 10 * j + 100 * (k % 5) },
  },
  'feet first, prone': { volumes: 1, series: lying([1, 0, 0, 0, -1, 0], -3) },
  'on the right side': { volumes: 1, series: lying([0, -1, 0, 1, 0, 0], 3) },
  'feet first, on the left side': { volumes: 1, series: lying([0, 1, 0, -1, 0, 0], -3) },
  'a sagittal stack from left to right': {
    volumes: 1,
    series: one(
      rising(6, -3).map((x) => [x, -10, 40]),
      [0, 1, 0, 0, 0, -1],
    ),
  },
  'unsigned 12 bits with something above them': {
    volumes: 1,
    series: marked(() => stored(12), { signed: false, value: (i: number, j: number) => 10 * i + j + (j % 2) * 0x7000 }),
  },
  'unsigned above 32,767 with an intercept': {
    volumes: 1,
    series: marked(() => [text('00281052', 'DS', '-1024'), text('00281053', 'DS', '1')], {
      signed: false,
      value: (i: number, j: number) => 5000 * i + j,
    }),
  },
  '8 bits unsigned': { volumes: 1, series: marked(eightBits) },
  'an intercept for each slice': {
    volumes: 1,
    series: marked((k) => [text('00281052', 'DS', String(-1024 - k)), text('00281053', 'DS', '1')]),
  },
  'padding of -2000': {
    volumes: 1,
    series: marked(() => [el('00280120', 'SS', -2000), text('00281052', 'DS', '-24'), text('00281053', 'DS', '1')], {
      value: (i: number, j: number) => (i === 0 ? -2000 : 50 * i + j),
    }),
  },
  'Philips MR with a scale slope': {
    volumes: 1,
    series: several(1, 'MR', () => [
      el('00080070', 'LO', 'Philips Medical Systems'),
      ...[text('00281052', 'DS', '0'), text('00281053', 'DS', '2')],
      ...[el('20050010', 'LO', 'Philips MR Imaging DD 001'), el('2005100e', 'FL', [0.25])],
    ]),
  },
  'a single slice with its thickness': {
    volumes: 1,
    series: one([[-10, -20, 4]], [1, 0, 0, 0, 1, 0], [text('00180050', 'DS', '5')]),
  },
});

/** The volumes of dcm2niix's files, four-dimensional ones cut apart. */
async function theirVolumes(out: string): Promise<Volume[]> {
  const volumes: Volume[] = [];
  for (const name of readdirSync(out).filter((f) => f.endsWith('.nii'))) {
    const bytes = readFileSync(join(out, name));
    const dim = (d: number) => bytes.readInt16LE(40 + 2 * d);
    const count = dim(0) > 3 ? dim(4) : 1;
    const start = bytes.readFloatLE(108);
    const size = (dim(1) * dim(2) * dim(3) * bytes.readInt16LE(72)) / 8;
    for (let t = 0; t < count; t++) {
      const head = Buffer.from(bytes.subarray(0, start));
      head.writeInt16LE(3, 40);
      head.writeInt16LE(1, 48);
      const path = join(out, `part${volumes.length}.img3d`);
      writeFileSync(path, Buffer.concat([head, bytes.subarray(start + t * size, start + (t + 1) * size)]));
      volumes.push((await readVolume(path)).volume);
    }
  }
  return volumes;
}

for (const [name, { volumes, series }] of Object.entries(CASES)) {
  test(`${name}: ${volumes === 1 ? 'one volume that equals' : `${volumes} volumes that equal`} dcm2niix`, {
    skip: missing('dcm2niix'),
  }, async () => {
    const here = join(folder, name);
    writeSeries(here, { columns: 12, rows: 10, spacing: [0.8, 0.6], ...series });
    const { sources, failures } = await discoverScans(here);
    assert.deepEqual([sources.length, failures], [volumes, []]);
    const ours = [];
    for (const source of sources) ours.push((await readScan(source)).volume);
    const out = join(folder, `${name} theirs`);
    dcm2niix(here, out);
    const theirs = await theirVolumes(out);
    assert.equal(theirs.length, volumes);
    for (const their of theirs) {
      const same = ours.findIndex((our) => isSame(our, their));
      assert.ok(same >= 0, 'a volume of dcm2niix that is none of ours');
      ours.splice(same, 1);
    }
  });
}

test('bolus tracking, strays and broken-off volumes: what is no volume is left out with the reason', async () => {
  const codesOf = async (name: string, series: SeriesOptions) => {
    writeSeries(join(folder, name), { columns: 12, rows: 10, ...series });
    const { sources, failures } = await discoverScans(join(folder, name));
    return [sources.map((s) => s.paths.length), failures.map((f) => f.code)];
  };
  const still = Array.from({ length: 12 }, () => [-10, -20, 5]);
  assert.deepEqual(await codesOf('bolus', one(still, [1, 0, 0, 0, 1, 0])), [[], ['scan/one-place']]);
  const nine = { positions: rising(9).map((z) => [-10, -20, z]) };
  const other = (k: number) => (k === 8 ? [el('00200037', 'DS', [1, 0, 0, 0, 0, -1])] : []);
  assert.deepEqual(await codesOf('stray', marked(other, nine)), [[8], ['scan/stray-slices']]);
  const broken = several(3, 'MR', (v) => [text('00200012', 'IS', String(v + 1))]);
  const thirteen = { ...broken, positions: broken.positions.slice(0, 13) };
  assert.deepEqual(await codesOf('broken off', thirteen), [[5, 5, 3], []]);
  // One b-value is whole, the other has a slice too many: the whole one stays.
  const extra = several(2, 'MR', (v) => [el('00189087', 'FD', [500 * v])]);
  const eleven = {
    ...extra,
    positions: [...extra.positions, [-10, -20, 0]],
    extra: (k: number) => extra.extra!(Math.min(k, 9)),
  };
  assert.deepEqual(await codesOf('one part bad', eleven), [[5], ['scan/overlapping-slices']]);
});

function isSame(a: Volume, b: Volume): boolean {
  try {
    assertSameImage(a, b);
    return true;
  } catch {
    return false;
  }
}
