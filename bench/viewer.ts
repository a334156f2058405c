/**
 * Speed of the viewer on a 256^3 volume, in Chromium without a graphics card: `npm run bench -- viewer [--json]`.
 * Once with Cornerstone3D drawing on the processor (`cpu`, what such a computer gets), once with its WebGL path on a
 * WebGL that the processor emulates (`software-gl`). `--only cpu` leaves the other out, `--no-memory` the long part.
 * The page and its server run on this machine; times are those that the page itself sees.
 */
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import type { LabelMap, Volume } from '../src/core/volume.ts';
import type { LabelInfo } from '../src/shared/contract/index.ts';
import { allDrawn, CHROMIUM, launch, SOFTWARE_GL } from '../test/viewer/harness/browser.ts';
import { buildHarness, type HarnessCase, startHarness } from '../test/viewer/harness/server.ts';

const SIDE = 256;
const MOVES = 200;
const CASES = 30;
const STROKES = 500;

/** A textured ball of 3 labels; entropy at its edge. */
function makeCase(name: string, side: number): HarnessCase {
  const grid = {
    size: [side, side, side],
    spacing: [1, 1, 1],
    origin: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  } as const;
  const scan: Volume<Int16Array> = { ...grid, data: new Int16Array(side ** 3) };
  const prediction: LabelMap = { ...grid, data: new Uint8Array(side ** 3) };
  const entropy: Volume<Float32Array> = { ...grid, data: new Float32Array(side ** 3) };
  const middle = side / 2;
  for (let k = 0, v = 0; k < side; k++) {
    for (let j = 0; j < side; j++) {
      for (let i = 0; i < side; i++, v++) {
        const distance = Math.hypot(i - middle, j - middle, k - middle);
        scan.data[v] = distance < side * 0.42 ? 40 + ((v * 2654435761) % 97) - 48 : -1000;
        if (distance < side * 0.2) prediction.data[v] = 1 + (i > middle ? 1 : 0);
        if (Math.abs(distance - side * 0.2) < 2) entropy.data[v] = 0.5;
      }
    }
  }
  return { name, modality: 'CT', scan, mask: null, prediction, entropy, flagged: [middle, middle + 9] };
}

const percentile = (values: number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor((q / 100) * values.length))];

/** Milliseconds from each input event to the end of the frame that shows it. */
async function frames(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    const store = globalThis as unknown as { frameTimes: number[]; stopFrames(): void };
    store.frameTimes = times;
    const listen = (event: Event) => {
      const start = event.timeStamp;
      // A frame's callbacks run first, the message arrives once they and the painting commands are done.
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => times.push(performance.now() - start);
        channel.port2.postMessage(null);
      });
    };
    addEventListener('pointermove', listen, true);
    addEventListener('wheel', listen, { capture: true, passive: true });
    store.stopFrames = () => {
      removeEventListener('pointermove', listen, true);
      removeEventListener('wheel', listen, true);
    };
  });
  await act();
  await page.waitForTimeout(200);
  return page.evaluate(() => {
    const store = globalThis as unknown as { frameTimes: number[]; stopFrames(): void };
    store.stopFrames();
    return store.frameTimes;
  });
}

interface Opening {
  /** Until the scan stands in the first of the planes, ms. */
  first: number;
  /** Until scan and mask stand in all three. */
  complete: number;
}

/** From asking for a case to its pictures on the screen. */
const openInPage = (page: Page, scan: number, name: string): Promise<Opening> =>
  page.evaluate(
    ([id, wanted]) =>
      new Promise<Opening>((resolve) => {
        const start = performance.now();
        let first = 0;
        (globalThis as unknown as { openScan(id: number): void }).openScan(id as number);
        const look = () => {
          const named = document.querySelector('aside b')?.textContent === wanted;
          const planes = [...document.querySelectorAll('[data-phase=ready] [data-drawn]')] as HTMLElement[];
          const drawn = named ? planes.map((plane) => plane.dataset.drawn) : [];
          if (!first && drawn.some((what) => what === 'scan' || what === 'all')) first = performance.now() - start;
          if (drawn.length && drawn.every((what) => what === 'all')) {
            resolve({ first, complete: performance.now() - start });
          } else requestAnimationFrame(look);
        };
        look();
      }),
    [scan, name] as const,
  );

/** Bytes of JavaScript objects and array buffers after a collection. */
async function memory(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  for (let n = 0; n < 3; n++) await session.send('HeapProfiler.collectGarbage');
  const usage = (await session.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number };
  await session.detach();
  return usage.usedSize + (usage.backingStorageSize ?? 0);
}

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

