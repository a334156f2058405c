/** Window and level by number, from a region and inverted; the picture moved and zoomed without a middle button. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';
import type { LabelInfo } from '../../src/shared/contract/index.ts';
import { rests, until } from '../waits.ts';
import { frames, launch, NO_CHROMIUM, openCase } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { type Harness, type HarnessCase, startHarness } from './harness/server.ts';

const skip = NO_CHROMIUM;
const LABELS: LabelInfo[] = [{ value: 1, name: 'kidney', colour: '#e69f00', locked: false }];
const SIZE = [40, 40, 8] as const;

/** Rows of one value each: row j holds 10 j. */
function rows(): Volume {
  const data = Int16Array.from({ length: 40 * 40 * 8 }, (_, v) => 10 * (Math.floor(v / 40) % 40));
  const direction = [1, 0, 0, 0, 1, 0, 0, 0, 1] as const;
  return { size: SIZE, spacing: spacingMm(1, 1, 3), direction, origin: lpsPoint(0, 0, 0), data };
}

let browser: Browser;
before(async () => {
  if (skip) return;
  buildHarness();
  browser = await launch();
});
after(async () => browser?.close());

async function onPage(act: (page: Page, entry: HarnessCase, harness: Harness) => Promise<void>, touch = false) {
  const entry: HarnessCase = { name: 'rows', modality: 'CT', scan: rows(), mask: null };
  const harness = await startHarness([entry], LABELS);
  const errors: string[] = [];
  const context = await browser.newContext({ hasTouch: touch, viewport: { width: 1280, height: 800 } });
  const page = await openCase(context as unknown as Browser, harness.origin, 'scan=1', errors);
  try {
    await act(page, entry, harness);
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
    await harness.close();
  }
}

const axial = (page: Page) => page.locator('[data-plane=axial]');
const width = (page: Page) => page.getByRole('spinbutton', { name: 'Window width' });
const level = (page: Page) => page.getByRole('spinbutton', { name: 'Window level' });
/** The brightness of a place in the axial pane, parts of its width and height, comes to lie within these. */
const settled = (page: Page, x: number, y: number, least: number, most: number) =>
  page.waitForFunction(
    ([px, py, low, high]) => {
      const canvas = document.querySelector('[data-plane=axial] .image > canvas') as HTMLCanvasElement;
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      const [value] = context.getImageData(Math.floor(canvas.width * px), Math.floor(canvas.height * py), 1, 1).data;
      return value >= low && value <= high;
    },
    [x, y, least, most] as const,
  );
