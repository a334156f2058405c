/** Click to mask in Chromium: points by mouse and keyboard, preview, refining, taking, undoing, before a model and after. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { LabelMap } from '../../src/core/volume.ts';
import { becomes } from '../waits.ts';
import { ballScan, emptyLike } from './geometries.ts';
import { launch, NO_CHROMIUM, openCase } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { type Harness, type HarnessCase, startHarness } from './harness/server.ts';

const skip = NO_CHROMIUM;
const LABELS = [{ value: 1, name: 'kidney', colour: '#e69f00', locked: false }];
const SIZE = [48, 48, 24] as const;
const MIDDLE = [24, 24, 12] as const;

let browser: Browser;
before(async () => {
  if (skip) return;
  buildHarness();
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

async function onPage(entry: HarnessCase, act: (page: Page, harness: Harness) => Promise<void>, query = 'scan=1') {
  const harness = await startHarness([entry], LABELS);
  const errors: string[] = [];
  const page = await openCase(browser, harness.origin, query, errors);
  try {
    await act(page, harness);
    assert.deepEqual(errors, []);
  } finally {
    await page.close();
    await harness.close();
  }
}

const ball = (): HarnessCase => ({ name: 'ball', modality: 'CT', scan: ballScan(SIZE, 9), mask: null });
/** The bright voxels of the scan: what a click into the ball should take. */
function truthOf({ scan }: HarnessCase): Uint8Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of scan.data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return Uint8Array.from(scan.data, (value) => (value > (low + high) / 2 ? 1 : 0));
}
function dice(a: Uint8Array, b: Uint8Array): number {
  let [both, sum] = [0, 0];
  for (let v = 0; v < a.length; v++) [both, sum] = [both + (a[v] & b[v]), sum + a[v] + b[v]];
  return (200 * both) / sum;
}
const count = (entry: HarnessCase) => entry.mask?.data.reduce((n, v) => n + v, 0) ?? 0;
const shown = (page: Page) => page.waitForSelector('[data-preview=shown]');
const gone = (page: Page) => page.waitForSelector('[data-preview]', { state: 'detached' });
const saved = (page: Page) => page.waitForSelector('[data-save=saved]:not(:text("all changes"))');

test('a click shows a mask, nothing of it is kept before Enter, and one undo takes it back', { skip }, async () => {
  const entry = ball();
  await onPage(entry, async (page) => {
    await page.keyboard.press('k');
    const box = await page.locator('[data-plane=axial]').boundingBox();
    assert.ok(box);
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await shown(page);
    assert.equal(count(entry), 0, 'a preview is not saved');
    await page.keyboard.press('Enter');
    await gone(page);
    await saved(page);
    assert.ok(entry.mask && dice(entry.mask.data, truthOf(entry)) > 95);
    await page.keyboard.press('Control+z');
    await becomes(() => count(entry), 0, 'one undo');
  });
});

test('by keyboard alone: the crosshair walks, J says this, Shift+J not this, Ctrl+Z takes a point back, Esc gives up', {
  skip,
}, async () => {
  const entry = ball();
  await onPage(entry, async (page) => {
    await page.keyboard.press('j');
    await shown(page);
    const marks = () => page.locator('[data-seeds]').getAttribute('data-seeds');
    assert.equal(await marks(), '1');
    for (let n = 0; n < 4; n++) await page.keyboard.press('Alt+ArrowRight');
    await page.keyboard.press('Shift+J');
    await page.waitForSelector('[data-preview=shown][data-seeds="2"]');
    await page.keyboard.press('Control+z');
    await page.waitForSelector('[data-preview=shown][data-seeds="1"]');
    await page.keyboard.press('Escape');
    await gone(page);
    assert.equal(count(entry), 0);
    await page.keyboard.press('j');
    await shown(page);
    await page.keyboard.press('Enter');
    await saved(page);
    assert.ok(entry.mask && dice(entry.mask.data, truthOf(entry)) > 95);
  });
});

test('what was drawn by hand stays as it is, and the brush takes the preview first', { skip }, async () => {
  const entry = ball();
  const drawn: LabelMap = emptyLike(entry.scan);
  const corner = 2 + SIZE[0] * (2 + SIZE[1] * MIDDLE[2]);
  drawn.data[corner] = 1;
  await onPage({ ...entry, mask: drawn }, async (page) => {
    await page.keyboard.press('j');
    await shown(page);
    await page.keyboard.press('b');
    await gone(page);
    await saved(page);
    assert.equal(drawn.data[corner], 1);
  });
});

test('after a model, one "not this" removes a false part of the prediction', { skip }, async () => {
  const entry = ball();
  const prediction: LabelMap = { ...emptyLike(entry.scan), data: truthOf(entry) };
  const truth = prediction.data.slice();
  // A false part in a corner: 5 x 5 x 5 voxels.
  for (let k = 10; k < 15; k++)
    for (let j = 2; j < 7; j++) for (let i = 2; i < 7; i++) prediction.data[i + SIZE[0] * (j + SIZE[1] * k)] = 1;
  const reviewed: HarnessCase = { ...entry, prediction };
  await onPage(
    reviewed,
    async (page) => {
      for (let n = 0; n < 20; n++) await page.keyboard.press('Alt+ArrowLeft');
      for (let n = 0; n < 20; n++) await page.keyboard.press('Alt+ArrowUp');
      await page.keyboard.press('Shift+J');
      await shown(page);
      await page.keyboard.press('Enter');
      await saved(page);
      assert.ok(reviewed.mask);
      assert.deepEqual(reviewed.mask.data, truth);
    },
    'scan=1&mode=review',
  );
});

test('a point that is set while a stroke is drawn waits for its end, and takes nothing of it', { skip }, async () => {
  const entry = ball();
  const drawn: LabelMap = emptyLike(entry.scan);
  const painted = () => drawn.data.reduce((sum, value) => sum + value, 0);
  await onPage({ ...entry, mask: drawn }, async (page) => {
    const box = (await page.locator('[data-plane=axial]').boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height * 0.2];
    await page.keyboard.press('b');
    await page.mouse.move(x - 30, y);
    await page.mouse.down();
    await page.mouse.move(x, y, { steps: 4 });
    await page.keyboard.press('j');
    await page.waitForTimeout(500);
    await page.mouse.move(x + 30, y, { steps: 4 });
    await page.mouse.up();
    await saved(page);
    assert.ok(painted() > 0, 'the stroke is kept');
    assert.equal(drawn.data[MIDDLE[0] + SIZE[0] * (MIDDLE[1] + SIZE[1] * MIDDLE[2])], 0, 'and nothing but it');
    const stroke = drawn.data.slice();
    await shown(page);
    await page.keyboard.press('Escape');
    await gone(page);
    await saved(page);
    assert.deepEqual(drawn.data, stroke, 'what is given up is the preview alone');
  });
});
