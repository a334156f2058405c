/** 3D of a large mask: label after label, with progress, while the window goes on drawing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';
import type { LabelInfo } from '../../src/shared/contract/index.ts';
import { launch, NO_CHROMIUM } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { startHarness } from './harness/server.ts';

const skip = NO_CHROMIUM;
const COLOURS = ['#e69f00', '#56b4e9', '#009e73'];
const LABELS: LabelInfo[] = COLOURS.map((colour, n) => ({
  value: n + 1,
  name: `part ${n + 1}`,
  colour,
  locked: false,
}));
const SIZE = [256, 256, 128] as const;

/** Three thick plates, one above the other: 2.5 million voxels each, and more in their boxes than are sampled one by one. */
function plates(): { scan: Volume; mask: Uint8Array } {
  const direction = [1, 0, 0, 0, 1, 0, 0, 0, 1] as const;
  const place = { size: SIZE, spacing: spacingMm(1, 1, 1), direction, origin: lpsPoint(0, 0, 0) };
  const mask = new Uint8Array(256 * 256 * 128);
  for (let v = 0; v < mask.length; v++) {
    const [k, j, i] = [Math.floor(v / 65536), Math.floor(v / 256) % 256, v % 256];
    if (k % 42 < 38 && j > 4 && j < 250 && i > 4 && i < 250) mask[v] = Math.min(3, 1 + Math.floor(k / 42));
  }
  return { scan: { ...place, data: new Int16Array(mask.length) }, mask };
}

let browser: Browser;
before(async () => {
  if (skip) return;
  buildHarness();
  browser = await launch();
});
after(async () => browser?.close());

test('3D of a large mask says how far it is, and the window draws meanwhile', { skip }, async () => {
  const { scan, mask } = plates();
  const harness = await startHarness([{ name: 'plates', modality: 'CT', scan, mask: { ...scan, data: mask } }], LABELS);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.addInitScript(() => {
    const seen = { texts: [] as string[], frames: 0 };
    Object.assign(globalThis, { seen });
    const look = () => {
      const text = document.querySelector('[data-plane=surface] .corner')?.textContent ?? '';
      if (text && seen.texts.at(-1) !== text) seen.texts.push(text);
      if (text.includes('updating')) seen.frames++;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.goto(`${harness.origin}/?scan=1`);
  const pane = page.locator('[data-plane=surface]');
  await page.waitForFunction(
    () => {
      const { texts } = (globalThis as unknown as { seen: { texts: string[] } }).seen;
      return texts.some((text) => text.includes('updating')) && texts.at(-1) === '3D';
    },
    undefined,
    { timeout: 180_000 },
  );
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: { texts: string[]; frames: number } }).seen);
  assert.ok(
    seen.texts.some((text) => /updating, \d of 3/.test(text)),
    seen.texts.join(' | '),
  );
  assert.ok(seen.frames > 5, `${seen.frames} pictures while the surfaces were made`);
  // All three stand there in their own colours.
  const hues = await pane.locator('canvas').evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
      0,
      0,
      canvas.width,
      canvas.height,
    );
    const found = { orange: 0, blue: 0, green: 0 };
    for (let p = 0; p < data.length; p += 4) {
      const [r, g, b] = [data[p], data[p + 1], data[p + 2]];
      if (r > 40 && b < r / 4) found.orange++;
      else if (b > 60 && r < b / 2) found.blue++;
      else if (g > 40 && r < g / 4) found.green++;
    }
    return found;
  });
  for (const [hue, pixels] of Object.entries(hues)) assert.ok(pixels > 200, `${hue}: ${pixels} pixels`);
  assert.deepEqual(errors, []);
  await page.close();
  await harness.close();
});
