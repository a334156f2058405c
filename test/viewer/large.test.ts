/** Operations on a large scan: worked out beside the window, with progress, given up by Escape, and the same as done at once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { makeCase } from '../../bench/viewer/cases.ts';
import { Recorder } from '../../src/core/edit/edit.ts';
import { doJob, type EditJob } from '../../src/core/edit/job.ts';
import { until } from '../waits.ts';
import { launch, NO_CHROMIUM, openCase } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { type Harness, type HarnessCase, startHarness } from './harness/server.ts';

const SIZE = [256, 256, 130] as const;
let browser: Browser;
let harness: Harness;
let page: Page;
const errors: string[] = [];
const options = { skip: NO_CHROMIUM };

/** A ball of radius 20 with a hole, and the same two slices of another. */
function drawn(): HarnessCase {
  const made = makeCase('large', [...SIZE], false);
  const data = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  for (let k = 0, v = 0; k < SIZE[2]; k++)
    for (let j = 0; j < SIZE[1]; j++)
      for (let i = 0; i < SIZE[0]; i++, v++) {
        const far = Math.hypot(i - 128, j - 128, k - 40);
        if (far < 20 && far > 4) data[v] = 1;
        if ((k === 70 || k === 90) && Math.hypot(i - 128, j - 128) < 12) data[v] = 1;
      }
  return { ...made, mask: { ...made.scan, data } };
}

before(async () => {
  if (NO_CHROMIUM) return;
  buildHarness();
  harness = await startHarness([drawn()], [{ value: 1, name: 'kidney', colour: '#e69f00', locked: false }]);
  browser = await launch();
  page = await openCase(browser, harness.origin, 'scan=1&mode=annotate&rendering=cpu', errors);
});
after(async () => {
  await browser?.close();
  await harness?.close();
});

const banner = () => page.locator('.work-banner');
/** What the server has once all is saved. */
async function saved(): Promise<Uint8Array> {
  await banner().waitFor({ state: 'detached' });
  await page.locator('[data-save=saved]').waitFor();
  return onServer().slice();
}
function onServer(): Uint8Array {
  const { mask } = harness.cases[0];
  assert.ok(mask);
  return mask.data as Uint8Array;
}
const becomes = (wanted: Uint8Array, what: string) =>
  until(async () => Buffer.compare(onServer(), wanted) === 0, what, 60);
async function expected(from: Uint8Array, job: EditJob): Promise<Uint8Array> {
  const { scan } = harness.cases[0];
  const mask = { ...scan, data: from.slice() };
  doJob(new Recorder(mask), job, scan);
  return mask.data;
}
const spacing = 1;

test('Escape gives an operation up: nothing is changed, and another can be begun', options, async () => {
  const before = onServer().slice();
  // Nothing can be worked out before the worker's script comes.
  let come = () => {};
  const held = new Promise<void>((resolve) => {
    come = resolve;
  });
  await page.route(/edit-worker/, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await page.getByRole('button', { name: 'Smooth 3D', exact: true }).click();
  await banner().waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Fill holes', exact: true }).click();
  await page.getByText('Smooth 3D is still being worked out.').waitFor();
  await page.locator('[data-plane=axial]').focus();
  await page.keyboard.press('Escape');
  await banner().waitFor({ state: 'detached' });
  come();
  await page.unroute(/edit-worker/);
  assert.equal(Buffer.compare(onServer(), before), 0);
});

for (const [button, job] of [
  ['Interpolate', { kind: 'interpolate', label: 1, normal: 2 }],
  ['Fill holes', { kind: 'holes', label: 1, normal: 2 }],
  ['Smooth 3D', { kind: 'smooth', label: 1, sigma: 1.5 * spacing }],
  ['Grow', { kind: 'grow', label: 1, margin: 1 }],
  ['Shrink', { kind: 'grow', label: 1, margin: -1 }],
] as const)
  test(`${button} of a large scan is worked out beside the window and is what it would be here`, options, async () => {
    const before = await saved();
    const wanted = await expected(before, job);
    assert.notDeepEqual(wanted, before);
    // Told by the page itself: what is worked out fast shows for less than the time between two looks from here.
    const shown = await page.evaluateHandle(() => {
      const seen = { banner: false };
      new MutationObserver(() => {
        seen.banner ||= document.querySelector('.work-banner') !== null;
      }).observe(document.body, { childList: true, subtree: true });
      return seen;
    });
    await page.getByRole('button', { name: button, exact: true }).click();
    await becomes(wanted, 'as worked out here');
    assert.ok(await shown.evaluate((seen) => seen.banner), 'said while it was worked out');
  });

test('a region in 3D grows beside the window, and its undo takes it back', options, async () => {
  const before = await saved();
  await page.locator('[data-tool=grow]').click();
  await page.getByLabel('In 3D').check();
  const [x, y] = await page.locator('[data-plane=axial]').evaluate((plane) => {
    const { x, y, width, height } = plane.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  });
  await page.mouse.click(x, y);
  const count = (mask: Uint8Array) => mask.reduce((sum, value) => sum + value, 0);
  await until(async () => count(onServer()) > count(before), 'the region on the server', 60);
  await page.keyboard.press('Control+z');
  await becomes(before, 'taken back');
  assert.deepEqual(errors, []);
});
