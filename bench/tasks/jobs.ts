/** The five jobs: what each starts from, what the hand does, and what must have come of it. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { FilledOptions, FilledWindow } from '../../test/desktop/filled.ts';
import { ask, maskOf, place, ready } from '../../test/desktop/whole-job.ts';
import { until } from '../../test/waits.ts';
import type { Hand } from './hand.ts';

export interface Job {
  /** The project that the window is open on, at its list of cases. */
  project: FilledOptions;
  /** What is not part of the job. */
  prepare?(window: FilledWindow): Promise<void>;
  work(window: FilledWindow, hand: Hand): Promise<void>;
  /** Throws where the job was not done. */
  check(window: FilledWindow): Promise<void>;
}

const DRAWN = 10;
const CASES = 20;
/** Slices from one drawn slice to the next. */
const APART = 2;
const PLANE = '[data-plane=axial]';

const scanOf = async (page: Page, name: string) => (await ask(page, 'scans.list')).find((row) => row.name === name)!;

/** An ellipse in the middle of the axial plane, as a hand draws it. */
async function outline(page: Page, share: number): Promise<[number, number][]> {
  const box = (await page.locator(PLANE).boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const [a, b] = [box.width * share, box.height * share];
  return Array.from({ length: 25 }, (_, n): [number, number] => [
    x + a * Math.cos((2 * Math.PI * n) / 24),
    y + b * Math.sin((2 * Math.PI * n) / 24),
  ]);
}

const saved = (page: Page) => page.locator('[data-save=saved]').filter({ hasText: 'ago' }).waitFor();

export const JOBS: Record<string, Job> = {
  'draw-kidney': {
    project: { labels: ['kidney'] },
    async work({ page }, hand) {
      await hand.click(page.getByRole('button', { name: 'case_8', exact: true }));
      await ready(page, 'case_8');
      await hand.press('x');
      const points = await outline(page, 0.08);
      await hand.move(...points[0]);
      await hand.wheel(-DRAWN);
      for (let n = 0; n < DRAWN; n++) {
        await hand.drag(points);
        await hand.wheel(APART);
      }
      await hand.press('i');
      await saved(page);
      await hand.press('Enter');
      await until(async () => (await scanOf(page, 'case_8')).state === 'labelled', 'labelled');
    },
    async check({ page }) {
      const scan = await scanOf(page, 'case_8');
      const mask = await maskOf(page, scan.id, 'manual');
      const area = scan.size[0] * scan.size[1];
      const drawn = Array.from({ length: scan.size[2] }, (_, k) => k).filter((k) =>
        mask?.subarray(k * area, (k + 1) * area).some((value) => value > 0),
      );
      assert.equal(drawn.length, (DRAWN - 1) * APART + 1, `${drawn}`);
    },
  },
  'correct-three-slices': {
    project: {},
    async work({ page }, hand) {
      const [first, second] = await ask(page, 'review.queue');
      await hand.press('Control+4');
      await ready(page, first.name);
      await hand.press('b');
      const box = (await page.locator(PLANE).boundingBox())!;
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      for (let n = 0; n < 3; n++) {
        if (n > 0) await hand.press('n');
        await hand.drag([
          [x - 30, y],
          [x + 30, y],
        ]);
      }
      await saved(page);
      await hand.press('Enter');
      await ready(page, second.name);
    },
    async check({ page }) {
      const corrected = (await ask(page, 'scans.list')).filter((row) => row.review === 'corrected');
      assert.equal(corrected.length, 2, 'one more than at the start');
    },
  },
  'twenty-cases': {
    project: { scans: CASES + 4, decided: false },
    async work({ page }, hand) {
      await hand.press('Control+4');
      const open = () => page.locator('.viewer[data-phase=ready] aside h1').textContent();
      for (let n = 0; n < CASES; n++) {
        const name = (await open()) ?? '';
        await hand.press('Enter');
        await until(async () => (await scanOf(page, name)).state === 'reviewed', `${name} accepted`);
        // Decided cases change the ranks of the others: the next is the one that opens.
        await until(async () => (await open()) !== name, 'the next case');
      }
    },
    async check({ page }) {
      const reviewed = (await ask(page, 'scans.list')).filter((row) => row.state === 'reviewed');
      assert.equal(reviewed.length, CASES);
    },
  },
  'open-worst': {
    project: {},
    async work({ page }, hand) {
      const [worst] = await ask(page, 'review.queue');
      await hand.press('Control+4');
      await ready(page, worst.name);
    },
    async check({ page }) {
      const [worst] = await ask(page, 'review.queue');
      await ready(page, worst.name);
    },
  },
  'export-accepted': {
    project: {},
    async prepare({ page, scratch }) {
      mkdirSync(join(scratch, 'masks'));
      // The folder that was used last is where the choice starts; a new one is as far away in every program.
      await page.evaluate((path) => localStorage.setItem('decile.folder', path), join(scratch, 'masks'));
      await place(page, 'Cases');
    },
    async work({ page }, hand) {
      await hand.click(page.getByRole('button', { name: 'Export', exact: true }));
      const dialog = page.getByRole('dialog', { name: 'Export', exact: true });
      await hand.click(dialog.getByRole('button', { name: 'Choose…' }));
      const browser = page.getByRole('dialog', { name: 'Export into' });
      await browser.getByText(/in this folder/).waitFor();
      await hand.click(browser.getByRole('button', { name: 'Choose this folder' }));
      await hand.click(dialog.getByRole('button', { name: 'Export', exact: true }));
      await until(async () => (await ask(page, 'jobs.list')).some(({ status }) => status === 'done'), 'exported');
    },
    async check({ scratch }) {
      assert.equal(readdirSync(join(scratch, 'masks')).length, 4);
    },
  },
};
