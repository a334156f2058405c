/** The inputs of ../shared/cases/formats that users of other programs found to go wrong, imported as they are. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readVolume } from '../../src/imaging/index.ts';
import { type ImportReport, importScans } from '../../src/project/services/import/import.ts';
import { maskFile, type Store } from '../../src/project/store/index.ts';
import { CASES } from '../imaging/helpers.ts';
import { codes, newProject } from './helpers.ts';

interface Case {
  scans: number;
  masks: number;
  /** Voxels of the mask of the first scan, slice by slice. */
  perSlice?: number[];
  /** What must be said. */
  said?: RegExp;
}

const hundred = (slices: number) => Array<number>(slices).fill(100);
const EXPECTED: Record<string, Case> = {
  'rtstruct-contour-off-slice': { scans: 1, masks: 1, perSlice: [...hundred(4), 0], said: /1\.20 mm beside/ },
  'rtstruct-contours-finer-than-slices': { scans: 1, masks: 1, perSlice: hundred(5), said: /4 of 9 contour planes/ },
  'rtstruct-duplicate-contour': { scans: 1, masks: 1, perSlice: hundred(5) },
  'rtstruct-one-contour-outside': { scans: 1, masks: 1, perSlice: hundred(5), said: /1 contour outside the scan/ },
  'rtstruct-open-contours': { scans: 1, masks: 1, perSlice: [...hundred(3), 0, 0], said: /POINT.*OPEN_PLANAR/ },
  'rtstruct-through-voxel-centres': { scans: 1, masks: 1, perSlice: hundred(5) },
  'seg-one-frame': { scans: 1, masks: 1, perSlice: [0, 0, 0, 100, 0, 0, 0, 0] },
  'seg-position-noise': { scans: 1, masks: 1, perSlice: [0, 100, 100, 100, 0, 0, 0, 0] },
  'seg-uneven-slices': { scans: 1, masks: 1, perSlice: hundred(13), said: /so was its mask: 4 slices/ },
  'masks-become-scans-case-folders': { scans: 3, masks: 3 },
  'masks-become-scans-monailabel-folders': {
    scans: 2,
    masks: 2,
    said: /labels\/final\/pat_0.*labels\/original\/pat_0/,
  },
  'pixel-spacing-rounding': { scans: 1, masks: 0 },
  'modality-lut': { scans: 1, masks: 0, said: /modality LUT/ },
};

async function perSlice(store: Store, report: ImportReport): Promise<number[]> {
  const [{ scan, version }] = report.masks;
  const { id } = store.scans.find(scan)!;
  const { volume } = await readVolume(store.path(maskFile(id, version)));
  const plane = volume.size[0] * volume.size[1];
  return Array.from({ length: volume.size[2] }, (_, k) => {
    let count = 0;
    for (let p = 0; p < plane; p++) if (volume.data[k * plane + p] > 0) count++;
    return count;
  });
}

for (const [name, expected] of Object.entries(EXPECTED)) {
  const folder = join(CASES, name, 'scans');
  test(`${name} comes in as it should`, {
    skip: existsSync(folder) ? false : `../shared/cases/formats/${name} is absent`,
  }, async (t) => {
    const store = newProject(t, ['organ']);
    const report = await importScans(store, folder);
    assert.deepEqual(codes(report.failures), []);
    assert.deepEqual([report.added.length, report.masks.length], [expected.scans, expected.masks]);
    if (expected.perSlice) assert.deepEqual(await perSlice(store, report), expected.perSlice);
    const said = [...report.notices, ...report.added.flatMap(({ notices }) => notices)].join(' ');
    if (expected.said) assert.match(said, expected.said);
    else assert.equal(said, '');
  });
}
