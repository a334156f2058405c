/** What is still worked out beside the window when a case is decided or left becomes part of it first, or is given up by hand. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { makeCase } from '../../bench/viewer/cases.ts';
import type { LabelMap } from '../../src/core/volume.ts';
import { until } from '../waits.ts';
import { launch, NO_CHROMIUM, openCase } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { type Harness, type HarnessCase, startHarness } from './harness/server.ts';

const SIZE = [256, 256, 130] as const;
let browser: Browser;
const options = { skip: NO_CHROMIUM };

before(async () => {
  if (NO_CHROMIUM) return;
  buildHarness();
  browser = await launch();
});
after(async () => browser?.close());

/** Two discs, with empty slices between them by default. */
function drawn(name: string, slices: readonly number[] = [60, 64]): HarnessCase {
  const made = makeCase(name, [...SIZE], false);
  const data = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  for (const k of slices)
    for (let j = 110; j < 146; j++)
      for (let i = 110; i < 146; i++) if (Math.hypot(i - 128, j - 128) < 12) data[i + SIZE[0] * (j + SIZE[1] * k)] = 1;
  return { ...made, mask: { ...made.scan, data } };
}

interface Opened {
  page: Page;
  harness: Harness;
  /** Lets what is worked out beside the window begin. */
  come(): void;
  /** Voxels of the first case on the server. */
  count(): number;
}

/** Two large cases, the first open; what is worked out beside the window waits. */
async function held(script: RegExp, act: (opened: Opened) => Promise<void>, slices?: readonly number[]): Promise<void> {
  const label = { value: 1, name: 'kidney', colour: '#e69f00', locked: false };
  const harness = await startHarness([drawn('first', slices), drawn('second')], [label]);
  const errors: string[] = [];
  const page = await openCase(browser, harness.origin, 'scan=1&mode=annotate&rendering=cpu', errors);
  let come = () => {};
  const waits = new Promise<void>((resolve) => {
    come = resolve;
  });
  await page.route(script, async (route) => {
    await waits;
    await route.continue().catch(() => {});
  });
  const count = () => (harness.cases[0].mask as LabelMap).data.reduce((sum, value) => sum + value, 0);
  try {
    await act({ page, harness, come, count });
    assert.deepEqual(errors, []);
  } finally {
    come();
    await page.close();
    await harness.close();
  }
}
const press = async (page: Page, key: string) => {
  await page.locator('[data-plane=axial]').focus();
  await page.keyboard.press(key);
};
const finishing = (page: Page, name: string) => page.getByRole('group', { name: `Finishing ${name}`, exact: true });
const openSecond = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { openScan(id: number): void }).openScan(2));

for (const [name, key, script] of [
  ['Interpolate', 'i', /edit-worker/],
  ['Follow the image', 'Shift+I', /follow-worker/],
] as const) {
  test(`a case that is done while ${name} is worked out is done with it`, options, () =>
    held(script, async ({ page, harness, come, count }) => {
      const before = count();
      await press(page, key);
      await press(page, 'Enter');
      await finishing(page, name).waitFor();
      assert.deepEqual(harness.decisions, []);
      come();
      await until(async () => harness.decisions.length > 0, 'the decision', 60);
      assert.ok(count() > before, 'what was asked for is on the disk when the case is decided');
      assert.equal(harness.commits.length, 1);
    }),
  );

  test(`a case that is left while ${name} is worked out is left with it`, options, () =>
    held(script, async ({ page, harness, come, count }) => {
      const before = count();
      await press(page, key);
      await openSecond(page);
      await finishing(page, name).waitFor();
      assert.deepEqual(harness.commits, []);
      come();
      await page.getByRole('heading', { name: 'second' }).waitFor();
      assert.ok(count() > before);
      assert.deepEqual(harness.commits, [1]);
    }),
  );

  test(`${name} that is given up leaves the case undecided, and lets it be left`, options, () =>
    held(script, async ({ page, harness, count }) => {
      const before = count();
      await press(page, key);
      await press(page, 'Enter');
      await finishing(page, name).getByRole('button', { name: 'Cancel' }).click();
      await page.getByText(`${name} was given up: the case is not decided.`).waitFor();
      await press(page, key);
      await openSecond(page);
      await finishing(page, name).waitFor();
      await press(page, 'Escape');
      await page.getByRole('heading', { name: 'second' }).waitFor();
      assert.deepEqual([count(), harness.decisions], [before, []]);
    }),
  );
}

test('a region that grows after the pointer is up is undone and redone before it is there', options, () =>
  held(/edit-worker/, async ({ page, come, count }) => {
    const before = count();
    await page.locator('[data-tool=grow]').click();
    await page.getByLabel('In 3D').check();
    const box = (await page.locator('[data-plane=axial]').boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const step = page.locator('.history li button', { hasText: 'Region growing' });
    await step.waitFor();
    await press(page, 'Control+z');
    await page.locator('.history li button.undone', { hasText: 'Region growing' }).waitFor();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.getByText('Region growing is still being worked out.').waitFor();
    come();
    await page.locator('.work-banner').waitFor({ state: 'detached' });
    assert.equal(count(), before, 'undone it stays undone');
    await press(page, 'Control+Shift+z');
    await until(async () => count() > before, 'the region', 60);
    await press(page, 'Control+z');
    await until(async () => count() === before, 'taken back', 60);
  }),
);

/** Draws with the mouse and holds it down. */
async function holdStroke(page: Page, plane = 'axial'): Promise<void> {
  await page.keyboard.press('b');
  const box = (await page.locator(`[data-plane=${plane}]`).boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x - 40, y - 40);
  await page.mouse.down();
  await page.mouse.move(x + 40, y - 40, { steps: 4 });
}

test('a case that is done while the mouse is down is done with the stroke, once it is up', options, () =>
  held(
    /edit-worker/,
    async ({ page, harness, count }) => {
      const before = count();
      await holdStroke(page);
      await press(page, 'Enter');
      await page.mouse.up();
      await until(async () => harness.decisions.length > 0, 'the decision', 60);
      assert.ok(count() > before, 'the stroke is on the disk when the case is decided');
    },
    // Done asks of no gaps.
    [64, 65],
  ),
);

test('a case that is left while the mouse is down is left with the stroke', options, () =>
  held(/edit-worker/, async ({ page, count }) => {
    const before = count();
    await holdStroke(page);
    await openSecond(page);
    await page.getByRole('heading', { name: 'second' }).waitFor();
    assert.ok(count() > before);
  }),
);

test('a stroke on a plane that goes away is kept, and what waits for its end goes on', options, () =>
  held(/edit-worker/, async ({ page, come, count }) => {
    const before = count();
    await press(page, 'i');
    await holdStroke(page, 'sagittal');
    while (await page.locator('[data-plane=sagittal]').isVisible()) await page.keyboard.press('l');
    await page.locator('.history li button', { hasText: 'Brush' }).waitFor();
    come();
    await page.locator('.work-banner').waitFor({ state: 'detached' });
    await until(async () => count() > before, 'both on the disk', 60);
    await page.mouse.up();
  }),
);
