/** A program that takes its time. */
import type { Page } from 'playwright-core';

/** Holds the answers of a call, changed by `change`, until the returned function is called. */
export async function hold(page: Page, call: string, change?: (value: object) => object): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(`**/call/${call}`, async (route) => {
    const response = await route.fetch();
    const answer = change && ((await response.json()) as { value: object });
    await held;
    await route.fulfill({ response, ...(answer && { json: { ...answer, value: change(answer.value) } }) });
  });
  return release;
}
