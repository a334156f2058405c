/** Opening, scrolling, painting and going from case to case, on cases made in memory. */
import type { Browser, Page } from 'playwright-core';
import type { Grid } from '../../src/core/volume.ts';
import { allDrawn } from '../../test/viewer/harness/browser.ts';
import { startHarness } from '../../test/viewer/harness/server.ts';
import { LABELS, makeCase } from './cases.ts';
import { frames, openInPage, percentile, processorTime, repeated } from './page.ts';

const NAMES = ['one', 'two', 'three'];
/** How much is done. */
export interface Counts {
  /** Voxels along each side of a case. */
  readonly side: number;
  readonly repeats: number;
  /** Of the brush. */
  readonly moves: number;
  /** Notches. */
  readonly wheels: number;
}
export const FULL: Counts = { side: 256, repeats: 3, moves: 200, wheels: 60 };
/** Where a frame takes a second: enough to see that all of it works, too little for percentiles. */
export const FEW: Counts = { side: 128, repeats: 1, moves: 20, wheels: 8 };
/** What loads ahead is done by then, ms. */
const SETTLED = 1500;

type Figures = Record<string, number>;

export async function start(browser: Browser, size: Grid['size'], predicted: boolean, rendering: string) {
  // The same voxels under three names: only masks are ever changed.
  const made = makeCase('', size, predicted);
  const server = await startHarness(
    NAMES.map((name) => ({ ...made, name })),
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
export async function openings(page: Page, name: string, along: boolean, repeats: number, from = 0): Promise<Figures> {
  const [first, complete, busy]: number[][] = [[], [], []];
  let at = from;
  for (let n = 0; n < repeats; n++) {
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

async function scrolling(page: Page, wheels: number): Promise<Figures> {
  await page.locator('[data-plane=axial]').hover();
  let times: number[] = [];
  const busy = await processorTime(page, async () => {
    times = await frames(page, async () => {
      for (let n = 0; n < wheels; n++) await page.mouse.wheel(0, n % 30 < 15 ? 100 : -100);
    });
  });
  return {
    scrollMedianMs: percentile(times, 50),
    scrollP95Ms: percentile(times, 95),
    scrollProcessorMs: busy / wheels,
  };
}

async function painting(page: Page, moves: number): Promise<Figures> {
  await page.keyboard.press('b');
  const box = await page.locator('[data-plane=axial]').boundingBox();
  if (!box) throw new Error('the axial plane is not on the screen');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  let times: number[] = [];
  const busy = await processorTime(page, async () => {
    times = await frames(page, async () => {
      for (let n = 0; n < moves; n++) await page.mouse.move(x + 90 * Math.cos(n / 8), y + 90 * Math.sin(n / 8));
    });
  });
  await page.mouse.up();
  await page.waitForSelector('[data-save=saved]');
  return {
    brushMedianMs: percentile(times, 50),
    brushP95Ms: percentile(times, 95),
    brushProcessorMs: busy / moves,
  };
}

/** Three cases of `side`^3 with mask, prediction and uncertainty. */
export async function benchPlanes(browser: Browser, counts: Counts, rendering: string): Promise<Figures> {
  const { side, repeats, moves, wheels } = counts;
  const { page, end } = await start(browser, [side, side, side], true, rendering);
  const figures = {
    ...(await openings(page, 'caseToCase', true, repeats)),
    ...(await openings(page, 'open', false, repeats, repeats % NAMES.length)),
    ...(await scrolling(page, wheels)),
    ...(await painting(page, moves)),
  };
  await end();
  return figures;
}

/** A CT of 512 x 512 x 174 as it is opened for drawing: first slice, all three planes. */
export async function benchLargeCt(browser: Browser, rendering: string): Promise<Figures> {
  const { page, end } = await start(browser, [512, 512, 174], false, rendering);
  const figures = await openings(page, 'ct', false, FULL.repeats);
  await end();
  return figures;
}
