/** The Annotate screen in Chromium: painting, saving and undoing with real mouse and keys. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { becomes, until } from '../waits.ts';
import { emptyLike } from './geometries.ts';
import { allDrawn, frames, NO_CHROMIUM } from './harness/browser.ts';
import type { Harness } from './harness/server.ts';
import {
  ball,
  count,
  drag,
  oneBrowser,
  onPage,
  painted,
  pane,
  placeOf,
  saved,
  showSlice,
  smallBrush,
} from './on-page.ts';

const skip = NO_CHROMIUM;
oneBrowser();

test('a stroke is on disk within a second, the status says so, and a reload shows it again', { skip }, async () => {
  const entry = ball();
  await onPage([entry], 'scan=1', async (page, harness) => {
    await page.keyboard.press('b');
    await drag(page, [
      await placeOf(page, entry, 'axial', [20, 20, 12]),
      await placeOf(page, entry, 'axial', [28, 26, 12]),
    ]);
    const ended = performance.timeOrigin + performance.now();
    await saved(page);
    assert.ok(harness.saves[0].at - ended < 1000, `${harness.saves[0].at - ended} ms`);
    assert.match(await page.locator('[data-save]').innerText(), /^saved [\d.]+ s ago$/);
    const ml = await page.locator('[data-label="1"] [data-ml]').innerText();
    assert.equal(ml, `${(count(entry, 1) / 1000).toFixed(2)} ml`);
    await page.reload();
    await allDrawn(page);
    assert.equal(await page.locator('[data-label="1"] [data-ml]').innerText(), ml);
  });
});

test('fifty-two strokes are undone and redone one by one, on disk too', { skip }, async () => {
  const entry = ball();
  await onPage([entry], 'scan=1', async (page) => {
    await smallBrush(page);
    for (let n = 0; n < 52; n++) {
      const { x, y } = await placeOf(page, entry, 'axial', [6 + (n % 10) * 3, 6 + Math.floor(n / 10) * 3, 12]);
      await page.mouse.click(x, y);
    }
    await becomes(() => count(entry, 1), 52);
    for (let n = 0; n < 52; n++) await page.keyboard.press('Control+z');
    await becomes(() => count(entry, 1), 0);
    for (let n = 0; n < 52; n++) await page.keyboard.press(n % 2 ? 'Control+y' : 'Control+Shift+z');
    await becomes(() => count(entry, 1), 52);
  });
});

test('a full disk is said at once, keeps the strokes, and they are saved when there is room', { skip }, async () => {
  const entry = ball();
  const act = async (page: Page, harness: Harness) => {
    harness.failSaves = true;
    await smallBrush(page);
    const { x, y } = await placeOf(page, entry, 'axial', [20, 20, 12]);
    await page.mouse.click(x, y);
    await page.waitForSelector('[data-save=failed]');
    assert.match(await page.locator('[data-save]').innerText(), /not saved: The disk must have room.*Free some space/);
    harness.failSaves = false;
    await page.waitForSelector('[data-save=saved]');
    assert.equal(count(entry, 1), 1);
  };
  await onPage([entry], 'scan=1', act, false);
});

test('interpolation fills the slices between two drawn ones as one undo step', { skip }, async () => {
  const entry = ball();
  await onPage([entry], 'scan=1', async (page) => {
    await page.keyboard.press('b');
    for (const k of [8, 16]) {
      await showSlice(page, 'axial', k);
      const { x, y } = await placeOf(page, entry, 'axial', [24, 24, k]);
      await page.mouse.click(x, y);
    }
    const slices = () => [...new Set(painted(entry).map((v) => Math.floor(v / 2304)))];
    await becomes(slices, [8, 16]);
    await page.keyboard.press('i');
    await becomes(slices, [8, 9, 10, 11, 12, 13, 14, 15, 16]);
    await page.keyboard.press('Control+z');
    await becomes(slices, [8, 16]);
  });
});

test('polygon, scissors, flood fill, region growing and threshold brush each do their work', { skip }, async () => {
  const entry = ball();
  await onPage([entry], 'scan=1', async (page) => {
    const at = (i: number, j: number) => placeOf(page, entry, 'axial', [i, j, 12]);
    await page.keyboard.press('p');
    for (const [i, j] of [
      [3.5, 3.5],
      [8.5, 3.5],
      [8.5, 8.5],
      [3.5, 8.5],
    ]) {
      const { x, y } = await at(i, j);
      await page.mouse.click(x, y);
    }
    await page.keyboard.press('Enter');
    await becomes(() => count(entry, 1), 5 * 5, 'polygon');
    await page.keyboard.press('x');
    await page.getByRole('button', { name: 'rectangle' }).click();
    await page.keyboard.down('Control');
    await drag(page, [await at(5.5, 5.5), await at(9.5, 9.5)]);
    await page.keyboard.up('Control');
    await becomes(() => count(entry, 1), 25 - 3 * 3, 'scissors cut');
    await page.keyboard.press('.');
    await page.keyboard.press('g');
    const corner = await at(4, 4);
    await page.mouse.click(corner.x, corner.y);
    await becomes(() => [count(entry, 1), count(entry, 2)], [0, 16], 'flood fill relabels');
    await page.keyboard.press('r');
    await page.getByRole('checkbox', { name: 'In 3D' }).check();
    const middle = await at(24, 24);
    await page.mouse.click(middle.x, middle.y);
    const inside = [...entry.scan.data].filter((v) => v === 300).length;
    await becomes(() => count(entry, 2), 16 + inside, 'region growing takes the ball');
    await page.keyboard.press('Control+z');
    await becomes(() => count(entry, 2), 16);
    await page.keyboard.press('t');
    for (let n = 0; n < 4; n++) await page.keyboard.press(']');
    await page.mouse.click(middle.x, middle.y);
    await until(() => count(entry, 2) > 16 + 200, 'threshold brush fills the ball');
    const slice = [...(entry.mask?.data.subarray(12 * 2304, 13 * 2304) ?? [])];
    const outside = slice.filter((v, p) => v === 2 && entry.scan.data[12 * 2304 + p] !== 300).length;
    assert.equal(outside, 16, 'threshold brush stays inside the ball');
  });
});

test('a locked label is not painted over, and its lock is kept in the project', { skip }, async () => {
  const entry = ball();
  entry.mask = emptyLike(entry.scan);
  entry.mask.data.fill(2);
  await onPage([entry], 'scan=1', async (page, harness) => {
    await page.getByRole('button', { name: 'Lock lesion' }).click();
    await page.keyboard.press('b');
    const { x, y } = await placeOf(page, entry, 'axial', [24, 24, 12]);
    await page.mouse.click(x, y);
    await frames(page);
    assert.equal(await page.locator('[data-save]').innerText(), 'all changes saved', 'nothing is on its way');
    assert.equal(count(entry, 1), 0);
    await becomes(() => harness.labels[1].locked, true);
    await page.getByRole('button', { name: 'Unlock lesion' }).click();
    await page.mouse.click(x, y);
    await until(() => count(entry, 1) > 50, 'the stroke on the disk');
  });
});

test('right drag changes the window, Shift + click moves the crosshair, Esc gives a stroke up', { skip }, async () => {
  const entry = ball();
  await onPage([entry], 'scan=1', async (page) => {
    const [a, b] = [
      await placeOf(page, entry, 'axial', [10, 10, 12]),
      await placeOf(page, entry, 'axial', [20, 30, 12]),
    ];
    const corner = pane(page, 'axial').locator('.upper-right');
    const before = await corner.innerText();
    await drag(page, [a, b], 'right');
    assert.notEqual(await corner.innerText(), before);
    await page.keyboard.press('1');
    assert.equal(await corner.innerText(), before);
    await page.keyboard.press('b');
    await page.keyboard.down('Shift');
    await page.mouse.click(a.x, a.y);
    await page.keyboard.up('Shift');
    assert.match(await pane(page, 'sagittal').locator('[data-slice]').innerText(), /^11\//);
    await page.mouse.move(a.x, a.y);
    await page.mouse.down();
    await page.mouse.move(b.x, b.y, { steps: 5 });
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await frames(page);
    assert.equal(await page.locator('[data-save]').innerText(), 'all changes saved');
    assert.equal(count(entry, 1), 0);
  });
});
