/** The table of cases: what a column says stands below its head. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { place } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
before(async () => {
  if (!noBrowser) window = await openFilledWindow();
});
after(async () => window?.close());

test('each head stands above its column', options, async () => {
  const { page } = window;
  await place(page, 'Cases');
  await page.getByRole('gridcell').first().waitFor();
  const lefts = (selector: string) =>
    page.locator(selector).evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().left)));
  const heads = await lefts('.head [role=columnheader]');
  const cells = (await lefts('.row [role=gridcell]')).slice(0, heads.length);
  // The picture's head is for the ear alone.
  const seen = (all: number[]) => all.filter((_, n) => n !== 1);
  assert.ok(heads.length > 10);
  assert.deepEqual(seen(heads), seen(cells));
});
