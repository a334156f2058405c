/** Siemens mosaics, made up with the private header that scanners write, against dcm2niix. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { el } from '../../src/imaging/dicom/encode.ts';
import { discoverScans, readScan, readVolume } from '../../src/imaging/index.ts';
import { assertSameImage, dcm2niix, missing, OBLIQUE, scratch, writeSeries } from './helpers.ts';
import { COLUMNS, csa, mosaics, ROWS, SLICES } from './mosaics.ts';

const folder = scratch();

const AXES = {
  axial: [1, 0, 0, 0, 1, 0],
  oblique: [OBLIQUE[0], OBLIQUE[3], OBLIQUE[6], OBLIQUE[1], OBLIQUE[4], OBLIQUE[7]].map((x) => +x.toFixed(8)),
};

for (const [name, axes] of Object.entries(AXES)) {
  for (const up of [1, -1] as const) {
    test(`an ${name} mosaic whose slices go ${up > 0 ? 'along' : 'against'} its normal equals dcm2niix`, {
      skip: missing('dcm2niix'),
    }, async () => {
      const here = join(folder, `${name}${up}`);
      mosaics(here, 1, axes, up);
      const { sources, failures } = await discoverScans(here);
      assert.deepEqual([sources.length, failures], [1, []]);
      const { volume } = await readScan(sources[0]);
      assert.deepEqual(volume.size, [COLUMNS, ROWS, SLICES]);
      const out = `${here}-theirs`;
      dcm2niix(here, out);
      assertSameImage(volume, (await readVolume(join(out, 'v.nii'))).volume);
    });
  }
}

test('mosaics of several times are a volume each, cut from their own image', async () => {
  const here = join(folder, 'times');
  mosaics(here, 3, AXES.axial, 1);
  const { sources } = await discoverScans(here);
  assert.equal(sources.length, 3);
  for (const [v, source] of sources.entries()) {
    const { volume } = await readScan(source);
    // The fifth slice lies in the second row and column of tiles.
    assert.equal(volume.data[4 * COLUMNS * ROWS + 2 * COLUMNS + 3], 500 * v + 20 * (COLUMNS + 3) + ROWS + 2);
  }
});

test('a mosaic without its private header, or with a damaged one, is refused with the reason', async () => {
  const here = join(folder, 'bare');
  mosaics(here, 1, AXES.axial, 1, false);
  const codes = async (path: string) => (await discoverScans(path)).failures.map((f) => f.code);
  assert.deepEqual(await codes(here), ['scan/mosaic']);
  const damaged = join(folder, 'damaged');
  for (const path of writeSeries(damaged, {
    positions: [[0, 0, 0]],
    extra: () => [
      el('00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'MOSAIC']),
      el(
        '00291010',
        'OB',
        csa({ NumberOfImagesInMosaic: ['1000000'], SliceNormalVector: ['0', '0', '9'] }).slice(0, 300),
      ),
    ],
  }))
    writeFileSync(`${path}-copy`, 'no image');
  assert.deepEqual((await codes(damaged)).sort(), ['scan/mosaic', 'scan/unknown-format']);
});
