/** A page of the Annotate screen for one test, and what a person sees and does on it. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type PlaneName, planesOf } from '../../src/core/edit/planes.ts';
import type { LabelInfo } from '../../src/shared/contract/index.ts';
import { rests } from '../waits.ts';
import { fitCamera, voxelToCanvas } from './expected-place.ts';
import { ballScan } from './geometries.ts';
import { launch, NO_CHROMIUM, openCase } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';
import { type Harness, type HarnessCase, startHarness } from './harness/server.ts';

const LABELS: LabelInfo[] = [
  { value: 1, name: 'kidney', colour: '#e69f00', locked: false },
  { value: 2, name: 'lesion', colour: '#56b4e9', locked: false },
];
const labels = () => LABELS.map((l) => ({ ...l }));
export const BALL = [48, 48, 24] as const;
export const ball = (): HarnessCase => ({ name: 'ball', modality: 'CT', scan: ballScan(BALL, 9), mask: null });

let browser: Browser;

/** One browser for all tests of a file. */
export function oneBrowser(): void {
  before(async () => {
    if (NO_CHROMIUM) return;
    buildHarness();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
  });
}

/** Runs a test on a page of its own; an error in the page fails it, unless it is meant to have some. */
export async function onPage(
  cases: HarnessCase[],
  query: string,
  act: (page: Page, harness: Harness) => Promise<void>,
  errorsFail = true,
) {
  const harness = await startHarness(cases, labels());
  const errors: string[] = [];
  const page = await openCase(browser, harness.origin, query, errors);
  try {
    await act(page, harness);
    if (errorsFail) assert.deepEqual(errors, []);
  } finally {
    await page.close();
    await harness.close();
  }
}

export const pane = (page: Page, name: string) => page.locator(`[data-plane=${name}]`);
export const saved = (page: Page) => page.waitForSelector('[data-save=saved]:not(:text("all changes"))');

/** Turns the wheel over a plane until it shows a slice. */
export async function showSlice(page: Page, name: PlaneName, slice: number): Promise<void> {
  const number = async () => Number((await pane(page, name).locator('[data-slice]').innerText()).split('/')[0]) - 1;
  await pane(page, name).hover();
  for (let now = await number(); now !== slice; now = await number())
    await page.mouse.wheel(0, now < slice ? 100 : -100);
  await rests(() => brightest(page, name));
}

/** Page position of a voxel in a fitted plane. */
export async function placeOf(
  page: Page,
  entry: HarnessCase,
  name: PlaneName,
  voxel: readonly [number, number, number],
) {
  const box = await pane(page, name).boundingBox();
  assert.ok(box);
  const geometry = { grid: entry.scan, plane: planesOf(entry.scan)[name], width: box.width, height: box.height };
  const [x, y] = voxelToCanvas(geometry, fitCamera(geometry), voxel);
  return { x: box.x + x, y: box.y + y };
}

export async function drag(page: Page, points: { x: number; y: number }[], button: 'left' | 'right' = 'left') {
  await page.mouse.move(points[0].x, points[0].y);
  await page.mouse.down({ button });
  for (const { x, y } of points.slice(1)) await page.mouse.move(x, y, { steps: 4 });
  await page.mouse.up({ button });
}

/** Smallest brush: paints the one voxel under the pointer. */
export async function smallBrush(page: Page) {
  await page.keyboard.press('b');
  for (let n = 0; n < 20; n++) await page.keyboard.press('[');
}

export const count = (entry: HarnessCase, value: number) =>
  entry.mask?.data.reduce((n, v) => n + (v === value ? 1 : 0), 0) ?? 0;

/** Where a mask on the disk has a label, offsets of voxels. */
export const painted = (entry: HarnessCase) => [...(entry.mask?.data ?? [])].flatMap((value, v) => (value ? [v] : []));

/** Middle of the bright pixels of a plane's picture, in CSS pixels of the pane. */
export const brightest = (page: Page, name: string) =>
  pane(page, name).evaluate((element) => {
    const canvas = element.querySelector('.image > canvas') as HTMLCanvasElement;
    const { width, height } = canvas;
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, width, height);
    let [n, x, y] = [0, 0, 0];
    for (let p = 0; p < width * height; p++) {
      if (data[4 * p] < 250) continue;
      n++;
      x += (p % width) + 0.5;
      y += Math.floor(p / width) + 0.5;
    }
    return { n, x: x / n / devicePixelRatio, y: y / n / devicePixelRatio };
  });
