/** Opening, scrolling, painting and going from case to case, on cases made in memory. */
import type { Browser, Page } from 'playwright-core';
import type { Grid } from '../../src/core/volume.ts';
import { allDrawn } from '../../test/viewer/harness/browser.ts';
import { startHarness } from '../../test/viewer/harness/server.ts';
import { LABELS, makeCase } from './cases.ts';
import { frames, openInPage, percentile, processorTime, repeated } from './page.ts';

const NAMES = ['one', 'two', 'three'];
const REPEATS = 3;
const MOVES = 200;
const WHEELS = 60;
/** What loads ahead is done by then, ms. */
const SETTLED = 1500;

type Figures = Record<string, number>;

async function start(browser: Browser, size: Grid['size'], predicted: boolean, rendering: string) {
  const server = await startHarness(
    NAMES.map((name) => makeCase(name, size, predicted)),
    LABELS,
  );
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(120_000);
  await page.goto(`${server.origin}/?scan=1&mode=${predicted ? 'review' : 'annotate'}&rendering=${rendering}`);
  await allDrawn(page);
  await page.waitForTimeout(SETTLED);
  const end = async () => {
    await page.close();
    await server.close();
  };
  return { page, end };
}

/** Opens cases that were not fetched ahead, and those that were. `along`: each case's next is fetched ahead. */
async function openings(page: Page, name: string, along: boolean, from = 0): Promise<Figures> {
  const [first, complete, busy]: number[][] = [[], [], []];
  let at = from;
  for (let n = 0; n < REPEATS; n++) {
    at = (at + (along ? 1 : NAMES.length - 1)) % NAMES.length;
    const spent = await processorTime(page, async () => {
      const opening = await openInPage(page, at + 1, NAMES[at]);
      first.push(opening.first);
      complete.push(opening.complete);
    });
    busy.push(spent);
    await page.waitForTimeout(SETTLED);
  }
  return {
    ...repeated(`${name}First`, first),
    ...repeated(`${name}Complete`, complete),
    [`${name}ProcessorMs`]: percentile(busy, 50),
  };
}

async function scrolling(page: Page): Promise<Figures> {
  await page.locator('[data-plane=axial]').hover();
  let times: number[] = [];
  const busy = await processorTime(page, async () => {
    times = await frames(page, async () => {
      for (let n = 0; n < WHEELS; n++) await page.mouse.wheel(0, n % 30 < 15 ? 100 : -100);
    });
  });
  return {
    scrollMedianMs: percentile(times, 50),
    scrollP95Ms: percentile(times, 95),
    scrollProcessorMs: busy / WHEELS,
  };
}

async function painting(page: Page): Promise<Figures> {
  await page.keyboard.press('b');
  const box = await page.locator('[data-plane=axial]').boundingBox();
  if (!box) throw new Error('the axial plane is not on the screen');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  let times: number[] = [];
  const busy = await processorTime(page, async () => {
    times = await frames(page, async () => {
      for (let n = 0; n < MOVES; n++) await page.mouse.move(x + 90 * Math.cos(n / 8), y + 90 * Math.sin(n / 8));
    });
  });
  await page.mouse.up();
  await page.waitForSelector('[data-save=saved]');
  return {
    brushMedianMs: percentile(times, 50),
    brushP95Ms: percentile(times, 95),
    brushProcessorMs: busy / MOVES,
  };
}

/** Three cases of `side`^3 with mask, prediction and uncertainty. */
export async function benchPlanes(browser: Browser, side: number, rendering: string): Promise<Figures> {
  const { page, end } = await start(browser, [side, side, side], true, rendering);
  const figures = {
    ...(await openings(page, 'caseToCase', true)),
    ...(await openings(page, 'open', false, REPEATS % NAMES.length)),
    ...(await scrolling(page)),
    ...(await painting(page)),
  };
  await end();
  return figures;
}

/** A CT of 512 x 512 x 174 as it is opened for drawing: first slice, all three planes. */
export async function benchLargeCt(browser: Browser, rendering: string): Promise<Figures> {
  const { page, end } = await start(browser, [512, 512, 174], false, rendering);
  const figures = await openings(page, 'ct', false);
  await end();
  return figures;
}
