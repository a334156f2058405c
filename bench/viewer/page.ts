/** What a page can tell about its own speed and memory. */
import type { Page } from 'playwright-core';

export const percentile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor((q / 100) * values.length))];

/** Milliseconds from each input event to the end of the frame that shows it. */
export async function frames(page: Page, act: () => Promise<void>): Promise<number[]> {
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
    const kinds = ['pointermove', 'wheel', 'keydown', 'click', 'scroll'];
    for (const kind of kinds) addEventListener(kind, listen, { capture: true, passive: true });
    store.stopFrames = () => {
      for (const kind of kinds) removeEventListener(kind, listen, true);
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

/** Milliseconds of processor time that the page's main thread took: what a busy machine does not change. */
export async function processorTime(page: Page, act: () => Promise<void>): Promise<number> {
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

/** Bytes of JavaScript objects and array buffers after a collection. */
export async function memory(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  for (let n = 0; n < 3; n++) await session.send('HeapProfiler.collectGarbage');
  const usage = (await session.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number };
  await session.detach();
  return usage.usedSize + (usage.backingStorageSize ?? 0);
}

export interface Opening {
  /** Until the scan stands in the first of the planes, ms; the rest of a large scan may still be coming. */
  first: number;
  /** Until scan and mask stand in all three. */
  complete: number;
}

/** From asking for a case to its pictures on the screen. */
export const openInPage = (page: Page, scan: number, name: string): Promise<Opening> =>
  page.evaluate(
    ([id, wanted]) =>
      new Promise<Opening>((resolve, reject) => {
        const start = performance.now();
        let first = 0;
        (globalThis as unknown as { openScan(id: number): void }).openScan(id as number);
        const look = () => {
          const named = document.querySelector('aside h1')?.textContent === wanted;
          const planes = [
            ...document.querySelectorAll('[data-phase=arriving] [data-drawn], [data-phase=ready] [data-drawn]'),
          ] as HTMLElement[];
          const drawn = named ? planes.map((plane) => plane.dataset.drawn) : [];
          if (!first && drawn.some((what) => what === 'scan' || what === 'all')) first = performance.now() - start;
          if (drawn.length && drawn.every((what) => what === 'all')) {
            resolve({ first, complete: performance.now() - start });
          } else if (performance.now() - start > 120_000) {
            reject(
              new Error(`${wanted} must stand in all planes within 2 minutes, got ${named ? drawn : 'another case'}.`),
            );
          } else requestAnimationFrame(look);
        };
        look();
      }),
    [scan, name] as const,
  );

/** The middle of a repeated figure, and the best: other programs on the machine only ever make it slower. */
export const repeated = (name: string, values: readonly number[]): Record<string, number> => ({
  [`${name}Ms`]: percentile(values, 50),
  [`${name}BestMs`]: Math.min(...values),
});
