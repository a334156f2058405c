/** Debian's Chromium with the flags that work without a screen. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const CHROMIUM = PLACES.find((path) => path && existsSync(path));
export const NO_CHROMIUM = CHROMIUM ? false : 'Chromium is not installed';

/** WebGL by the processor, for what has to be seen of the graphics card's way without one. */
export const SOFTWARE_GL = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

export const launch = (graphics: readonly string[] = ['--disable-gpu']): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      ...graphics,
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--js-flags=--expose-gc',
      '--enable-precise-memory-info',
    ],
  });

/** Opens a case and waits until it is drawn; errors of the page fail the test. */
export async function openCase(browser: Browser, origin: string, query: string, errors: string[]): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.setDefaultTimeout(120_000);
  await page.goto(`${origin}/?${query}`);
  await allDrawn(page);
  return page;
}

/** Scan and mask of the open case are on the screen in every plane. */
export const allDrawn = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => {
    const planes = [...document.querySelectorAll('[data-phase=ready] [data-drawn]')];
    return planes.length > 0 && planes.every((plane) => (plane as HTMLElement).dataset.drawn === 'all');
  });

/** Whatever the page does at once in answer to what it was told is done, and drawn. */
export const frames = (page: Page): Promise<void> =>
  page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))),
  );
