/** Rulers, angles and regions in the window: kept with the case, taken back, listed, deleted, reported and exported. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { planesOf } from '../../src/core/edit/planes.ts';
import { figuresInWords, figuresOf } from '../../src/core/measure/figures.ts';
import { type Direction, lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';
import type { MeasuredRow } from '../../src/shared/contract/index.ts';
import { decile } from '../cli/run.ts';
import { fitCamera, voxelToCanvas } from '../viewer/expected-place.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type OwnScansWindow, openCase, openOwnScans } from './own-scans.ts';
import { ask, place, ready, stroke } from './whole-job.ts';

const options = { skip: noBrowser };
const TILT: Direction = [Math.cos(0.3), -Math.sin(0.3), 0, Math.sin(0.3), Math.cos(0.3), 0, 0, 0, 1];
const SIZE = [60, 30, 12] as const;
/** Tilted by 17 degrees, voxels of 0.5 x 1 x 3 mm, values i + 100 j + 3000 k. */
const SCAN: Volume = {
  ...{ size: SIZE, spacing: spacingMm(0.5, 1, 3), direction: TILT, origin: lpsPoint(-10, 20, 30) },
  data: Int16Array.from(
    { length: 60 * 30 * 12 },
    (_, v) => (v % 60) + 100 * (Math.floor(v / 60) % 30) + 2000 * Math.floor(v / 1800),
  ),
};

let window: OwnScansWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openOwnScans('organ', { a: SCAN, b: { ...SCAN, data: SCAN.data.map((v) => v + 1) } });
  page = window.page;
});
after(async () => window?.close());

const open = (name: string) => openCase(page, name);
const kept = async () => (await ask(page, 'scans.detail', { scan: 1 })).measurements ?? [];
/** Files keep spacings as 32-bit floats. */
const near = (value: number | null | undefined, expected: number | null | undefined) =>
  assert.ok(
    Math.abs((value ?? NaN) - (expected ?? NaN)) <= 1e-6 * Math.abs(expected ?? 0),
    `${value}, expected ${expected}`,
  );
const listed = () =>
  page.locator('section', { has: page.getByRole('heading', { name: 'Measurements' }) }).locator('li');
/** Where a voxel of the axial slice stands on the page. */
async function at(i: number, j: number): Promise<[number, number]> {
  const box = (await page.locator('[data-plane=axial]').boundingBox())!;
  const geometry = { grid: SCAN, plane: planesOf(SCAN).axial, width: box.width, height: box.height };
  const [x, y] = voxelToCanvas(geometry, fitCamera(geometry), [i, j, 0]);
  return [box.x + x, box.y + y];
}
async function drag(from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  await page.mouse.move(...(await at(...from)));
  await page.mouse.down();
  await page.mouse.move(...(await at((from[0] + to[0]) / 2, (from[1] + to[1]) / 2)));
  await page.mouse.move(...(await at(...to)));
  await page.mouse.up();
}
/** Yellow pixels of the overlay: what was measured is drawn. */
const yellow = () =>
  page
    .locator('[data-plane=axial] > canvas')
    .last()
    .evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = ((canvas as HTMLCanvasElement).getContext('2d') as CanvasRenderingContext2D).getImageData(
        0,
        0,
        width,
        height,
      );
      let n = 0;
      for (let p = 0; p < data.length; p += 4)
        if (data[p] > 230 && data[p + 1] > 190 && data[p + 2] < 110 && data[p + 3] > 200) n++;
      return n;
    });

test('a ruler is in mm on a tilted grid of anisotropic voxels, and kept', options, async () => {
  await page.keyboard.press('m');
  await drag([10, 5], [50, 20]);
  await until(async () => (await kept()).length === 1, 'the ruler kept');
  const [ruler] = await kept();
  // 40 voxels of 0.5 mm and 15 of 1 mm; a pixel is a tenth of a mm.
  assert.ok(Math.abs((ruler.figures.mm ?? 0) - Math.hypot(20, 15)) < 0.15, String(ruler.figures.mm));
  assert.deepEqual([ruler.kind, ruler.normal, ruler.slice], ['ruler', 2, 6]);
  near(ruler.figures.mm, figuresOf(ruler, SCAN).mm);
  await listed().getByText(figuresInWords('ruler', ruler.figures)).waitFor();
});

test('an angle of two legs, and regions with mean, SD and area', options, async () => {
  await page.keyboard.press('y');
  await drag([50, 5], [30, 5]);
  await page.mouse.click(...(await at(40, 10)));
  await until(async () => (await kept()).length === 2, 'the angle kept');
  const angle = (await kept())[1];
  // 5 mm along i and 5 mm along j.
  assert.ok(Math.abs((angle.figures.degrees ?? 0) - 45) < 1.5, String(angle.figures.degrees));
  await page.keyboard.press('h');
  await drag([10.5, 12.5], [30.5, 22.5]);
  await until(async () => (await kept()).length === 3, 'the ellipse kept');
  await page.getByRole('button', { name: 'box', exact: true }).click();
  await drag([35.5, 12.5], [55.5, 22.5]);
  await until(async () => (await kept()).length === 4, 'the box kept');
  const [, , ellipse, box] = await kept();
  assert.deepEqual([ellipse.kind, box.kind], ['ellipse', 'box']);
  // 10 x 10 mm: a circle of radius 5 mm, and a square of 20 x 10 voxels.
  assert.ok(Math.abs((ellipse.figures.areaMm2 ?? 0) - 25 * Math.PI) < 2.5, String(ellipse.figures.areaMm2));
  assert.ok(Math.abs((box.figures.areaMm2 ?? 0) - 100) < 3, String(box.figures.areaMm2));
  assert.equal(box.figures.voxels, 200);
  // i 36 to 55, j 13 to 22, k 6.
  near(box.figures.mean, 45.5 + 1750 + 12000);
  near(box.figures.sd, Math.sqrt((20 ** 2 - 1) / 12 + (100 ** 2 * (10 ** 2 - 1)) / 12));
  for (const figure of ['areaMm2', 'voxels', 'mean', 'sd'] as const)
    near(ellipse.figures[figure], figuresOf(ellipse, SCAN)[figure]);
  assert.equal(await listed().count(), 4);
});

