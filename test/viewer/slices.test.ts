/** Drawn slices in Chromium: filled along the image by a worker, or counted alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type LabelMap, NOT_DRAWN } from '../../src/core/volume.ts';
import { until } from '../waits.ts';
import { ballScan, emptyLike } from './geometries.ts';
import { launch, NO_CHROMIUM, openCase } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { type Harness, type HarnessCase, startHarness } from './harness/server.ts';

const skip = NO_CHROMIUM;
const LABELS = [{ value: 1, name: 'kidney', colour: '#e69f00', locked: false }];
const SIZE = [48, 48, 24] as const;
const AREA = SIZE[0] * SIZE[1];

let browser: Browser;
before(async () => {
  if (skip) return;
  buildHarness();
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

/** A bright ball, drawn on three slices. */
function sliced(): { entry: HarnessCase & { mask: LabelMap }; truth: Uint8Array; slices: number[] } {
  const scan = ballScan(SIZE, 9);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of scan.data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const truth = Uint8Array.from(scan.data, (value) => (value > (low + high) / 2 ? 1 : 0));
  const all = Array.from({ length: SIZE[2] }, (_, k) => k).filter((k) =>
    truth.subarray(AREA * k, AREA * (k + 1)).includes(1),
  );
  const slices = [all[1], all[all.length >> 1], all[all.length - 2]];
  const mask = emptyLike(scan);
  for (const k of slices) mask.data.set(truth.subarray(AREA * k, AREA * (k + 1)), AREA * k);
  return { entry: { name: 'ball', modality: 'CT', scan, mask }, truth, slices };
}

async function onPage(entry: HarnessCase, act: (page: Page, harness: Harness) => Promise<void>) {
  const harness = await startHarness([entry], LABELS);
  const errors: string[] = [];
  const page = await openCase(browser, harness.origin, 'scan=1', errors);
  try {
    await act(page, harness);
    assert.deepEqual(errors, []);
  } finally {
    await page.close();
    await harness.close();
  }
}

test('Shift+I fills between drawn slices along the image, says where it is least sure, and is one undo step', {
  skip,
}, async () => {
  const { entry, truth, slices } = sliced();
  const drawn = entry.mask.data.slice();
  const inner = (mask: Uint8Array) => mask.subarray(AREA * slices[0], AREA * (slices[2] + 1));
  await onPage(entry, async (page) => {
    await page.keyboard.press('Shift+I');
    await page.getByText('The slices between drawn ones follow the image.').waitFor();
    await page.locator('.names').getByText('Undecided').waitFor();
    await until(() => !Buffer.from(entry.mask.data).equals(drawn), 'the filling on the disk');
    let [both, sum] = [0, 0];
    inner(entry.mask.data).forEach((value, v) => {
      both += value & inner(truth)[v];
      sum += value + inner(truth)[v];
    });
    assert.ok((200 * both) / sum > 95, `Dice ${(200 * both) / sum} between the outer slices`);
    for (const k of slices)
      assert.deepEqual(entry.mask.data.subarray(AREA * k, AREA * (k + 1)), drawn.subarray(AREA * k, AREA * (k + 1)));
    await page.keyboard.press('Control+z');
    await until(() => Buffer.from(entry.mask.data).equals(drawn), 'one undo');
  });
});

test('Done lets the drawn slices count alone', { skip }, async () => {
  const { entry, slices } = sliced();
  await onPage(entry, async (page, harness) => {
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Is it all drawn?' });
    await dialog.getByRole('button', { name: 'Only drawn slices count' }).click();
    await until(() => harness.decisions.length === 1, 'accepted');
    assert.deepEqual(harness.decisions, [{ scan: 1, decision: 'accept' }]);
    const values = Array.from({ length: SIZE[2] }, (_, k) =>
      entry.mask.data.subarray(AREA * k, AREA * (k + 1)).includes(NOT_DRAWN),
    );
    assert.deepEqual(
      values.flatMap((open, k) => (open ? [] : [k])),
      slices,
    );
  });
});
