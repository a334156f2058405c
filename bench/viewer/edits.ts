/** Edits of a large CT: a ball of a brush, and what is worked out beside the window, with its progress and its end. */
import type { Browser, Page } from 'playwright-core';
import { frames, percentile, processorTime } from './page.ts';
import { FULL, openings, start } from './planes.ts';

type Figures = Record<string, number>;
/** Radius of the ball in the list of radii, 25 mm. */
const BALL = '13';
const MOVES = 60;

/** A ball of 25 mm along a circle. */
async function ball(page: Page): Promise<Figures> {
  await page.keyboard.press('b');
  await page.getByRole('button', { name: '3D ball' }).click();
  await page.getByLabel('Brush radius').fill(BALL);
  const box = await page.locator('[data-plane=axial]').boundingBox();
  if (!box) throw new Error('the axial plane is not on the screen');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x + 60, y);
  await page.mouse.down();
  let times: number[] = [];
  const busy = await processorTime(page, async () => {
    times = await frames(page, async () => {
      for (let n = 0; n < MOVES; n++) await page.mouse.move(x + 60 * Math.cos(n / 10), y + 60 * Math.sin(n / 10));
    });
  });
  await page.mouse.up();
  await page.waitForSelector('[data-save=saved]');
  return {
    ballMedianMs: percentile(times, 50),
    ballP95Ms: percentile(times, 95),
    ballProcessorMs: busy / MOVES,
  };
}

/** Milliseconds until an operation is done, and the longest time that the window stood still meanwhile. */
async function operation(page: Page, name: string, act: () => Promise<void>): Promise<Figures> {
  await page.evaluate(() => {
    const store = globalThis as unknown as { longest: number; watching: boolean };
    [store.longest, store.watching] = [0, true];
    let last = performance.now();
    const look = () => {
      const now = performance.now();
      store.longest = Math.max(store.longest, now - last);
      last = now;
      if (store.watching) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const from = performance.now();
  await act();
  await page
    .locator('.work-banner')
    .waitFor({ state: 'attached', timeout: 5000 })
    .catch(() => {});
  await page.locator('.work-banner').waitFor({ state: 'detached' });
  const took = performance.now() - from;
  const longest = await page.evaluate(() => {
    const store = globalThis as unknown as { longest: number; watching: boolean };
    store.watching = false;
    return store.longest;
  });
  await page.waitForSelector('[data-save=saved]');
  return { [`${name}Ms`]: took, [`${name}LongestFrameMs`]: longest };
}

const press = (page: Page, name: string) => () => page.getByRole('button', { name, exact: true }).click();

/** A CT of 512 x 512 x 300: opened, painted on, and every operation that takes long. */
export async function benchEdits(browser: Browser, rendering: string): Promise<Figures> {
  const { page, end } = await start(browser, [512, 512, 300], false, rendering);
  page.setDefaultTimeout(300_000);
  const figures: Figures = { ...(await openings(page, 'ct', false, FULL.repeats)), ...(await ball(page)) };
  const plane = page.locator('[data-plane=axial]');
  await plane.hover();
  for (let n = 0; n < 60; n++) await page.mouse.wheel(0, 100);
  await ball(page);
  Object.assign(figures, await operation(page, 'interpolate', press(page, 'Interpolate')));
  Object.assign(figures, await operation(page, 'smooth', press(page, 'Smooth 3D')));
  Object.assign(figures, await operation(page, 'fillHoles', press(page, 'Fill holes')));
  Object.assign(figures, await operation(page, 'grow', press(page, 'Grow')));
  await page.locator('[data-tool=grow]').click();
  await page.getByLabel('In 3D').check();
  const region = async () => {
    const box = await plane.boundingBox();
    if (box) await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  };
  Object.assign(figures, await operation(page, 'region', region));
  // Given up at once, whatever is being worked out.
  await press(page, 'Smooth 3D')();
  await page.locator('.work-banner').waitFor();
  const from = performance.now();
  await page.keyboard.press('Escape');
  await page.locator('.work-banner').waitFor({ state: 'detached' });
  figures.cancelMs = performance.now() - from;
  await end();
  return figures;
}