test('Enter decides nothing while something is being measured, and Escape drops it', options, async () => {
  await page.keyboard.press('m');
  await page.mouse.click(...(await at(20, 8)));
  await page.keyboard.press('Enter');
  await page.getByText('A measurement is open.').waitFor();
  await page.keyboard.press('Escape');
  assert.equal((await ask(page, 'scans.list'))[0].state, 'unlabelled');
  assert.equal(await listed().count(), 4);
});

test('they stand on their slice alone', options, async () => {
  await until(async () => (await yellow()) > 50, 'drawn on slice 7');
  await page.keyboard.press('ArrowDown');
  await page.mouse.move(5, 5);
  await until(async () => (await yellow()) === 0, 'nothing on slice 8');
  await listed().getByRole('button', { name: /Ruler/ }).first().click();
  await until(async () => (await yellow()) > 50, 'shown by its place in the list');
});

test('they are taken back and done again in one row with strokes', options, async () => {
  await page.keyboard.press('b');
  await stroke(page);
  await page.getByText('Brush', { exact: true }).last().waitFor();
  await page.keyboard.press('Control+z');
  await page.locator('.history .undone').waitFor();
  assert.equal((await kept()).length, 4, 'the stroke was later');
  await page.keyboard.press('Control+z');
  await until(async () => (await kept()).length === 3, 'the box taken back');
  await page.keyboard.press('Control+Shift+z');
  await until(async () => (await kept()).length === 4, 'and done again');
  assert.equal(
    (await kept()).some(({ kind }) => kind === 'box'),
    true,
  );
  await page.keyboard.press('Control+Shift+z');
  await page.locator('.history .undone').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+z');
});

test('one is deleted, and comes back with Ctrl+Z', options, async () => {
  await listed()
    .getByRole('button', { name: /Delete Angle/ })
    .click();
  await until(async () => (await kept()).length === 3, 'deleted');
  assert.equal(await listed().count(), 3);
  await page.keyboard.press('Control+z');
  await until(async () => (await kept()).length === 4, 'there again');
});

test('they survive another case, another screen and a reload', options, async () => {
  await open('b');
  assert.equal(await listed().count(), 0, 'the other case has none');
  await open('a');
  assert.equal(await listed().count(), 4);
  await page.reload();
  await ready(page, 'a');
  assert.equal(await listed().count(), 4);
});

test('they are in the report, its page, the tables and the command line', options, async () => {
  await place(page, 'Report');
  const region = page.getByRole('region', { name: 'Measurements' });
  await region.getByText('25.0').waitFor();
  assert.equal(await region.locator('tbody tr').count(), 4);
  const output = join(window.root, 'out');
  const { folder } = await ask(page, 'folders.browse', { path: window.root });
  const out = await ask(page, 'folders.create', { parent: folder, name: 'out' });
  for (const format of ['csv', 'html'] as const) {
    await ask(page, 'export.start', { folder: out.folder, format });
    await until(
      async () => (await ask(page, 'jobs.list')).every(({ status }) => status === 'done'),
      `${format} written`,
    );
  }
  const [head, ...rows] = readFileSync(join(output, 'measurements.csv'), 'utf8').trim().split('\n');
  assert.match(head, /^scan,kind,plane,slice,length_mm,angle_degrees,area_mm2,mean,sd,voxels,channel,when,who/);
  assert.equal(rows.length, 4);
  assert.match(rows.find((row) => row.includes('box')) ?? '', /^a,box,axial,7,,,[\d.]+,13795\.[45]/);
  const html = readFileSync(join(output, 'report.html'), 'utf8');
  assert.match(html, /<h2>Measurements<\/h2>/);
  assert.match(html, /<td>a<\/td><td>ruler<\/td><td>axial slice 7<\/td>/);
  const listing = await decile(['measurements', join(window.root, 'project'), 'a', '--json']);
  const { measurements } = listing.json() as { measurements: MeasuredRow[] };
  assert.deepEqual(
    measurements.map(({ scan, kind, plane, slice }) => [scan, kind, plane, slice]),
    (await kept()).map(({ kind }) => ['a', kind, 'axial', 7]),
  );
  near(measurements.find(({ kind }) => kind === 'box')?.mean, 45.5 + 1750 + 12000);
  assert.match((await decile(['measurements', join(window.root, 'project')])).stdout, /ruler +axial +7 +25\.\d\d/);
  assert.deepEqual(window.problems, []);
});
