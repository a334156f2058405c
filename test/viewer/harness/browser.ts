/** Debian's Chromium with the flags that work without a screen. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const CHROMIUM = PLACES.find((path) => path && existsSync(path));
export const NO_CHROMIUM = CHROMIUM ? false : 'Chromium is not installed';

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
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
  await page.goto(`${origin}/?${query}`);
  await page.waitForSelector('[data-phase=ready] [data-plane] canvas');
  await page.waitForTimeout(300);
  return page;
}
