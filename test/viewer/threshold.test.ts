/** Threshold of the whole scan: seen before it is made, made in one step, or a limit for the brush. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { LabelInfo } from '../../src/shared/contract/index.ts';
import { becomes, until } from '../waits.ts';
import { ballScan } from './geometries.ts';
import { launch, NO_CHROMIUM, openCase } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { type HarnessCase, startHarness } from './harness/server.ts';

const skip = NO_CHROMIUM;
const LABELS: LabelInfo[] = [{ value: 1, name: 'kidney', colour: '#e69f00', locked: false }];
const SIZE = [48, 48, 24] as const;
let browser: Browser;
before(async () => {
  if (skip) return;
  buildHarness();
  browser = await launch();
});
after(async () => browser?.close());

async function onBall(act: (page: Page, entry: HarnessCase) => Promise<void>) {
  const entry: HarnessCase = { name: 'ball', modality: 'CT', scan: ballScan(SIZE, 9), mask: null };
  const harness = await startHarness([entry], LABELS);
  const errors: string[] = [];
  const page = await openCase(browser, harness.origin, 'scan=1', errors);
  try {
    await act(page, entry);
    assert.deepEqual(errors, []);
  } finally {
    await page.close();
    await harness.close();
  }
}

/** Pixels of the preview on a plane that are coloured, and where the middle one of them stands. */
const previewed = (page: Page, plane: string) =>
  page.locator(`[data-plane=${plane}] > canvas.preview`).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
      0,
      0,
      canvas.width,
      canvas.height,
    );
    let [n, x, y] = [0, 0, 0];
    for (let p = 0; p < canvas.width * canvas.height; p++) {
      if (data[4 * p + 3] === 0) continue;
      n++;
      x += p % canvas.width;
      y += Math.floor(p / canvas.width);
    }
    return { n, x: x / n / canvas.width, y: y / n / canvas.height };
  });
const from = (page: Page) => page.getByRole('spinbutton', { name: 'From' });
async function range(page: Page, low: number, high: number): Promise<void> {
  await from(page).fill(String(low));
  await from(page).press('Tab');
  await page.getByRole('spinbutton', { name: 'To', exact: true }).fill(String(high));
  await page.getByRole('spinbutton', { name: 'To', exact: true }).press('Enter');
}
const saved = (page: Page) => page.waitForSelector('[data-save=saved]:not(:text("all changes"))');

test('the range is seen on every plane, then labelled in the whole scan in one step', { skip }, async () => {
  await onBall(async (page, entry) => {
    await page.keyboard.press('z');
    await range(page, 200, 400);
    for (const plane of ['axial', 'coronal', 'sagittal'])
      await until(
        async () => {
          const { n, x, y } = await previewed(page, plane);
          return n > 100 && Math.abs(x - 0.5) < 0.03 && Math.abs(y - 0.5) < 0.03;
        },
        async () => `${plane}: ${JSON.stringify(await previewed(page, plane))}`,
      );
    const mask = () => entry.mask?.data;
    assert.equal(mask(), undefined, 'a preview changes nothing');
    await page.getByRole('button', { name: 'Make it kidney' }).click();
    await saved(page);
    await page.locator('.history').getByText('Threshold').waitFor();
    const expected = Uint8Array.from(entry.scan.data, (value) => (value === 300 ? 1 : 0));
    await becomes(mask, expected);
    await page.keyboard.press('b');
    await becomes(async () => (await previewed(page, 'axial')).n, 0, 'no preview with another tool');
    await page.keyboard.press('Control+z');
    await becomes(() => mask()?.some((value) => value > 0), false, 'one step back');
  });
});

test('"Paint only here" limits the brush to the range until it is unticked', { skip }, async () => {
  await onBall(async (page, entry) => {
    await page.keyboard.press('z');
    await range(page, 200, 400);
    await page.getByRole('button', { name: 'Paint only here' }).click();
    assert.equal(await page.locator('[data-tool=brush]').getAttribute('aria-pressed'), 'true');
    for (let n = 0; n < 9; n++) await page.keyboard.press(']');
    const box = (await page.locator('[data-plane=axial]').boundingBox())!;
    const stroke = async () => {
      await page.mouse.move(box.x + box.width / 2 - 30, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2 + 30, box.y + box.height / 2, { steps: 3 });
      await page.mouse.up();
    };
    await stroke();
    const painted = () => [...(entry.mask?.data ?? [])].flatMap((value, v) => (value ? [v] : []));
    const inSlice = 48 * 48;
    const ball = [...entry.scan.data].flatMap((value, v) =>
      value === 300 && Math.floor(v / inSlice) === 12 ? [v] : [],
    );
    await becomes(painted, ball, 'all of the ball on this slice, and nothing beside it');
    await page.getByRole('checkbox', { name: 'Only intensities 200 to 400' }).click();
    await stroke();
    await until(() => painted().length > ball.length, 'no limit any more');
  });
});
