/** Series as archives send them: several volumes in one series, odd positions and numbers, each equal to dcm2niix's. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Volume } from '../../src/core/volume.ts';
import { type DicomElement, el } from '../../src/main/imaging/dicom/encode.ts';
import { discoverScans, readScan, readVolume } from '../../src/main/imaging/index.ts';
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

function isSame(a: Volume, b: Volume): boolean {
  try {
    assertSameImage(a, b);
    return true;
  } catch {
    return false;
  }
}