/** Where the middle row of the picture stands, CSS pixels of the page, and pixels a row. */
async function rowsOnScreen(page: Page): Promise<{ top: number; perRow: number; left: number; right: number }> {
  const box = (await axial(page).boundingBox())!;
  const found = await axial(page).evaluate((element) => {
    const canvas = element.querySelector('.image > canvas') as HTMLCanvasElement;
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let [x0, y0, x1, y1] = [canvas.width, canvas.height, -1, -1];
    for (let p = 0; p < canvas.width * canvas.height; p++) {
      if (data[4 * p] === 0) continue;
      const [x, y] = [p % canvas.width, Math.floor(p / canvas.width)];
      [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
    }
    return { x0, y0, x1: x1 + 1, y1: y1 + 1 };
  });
  return { top: box.y + found.y0, perRow: (found.y1 - found.y0) / 40, left: box.x + found.x0, right: box.x + found.x1 };
}
/** The rows come to stand so. */
const stand = (page: Page, where: string, so: (rows: Awaited<ReturnType<typeof rowsOnScreen>>) => boolean) =>
  until(
    async () => so(await rowsOnScreen(page)),
    async () => `${where}, not ${JSON.stringify(await rowsOnScreen(page))}`,
  );
/** Everything is bright enough to be told from the black around it. */
async function brightWindow(page: Page): Promise<void> {
  await width(page).fill('1000');
  await width(page).press('Enter');
  await level(page).fill('100');
  await level(page).press('Enter');
  await page.getByText('W 1000').first().waitFor();
  await rests(() => rowsOnScreen(page));
}

test('window and level are typed, and refuse what is no number', { skip }, async () => {
  await onPage(async (page) => {
    await width(page).fill('200');
    await width(page).press('Enter');
    await level(page).fill('300.5');
    await level(page).press('Enter');
    await page.getByText('W 200').first().waitFor();
    // Rows from 200.5 down are black, from 400.5 on white; 390 is the last row.
    await settled(page, 0.5, 0.3, 0, 0);
    await settled(page, 0.5, 0.9, 201, 255);
    await width(page).fill('-5');
    await width(page).press('Enter');
    assert.equal(await width(page).inputValue(), '200');
    await page.keyboard.press('2');
    assert.equal(await width(page).inputValue(), '1500', 'a preset fills the fields');
  });
});

test('the image is inverted by a key and back', { skip }, async () => {
  await onPage(async (page) => {
    await width(page).fill('390');
    await width(page).press('Enter');
    await level(page).fill('195');
    await level(page).press('Enter');
    await settled(page, 0.5, 0.9, 181, 255);
    await page.keyboard.press('Shift+V');
    await settled(page, 0.5, 0.9, 0, 74);
    await settled(page, 0.5, 0.1, 181, 255);
    await axial(page).getByText('inverted').waitFor();
    await page.getByRole('button', { name: 'Invert' }).click();
    await settled(page, 0.5, 0.9, 181, 255);
  });
});

test('a dragged box sets the window to its 1st to 99th percentile, and the tool before comes back', {
  skip,
}, async () => {
  await onPage(async (page) => {
    await brightWindow(page);
    const { top, perRow, left, right } = await rowsOnScreen(page);
    await page.keyboard.press('b');
    await page.keyboard.press('Shift+A');
    const x = (left + right) / 2;
    // Rows 10 to 19 by 20 columns: centres lie between half a row below 9 and half a row below 19.
    await page.mouse.move(x - 10 * perRow, top + 10 * perRow);
    await page.mouse.down();
    await page.mouse.move(x, top + 15 * perRow, { steps: 3 });
    await page.mouse.move(x + 10 * perRow, top + 20 * perRow, { steps: 3 });
    await page.mouse.up();
    // Values 100 to 190 in equal numbers: both percentiles lie on the outermost rows.
    assert.equal(await width(page).inputValue(), '90');
    assert.equal(await level(page).inputValue(), '145');
    assert.equal(await page.locator('[data-tool=brush]').getAttribute('aria-pressed'), 'true');
    assert.equal(await page.getByText('No change yet').count(), 1, 'the mask is as it was');
  });
});

test('Space held and dragged moves the picture, Space tapped is the last tool', { skip }, async () => {
  await onPage(async (page, entry) => {
    await brightWindow(page);
    const before = await rowsOnScreen(page);
    await page.keyboard.press('b');
    const pressed = (tool: string) => page.locator(`[data-tool=${tool}]`).getAttribute('aria-pressed');
    await page.mouse.move(before.left + 60, before.top + 60);
    await page.keyboard.down('Space');
    await page.mouse.down();
    await page.mouse.move(before.left + 90, before.top + 80, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up('Space');
    await stand(page, `20 below and 30 right of ${JSON.stringify(before)}`, ({ top, left }) => {
      return Math.abs(top - before.top - 20) <= 1 && Math.abs(left - before.left - 30) <= 1;
    });
    assert.equal(await pressed('brush'), 'true', 'a drag is no tap');
    assert.equal(entry.mask, null, 'nothing was painted');
    await page.keyboard.press('Space');
    assert.equal(await pressed('navigate'), 'true');
    await page.keyboard.press('Space');
    assert.equal(await pressed('brush'), 'true');
  });
});

test('Ctrl and the wheel zoom about the pointer', { skip }, async () => {
  await onPage(async (page) => {
    await brightWindow(page);
    const before = await rowsOnScreen(page);
    const row = 12;
    const y = before.top + row * before.perRow;
    await page.mouse.move((before.left + before.right) / 2, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, 100);
    await page.keyboard.up('Control');
    await stand(page, `smaller than ${JSON.stringify(before)}, row ${row} still at ${y}`, ({ top, perRow }) => {
      return perRow < before.perRow * 0.95 && Math.abs(top + row * perRow - y) <= 1.5;
    });
  });
});

/** Fingers on the page; none ends. */
const touch = (session: CDPSession, type: 'touchStart' | 'touchMove' | 'touchEnd', fingers: [number, number][]) =>
  session.send('Input.dispatchTouchEvent', { type, touchPoints: fingers.map(([x, y], id) => ({ x, y, id })) });

test('two fingers move and zoom the picture, and paint nothing', { skip }, async () => {
  await onPage(async (page, entry) => {
    await brightWindow(page);
    await page.keyboard.press('b');
    const before = await rowsOnScreen(page);
    const [x, y] = [(before.left + before.right) / 2, before.top + 20 * before.perRow];
    const session = await page.context().newCDPSession(page);
    await touch(session, 'touchStart', [[x - 80, y]]);
    await touch(session, 'touchStart', [
      [x - 80, y],
      [x + 80, y],
    ]);
    // Half as far apart, then both to the right.
    await touch(session, 'touchMove', [
      [x - 40, y],
      [x + 40, y],
    ]);
    await touch(session, 'touchMove', [
      [x - 15, y],
      [x + 65, y],
    ]);
    await touch(session, 'touchEnd', []);
    await stand(page, `half as large as ${JSON.stringify(before)}, 25 right of ${x}`, ({ perRow, left, right }) => {
      return Math.abs(perRow / before.perRow - 0.5) < 0.03 && Math.abs((left + right) / 2 - x - 25) <= 2;
    });
    assert.equal(entry.mask, null, 'nothing was painted');
    assert.equal(await page.getByText('No change yet').count(), 1);
    await page.keyboard.press('g');
    await touch(session, 'touchStart', [[x + 20, y]]);
    await touch(session, 'touchStart', [
      [x + 20, y],
      [x + 60, y],
    ]);
    await touch(session, 'touchEnd', []);
    await frames(page);
    // On an empty slice a fill is refused, and says so.
    const refused = page.getByText('The area to fill must be closed');
    assert.equal(await refused.count(), 0, 'nor filled');
    await touch(session, 'touchStart', [[x + 20, y]]);
    await touch(session, 'touchEnd', []);
    await refused.waitFor();
  }, true);
});
