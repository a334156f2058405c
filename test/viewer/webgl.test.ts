/** The window draws with WebGL on a real graphics card: the same pictures, here by a WebGL that the processor emulates. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type LabelMap, lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';
import { launch, NO_CHROMIUM, openCase, SOFTWARE_GL } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { startHarness } from './harness/server.ts';

const options = { skip: NO_CHROMIUM };
const SIDE = 48;
const SLICES = 8;
/** Points of the picture that are compared, along each side. */
const POINTS = 40;
/** Of 255: the two ways sample the scan between its voxels a little differently. */
const ALIKE = 12;
/** Of all points, for the borders of voxels. */
const SHARE = 0.97;

const grid = {
  size: [SIDE, SIDE, SLICES],
  spacing: spacingMm(2, 2, 4),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
} as const;
const make = <T extends Int16Array | Uint8Array | Float32Array>(
  data: T,
  value: (i: number, j: number) => number,
): T => {
  for (let v = 0; v < data.length; v++) data[v] = value(v % SIDE, Math.floor(v / SIDE) % SIDE);
  return data;
};
const scan: Volume<Int16Array> = {
  ...grid,
  data: make(new Int16Array(SIDE * SIDE * SLICES), (i) => (i < 24 ? -40 : 60)),
};
const prediction: LabelMap = {
  ...grid,
  data: make(new Uint8Array(SIDE * SIDE * SLICES), (_, j) => (j > 8 && j < 20 ? 1 : 0)),
};
const mask: LabelMap = {
  ...grid,
  data: make(new Uint8Array(SIDE * SIDE * SLICES), (_, j) => (j > 14 && j < 26 ? 1 : 0)),
};
const entropy: Volume<Float32Array> = {
  ...grid,
  data: make(new Float32Array(SIDE * SIDE * SLICES), (i, j) => (j > 30 ? (i / SIDE) * Math.LN2 : 0)),
};

/** Keys that lead to each view, and what ends it. */
const VIEWS = { mask: [], uncertainty: ['u'], difference: ['u', 'Shift+D'], before: ['Shift+D', 'Q'] } as const;
type Pictures = Record<keyof typeof VIEWS, number[][]>;

let pictures: Record<'cpu' | 'gpu', Pictures>;
const errors: string[] = [];
let close = async () => {};

before(async () => {
  if (NO_CHROMIUM) return;
  buildHarness();
  const labels = [{ value: 1, name: 'organ', colour: '#e69f00', locked: false }];
  const server = await startHarness(
    [{ name: 'one', modality: 'CT', scan, mask, prediction, entropy, flagged: [4] }],
    labels,
  );
  close = () => server.close();
  const of = async (graphics: readonly string[], rendering: string) => {
    const browser = await launch(graphics);
    const page = await openCase(browser, server.origin, `scan=1&mode=review&rendering=${rendering}`, errors);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.rendering), rendering);
    const taken = await takeAll(browser, page);
    await browser.close();
    return taken;
  };
  pictures = { cpu: await of(['--disable-gpu'], 'cpu'), gpu: await of(SOFTWARE_GL, 'gpu') };
});
after(() => close());

/** The picture has stood still for a while; the machine may be busy. */
async function settled(page: Page): Promise<void> {
  let before = '';
  for (let alike = 0; alike < 4; ) {
    await page.waitForTimeout(500);
    const now = (await page.locator('[data-plane=axial]').screenshot()).toString('base64');
    alike = now === before ? alike + 1 : 0;
    before = now;
  }
}

async function takeAll(browser: Browser, page: Page): Promise<Pictures> {
  const blank = await browser.newPage();
  const taken = {} as Pictures;
  const box = (await page.locator('[data-plane=axial]').boundingBox())!;
  for (const [name, keys] of Object.entries(VIEWS)) {
    for (const key of keys) await (key === 'Q' ? page.keyboard.down(key) : page.keyboard.press(key));
    await settled(page);
    const clip = {
      x: box.x + box.width * 0.2,
      y: box.y + box.height * 0.2,
      width: box.width * 0.6,
      height: box.height * 0.6,
    };
    const png = await page.screenshot({ clip });
    taken[name as keyof typeof VIEWS] = await blank.evaluate(
      async ([data, points]) => {
        const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
        const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!;
        context.drawImage(image, 0, 0);
        return Array.from({ length: points ** 2 }, (_, n) => {
          const [x, y] = [(n % points) + 0.5, Math.floor(n / points) + 0.5];
          return [
            ...context.getImageData((x / points) * image.width, (y / points) * image.height, 1, 1).data.slice(0, 3),
          ];
        });
      },
      [png.toString('base64'), POINTS] as const,
    );
  }
  return taken;
}

/** Share of the points at which two pictures are alike. */
const alike = (a: number[][], b: number[][]): number =>
  a.filter((colour, n) => colour.every((value, c) => Math.abs(value - b[n][c]) <= ALIKE)).length / a.length;

for (const name of Object.keys(VIEWS) as (keyof typeof VIEWS)[]) {
  test(`software GL: ${name} looks as it does without WebGL`, options, () => {
    const share = alike(pictures.gpu[name], pictures.cpu[name]);
    assert.ok(share >= SHARE, `${share} of the points are alike`);
    for (const other of Object.keys(VIEWS) as (keyof typeof VIEWS)[]) {
      if (other !== name)
        assert.ok(alike(pictures.gpu[name], pictures.gpu[other]) < 0.95, `${name} differs from ${other}`);
    }
  });
}

test('neither way made the page complain', options, () => {
  assert.deepEqual(errors, []);
});
