/** Memory of the page after some case switches, and after many more with strokes in each. */
import type { Browser, Page } from 'playwright-core';
import { allDrawn } from '../../test/viewer/harness/browser.ts';
import { startHarness } from '../../test/viewer/harness/server.ts';
import { LABELS, makeCase } from './cases.ts';
import { memory, openInPage } from './page.ts';

export const CASES = 30;
export const STROKES = 500;
const SIDE = 96;

async function stroke(page: Page, n: number): Promise<void> {
  const box = await page.locator('[data-plane=axial]').boundingBox();
  if (!box) throw new Error('the axial plane is not on the screen');
  const [x, y] = [
    box.x + box.width * (0.3 + 0.4 * ((n * 0.37) % 1)),
    box.y + box.height * (0.3 + 0.4 * ((n * 0.61) % 1)),
  ];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 20, y + 12, { steps: 2 });
  await page.mouse.up();
}

export async function benchMemory(browser: Browser, rendering: string): Promise<Record<string, number>> {
  const names = ['one', 'two', 'three'];
  const server = await startHarness(
    names.map((name) => makeCase(name, [SIDE, SIDE, SIDE])),
    LABELS,
  );
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${server.origin}/?scan=1&rendering=${rendering}`);
  await allDrawn(page);
  const perCase = Math.ceil(STROKES / CASES);
  const switchCases = async (count: number) => {
    for (let n = 0; n < count; n++) {
      await openInPage(page, 1 + ((n + 1) % 3), names[(n + 1) % 3]);
      await page.keyboard.press('b');
      for (let s = 0; s < perCase; s++) await stroke(page, n * perCase + s);
      await page.waitForSelector('[data-save=saved]');
    }
  };
  // The first of each case fills caches that stay.
  await switchCases(names.length);
  const memoryStartMb = (await memory(page)) / 1e6;
  await switchCases(CASES);
  const memoryEndMb = (await memory(page)) / 1e6;
  await page.close();
  await server.close();
  return { memoryStartMb, memoryEndMb };
}
