/** A program that takes its time. */
import type { Page } from 'playwright-core';

/** Holds the answers of a call until the returned function is called. */
export async function hold(page: Page, call: string): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(`**/call/${call}`, async (route) => {
    const answer = await route.fetch();
    await held;
    await route.fulfill({ response: answer });
  });
  return release;
}