/** Memory after some case switches, and after many more with strokes in each. */
async function benchMemory(browser: Browser, labels: LabelInfo[], rendering: string): Promise<Record<string, number>> {
  const small = await startHarness([makeCase('one', 96), makeCase('two', 96), makeCase('three', 96)], labels);
  const worker = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await worker.goto(`${small.origin}/?scan=1&rendering=${rendering}`);
  await allDrawn(worker);
  const names = ['one', 'two', 'three'];
  const switchCases = async (count: number) => {
    for (let n = 0; n < count; n++) {
      await openInPage(worker, 1 + ((n + 1) % 3), names[(n + 1) % 3]);
      await worker.keyboard.press('b');
      for (let s = 0; s < STROKES / CASES; s++) await stroke(worker, n * 17 + s);
      await worker.waitForSelector('[data-save=saved]');
    }
  };
  await switchCases(3);
  const memoryStartMb = (await memory(worker)) / 1e6;
  await switchCases(CASES);
  const memoryEndMb = (await memory(worker)) / 1e6;
  await small.close();
  return { memoryStartMb, memoryEndMb };
}

/** Milliseconds of processor time that the page's main thread took: what a busy machine does not change. */
async function processorTime(page: Page, act: () => Promise<void>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find((m) => m.name === 'ThreadTime')?.value ?? Number.NaN) * 1000;
  };
  const start = await read();
  await act();
  const spent = (await read()) - start;
  await session.detach();
  return spent;
}

/** The three planes and the brush on cases of 256^3. */
async function benchPlanes(browser: Browser, labels: LabelInfo[], rendering: string): Promise<Record<string, number>> {
  const big = await startHarness([makeCase('one', SIDE), makeCase('two', SIDE), makeCase('three', SIDE)], labels);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${big.origin}/?scan=1&mode=review&rendering=${rendering}`);
  await allDrawn(page);
  await page.waitForTimeout(3000);
  const result: Record<string, number> = {};
  const next = await openInPage(page, 2, 'two');
  result.caseToCaseFirstMs = next.first;
  result.caseToCaseCompleteMs = next.complete;
  await page.waitForTimeout(3000);
  const opening = await openInPage(page, 1, 'one');
  result.openFirstPictureMs = opening.first;
  result.openCompleteMs = opening.complete;
  await page.waitForTimeout(3000);
  await page.locator('[data-plane=axial]').hover();
  let scroll: number[] = [];
  const scrolling = await processorTime(page, async () => {
    scroll = await frames(page, async () => {
      for (let n = 0; n < 60; n++) await page.mouse.wheel(0, n % 30 < 15 ? 100 : -100);
    });
  });
  result.scrollProcessorMs = scrolling / 60;
  result.scrollMedianMs = percentile(scroll, 50);
  result.scrollP95Ms = percentile(scroll, 95);
  await page.keyboard.press('b');
  const box = await page.locator('[data-plane=axial]').boundingBox();
  if (!box) throw new Error('the axial plane is not on the screen');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  let brush: number[] = [];
  const painting = await processorTime(page, async () => {
    brush = await frames(page, async () => {
      for (let n = 0; n < MOVES; n++) await page.mouse.move(x + 90 * Math.cos(n / 8), y + 90 * Math.sin(n / 8));
    });
  });
  await page.mouse.up();
  result.brushProcessorMs = painting / MOVES;
  result.brushMedianMs = percentile(brush, 50);
  result.brushP95Ms = percentile(brush, 95);
  await page.close();
  await big.close();
  return result;
}

const WAYS = [
  { name: 'cpu', rendering: 'cpu', graphics: ['--disable-gpu'] },
  { name: 'software-gl', rendering: 'gpu', graphics: SOFTWARE_GL },
] as const;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, 'no-memory': { type: 'boolean' }, only: { type: 'string' } },
  });
  if (!CHROMIUM) throw new Error('This bench needs Chromium (CHROMIUM=/path/to/chromium).');
  await buildHarness();
  const labels = [1, 2, 3].map((value) => ({
    value,
    name: `label ${value}`,
    colour: ['#e69f00', '#56b4e9', '#cc79a7'][value - 1],
    locked: false,
  }));
  const results: Record<string, Record<string, number>> = {};
  for (const { name, rendering, graphics } of WAYS) {
    if (values.only && values.only !== name) continue;
    const browser = await launch(graphics);
    const result = await benchPlanes(browser, labels, rendering);
    // Memory is a matter of what is kept, not of how it is drawn: the quick way tells it.
    if (!values['no-memory'] && rendering === 'cpu')
      Object.assign(result, await benchMemory(browser, labels, rendering));
    await browser.close();
    for (const key of Object.keys(result)) result[key] = Math.round(result[key] * 10) / 10;
    results[name] = result;
  }
  if (values.json) {
    console.log(JSON.stringify(results));
    return;
  }
  console.log(`Viewer, ${SIDE}^3 int16 with mask, prediction and uncertainty, 1280 x 800, no graphics card`);
  for (const [name, result] of Object.entries(results)) {
    console.log(name === 'cpu' ? 'Cornerstone3D on the processor' : 'Cornerstone3D on software GL');
    for (const [key, value] of Object.entries(result)) console.log(`  ${key.padEnd(22)} ${value}`);
  }
  if (results.cpu?.memoryEndMb)
    console.log(`Memory: 96^3 cases, after 3 and after ${CASES} more case switches with ${STROKES} strokes in all.`);
}
