/** T1 beside FLAIR: another scan of the patient, on a grid of its own, linked by where both lie in space. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { indexToWorld } from '../../src/core/edit/planes.ts';
import { type Direction, type Grid, lpsPoint, spacingMm, type Volume, voxelCount } from '../../src/core/volume.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type OwnScansWindow, openCase, openOwnScans } from './own-scans.ts';
import { ask, maskOf } from './whole-job.ts';

const options = { skip: noBrowser };
const STRAIGHT: Direction = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const TILTED: Direction = [Math.cos(0.4), -Math.sin(0.4), 0, Math.sin(0.4), Math.cos(0.4), 0, 0, 0, 1];
const T1: Grid = {
  size: [48, 40, 16],
  spacing: spacingMm(1, 1, 2),
  direction: STRAIGHT,
  origin: lpsPoint(-20, -15, 0),
};
const FLAIR: Grid = {
  size: [60, 60, 12],
  spacing: spacingMm(1.5, 1, 3),
  direction: TILTED,
  origin: lpsPoint(-40, -40, -2),
};
/** Middle of the lesion in space, mm. */
const LESION = [12, 8, 16] as const;

/** 100 everywhere, 1000 within 5 mm of the lesion. */
const scan = (grid: Grid, tissue: number): Volume => {
  const data = new Int16Array(voxelCount(grid));
  for (let v = 0; v < data.length; v++) {
    const [ni, nj] = grid.size;
    const at = indexToWorld(grid, [v % ni, Math.floor(v / ni) % nj, Math.floor(v / (ni * nj))]);
    data[v] = Math.hypot(at[0] - LESION[0], at[1] - LESION[1], at[2] - LESION[2]) < 5 ? 1000 : tissue;
  }
  return { ...grid, data };
};

let window: OwnScansWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openOwnScans('lesion', {
    p_t1: scan(T1, 100),
    p_flair: scan(FLAIR, 101),
    q_t1: scan(T1, 102),
    // Of the same patient, but of another part of the body.
    p_t2: scan({ ...T1, origin: lpsPoint(-20, -15, 500) }, 103),
  });
  page = window.page;
});
after(async () => window?.close());

const open = (name: string) => openCase(page, name);
const choice = () => page.getByRole('combobox', { name: 'Second scan' });
const FIRST = '[data-plane=axial] .image > canvas';
const BESIDE = '.second > canvas:first-child';
const OVER = '[data-plane=axial] > canvas.blended';
/** Middle of the bright pixels of a canvas, parts of its width and height, and how many there are of all. */
const bright = (selector: string) =>
  page.locator(selector).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
      0,
      0,
      canvas.width,
      canvas.height,
    );
    let [n, x, y] = [0, 0, 0];
    for (let p = 0; p < canvas.width * canvas.height; p++) {
      if (data[4 * p] < 200 || data[4 * p + 3] === 0) continue;
      n++;
      x += (p % canvas.width) + 0.5;
      y += Math.floor(p / canvas.width) + 0.5;
    }
    return { n: n / (canvas.width * canvas.height), x: x / n / canvas.width, y: y / n / canvas.height };
  });
/** The same place of the patient stands at the same place of both. */
async function alike(selector: string): Promise<void> {
  await until(async () => {
    const [a, b] = [await bright(FIRST), await bright(selector)];
    return a.n > 0.002 && Math.abs(a.x - b.x) < 0.012 && Math.abs(a.y - b.y) < 0.012;
  }, `the lesion at one place in ${selector}`);
  const [a, b] = [await bright(FIRST), await bright(selector)];
  assert.ok(Math.abs(b.n / a.n - 1) < 0.35, `as large in both: ${a.n} and ${b.n}`);
}
/** The slice across the lesion. */
async function toLesion(): Promise<void> {
  await page.keyboard.press('Home');
  for (let k = 0; k < 8; k++) await page.keyboard.press('ArrowDown');
}

test('scans of the patient in the same place are offered, and no others', options, async () => {
  assert.deepEqual(await choice().locator('option').allTextContents(), ['none', 'p_flair']);
  await open('q_t1');
  assert.equal(await choice().count(), 0);
  await open('p_t1');
});

test('beside: the same place stands at the same place, also zoomed, moved and on other slices', options, async () => {
  await toLesion();
  await choice().selectOption('p_flair');
  await page.locator('[data-second=shown]').waitFor();
  await alike(BESIDE);
  const box = (await page.locator('[data-plane=axial]').boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -150);
  await page.keyboard.up('Control');
  await alike(BESIDE);
  await page.keyboard.down('Space');
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6 - 25, box.y + box.height * 0.5 + 20, { steps: 3 });
  await page.mouse.up();
  await page.keyboard.up('Space');
  await alike(BESIDE);
  await page.keyboard.press('Home');
  await until(async () => (await bright(BESIDE)).n === 0, 'no lesion on the first slice');
  await toLesion();
  await page.keyboard.press('f');
  await alike(BESIDE);
});

test('the right button on the second scan changes its window alone', options, async () => {
  const first = await page.getByRole('spinbutton', { name: 'Window width', exact: true }).inputValue();
  const width = page.getByRole('spinbutton', { name: 'Window width of the second scan' });
  const before = Number(await width.inputValue());
  const box = (await page.locator('.second').boundingBox())!;
  await page.mouse.move(box.x + 60, box.y + 200);
  await page.mouse.down({ button: 'right' });
  await page.mouse.move(box.x + 120, box.y + 200, { steps: 3 });
  await page.mouse.up({ button: 'right' });
  // 60 pixels of a 300th of the width each.
  assert.ok(Math.abs(Number(await width.inputValue()) / before - 1.2) < 0.01, await width.inputValue());
  assert.equal(await page.getByRole('spinbutton', { name: 'Window width', exact: true }).inputValue(), first);
});

test('a stroke on the second scan is drawn on the case', options, async () => {
  await page.keyboard.press('b');
  const box = (await page.locator('.second').boundingBox())!;
  const { x, y } = await bright(BESIDE);
  await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + x * box.width + 3, box.y + y * box.height);
  await page.mouse.up();
  const { id } = (await ask(page, 'scans.list')).find(({ name }) => name === 'p_t1')!;
  const painted = async () => [...((await maskOf(page, id, 'manual')) ?? [])].flatMap((value, v) => (value ? [v] : []));
  await until(async () => (await painted()).length > 0, 'the stroke on the disk');
  const t1 = scan(T1, 100).data;
  const values = (await painted()).map((v) => t1[v]);
  assert.ok(values.filter((value) => value === 1000).length > values.length / 3, 'on the lesion');
  await page.keyboard.press('Control+z');
});

test('over: blended by its share, and off and on by its key', options, async () => {
  await page.getByRole('button', { name: 'Over', exact: true }).click();
  await page.locator('.second').waitFor({ state: 'detached' });
  await alike(OVER);
  await page.getByRole('slider', { name: 'Share of the second scan' }).fill('0.25');
  assert.equal(await page.locator(OVER).evaluate((canvas) => getComputedStyle(canvas).opacity), '0.25');
  await page.keyboard.press('Shift+S');
  await until(async () => (await bright(OVER)).n === 0, 'off');
  assert.equal(await choice().inputValue(), '');
  await page.keyboard.press('Shift+S');
  await alike(OVER);
});

test('the next case begins without', options, async () => {
  await open('p_flair');
  assert.equal(await choice().inputValue(), '');
  assert.deepEqual(await choice().locator('option').allTextContents(), ['none', 'p_t1']);
  assert.deepEqual(window.problems, []);
});
