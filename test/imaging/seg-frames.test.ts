/** DICOM SEG frames land on the slices that they name, however sparse, noisy or uneven they are. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Grid, lpsPoint, spacingMm, type WorldPoint } from '../../src/core/volume.ts';
import { discoverScans, openSegments, readDicomSeg, readMask, readScan } from '../../src/imaging/index.ts';
import { AXIAL, rejectsWith, scratch, writeSeries } from './helpers.ts';
import { type SegFileFrame, type SegFileOptions, segFile } from './seg-files.ts';

const folder = scratch();
let n = 0;
const GRID: Grid = { size: [24, 20, 8], spacing: spacingMm(1, 1, 3), origin: lpsPoint(-12, -10, 0), direction: AXIAL };
const square = (column: number, row: number) => column >= 5 && column < 15 && row >= 5 && row < 15;
const frame = (z: number, segment = 1, x = -12, y = -10): SegFileFrame => ({
  ...{ segment, position: [x, y, z], inside: square },
});

function written(o: Partial<SegFileOptions> & Pick<SegFileOptions, 'frames'>): string {
  const path = join(folder, `seg${n++}.dcm`);
  writeFileSync(path, segFile({ columns: 24, rows: 20, ...o }));
  return path;
}

async function drawn(path: string, grid = GRID, drawnOn?: readonly WorldPoint[]) {
  const object = await openSegments(path);
  const values = new Map(object!.segments.map(({ number }) => [number, number]));
  const { labels: mask, notices } = object!.draw(grid, values, drawnOn);
  const plane = grid.size[0] * grid.size[1];
  const perSlice = Array.from({ length: grid.size[2] }, (_, k) =>
    mask.data.subarray(k * plane, (k + 1) * plane).reduce((sum, v) => sum + (v ? 1 : 0), 0),
  );
  return { perSlice, mask, said: notices.join(' ') };
}

for (const [thickness, between] of [
  [1, undefined],
  [5, undefined],
  [1, 1],
] as const)
  test(`a single frame lies where it says, whatever its thickness (${thickness}, between slices ${between ?? 'unstated'})`, async () => {
    const path = written({ frames: [frame(9)], thickness, between });
    assert.deepEqual((await drawn(path)).perSlice, [0, 0, 0, 100, 0, 0, 0, 0]);
    assert.equal(
      (await readMask(path, GRID)).data.reduce((sum, v) => sum + v, 0),
      100,
    );
  });

test('frames that are left out are empty, near and far', async () => {
  const path = written({ frames: [frame(0), frame(9), frame(21)], thickness: 1 });
  assert.deepEqual((await drawn(path)).perSlice, [100, 0, 0, 100, 0, 0, 0, 100]);
});

test('positions with noise of some micrometres are one slice, also of two segments', async () => {
  const noisy = [frame(3.001), frame(6.0004), frame(8.998), frame(9.003, 2)];
  const path = written({ frames: noisy, segments: ['organ', 'target'] });
  assert.deepEqual((await drawn(path)).perSlice, [0, 100, 100, 100, 0, 0, 0, 0]);
  const { grid } = await readDicomSeg(path);
  assert.equal(grid.size[2], 3);
  assert.ok(Math.abs(grid.spacing[2] - 3) < 2e-3, `${grid.spacing[2]}`);
});

test('frames in another order of rows and columns, cropped and turned, land on their voxels', async () => {
  // Rows along +y, columns along -x: the first pixel is the last of each row.
  const path = written({
    ...{ columns: 24, rows: 20, orientation: [-1, 0, 0, 0, 1, 0] },
    frames: [{ segment: 1, position: [11, -10, 6], inside: (column, row) => column === 0 && row === 1 }],
  });
  const { mask } = await drawn(path);
  assert.equal(mask.data[23 + 24 * (1 + 20 * 2)], 1);
  const sagittal = written({
    ...{ columns: 20, rows: 8, spacing: [3, 1], orientation: [0, 1, 0, 0, 0, 1] },
    frames: [{ segment: 1, position: [-8, -10, 0], inside: (column, row) => column === 2 && row === 5 }],
  });
  assert.equal((await drawn(sagittal)).mask.data[4 + 24 * (2 + 20 * 5)], 1);
});

test('frames between the slices, with other pixels or outside are refused with the difference', async () => {
  const other = (o: Partial<SegFileOptions>, frames = [frame(0), frame(3)]) => drawn(written({ frames, ...o }));
  await assert.rejects(other({ spacing: [0.5, 0.5] }), /got another one: spacing 0.5 mm against 1 mm/);
  await assert.rejects(other({}, [frame(1.5), frame(4.5)]), { code: 'mask/other-grid' });
  await assert.rejects(other({}, [frame(0), frame(1.5)]), { code: 'mask/other-grid' });
  await rejectsWith(other({}, [frame(3), frame(24)]), 'mask/outside');
});

test('a label-map SEG comes in by its values', async () => {
  const path = written({
    ...{ labelMap: true, segments: ['organ', 'target'] },
    frames: [frame(3, 1), { ...frame(6, 2), inside: (c, r) => square(c, r) && c < 10 }],
  });
  const { perSlice, mask } = await drawn(path);
  assert.deepEqual(perSlice, [0, 100, 50, 0, 0, 0, 0, 0]);
  assert.equal(mask.data[5 + 24 * (5 + 20 * 2)], 2);
});

test('a mask on an uneven series takes the road that the scan took', async () => {
  const taken = [0, 2.5, 5, 7.5, 10, 15, 20, 25, 30];
  const here = join(folder, 'uneven');
  writeSeries(here, { positions: taken.map((z) => [-12, -10, z]), columns: 24, rows: 20 });
  const { volume, provenance } = await readScan((await discoverScans(here)).sources[0]);
  assert.deepEqual([...volume.size], [24, 20, 13]);
  const drawnOn = provenance!.instances.map(({ position: [x, y, z] }): WorldPoint => lpsPoint(x, y, z));
  const whole = written({ frames: taken.map((z) => frame(z)), thickness: 2.5 });
  const { perSlice, said } = await drawn(whole, volume, drawnOn);
  assert.deepEqual(perSlice, Array(13).fill(100));
  assert.match(said, /so was its mask: 4 slices/);
  // A slice that was taken and has no frame stays empty.
  const sparse = written({ frames: [10, 20].map((z) => frame(z)) });
  assert.deepEqual((await drawn(sparse, volume, drawnOn)).perSlice, [0, 0, 0, 0, 100, 0, 0, 0, 100, 0, 0, 0, 0]);
});

test('a mask on a tilted series is moved as its slices are', async () => {
  const [columns, rows, tilt] = [24, 40, 0.3];
  const orientation = [1, 0, 0, 0, Math.cos(tilt), Math.sin(tilt)];
  const positions = Array.from({ length: 8 }, (_, k) => [-12, -20, 3 * k]);
  const here = join(folder, 'tilted');
  const value = (i: number, j: number) => (square(i, j - 8) ? 1000 : 0);
  writeSeries(here, { positions, columns, rows, orientation, value });
  const { volume, provenance } = await readScan((await discoverScans(here)).sources[0]);
  const drawnOn = provenance!.instances.map(({ position: [x, y, z] }): WorldPoint => lpsPoint(x, y, z));
  const inside = (c: number, r: number) => square(c, r - 8);
  const path = written({
    columns,
    rows,
    orientation,
    frames: positions.map((position) => ({ segment: 1, position, inside })),
  });
  const { mask } = await drawn(path, volume, drawnOn);
  let different = 0;
  mask.data.forEach((v, p) => {
    // Half way up the edge of the scan's square is the edge of the mask's, a voxel that is just half may go either way.
    const level = Number(volume.data[p]);
    if (Math.abs(level - 500) > 2 && (v === 1) !== level > 500) different++;
  });
  assert.equal(different, 0);
  assert.ok(mask.data.reduce((sum, v) => sum + v, 0) > 7 * 90);
});
