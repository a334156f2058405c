/** Every screen and state of the window that has a picture, and how to get there. */
import type { Page } from 'playwright-core';
import type { RunningServer } from '../../src/main/server/server.ts';
import { ask, place, ready, stroke, until } from './whole-job.ts';

export interface View {
  /** File name without extension. */
  name: string;
  themes: readonly ('dark' | 'light')[];
  show(page: Page, server: RunningServer): Promise<void>;
}

const BOTH = ['dark', 'light'] as const;
const DARK = ['dark'] as const;
const view = (name: string, themes: View['themes'], show: View['show']): View => ({ name, themes, show });
/** Pictures come in after the text, and the machine may be busy. */
const settle = async (page: Page) => {
  await page.waitForTimeout(1500);
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(800);
};
const go = async (page: Page, name: string) => {
  await place(page, name);
  await settle(page);
};
const toReview = async (page: Page) => {
  const [first] = await ask(page, 'review.queue');
  await place(page, 'Review');
  await ready(page, first.name);
  await settle(page);
};

export const VIEWS: readonly View[] = [
  view('projects', BOTH, (page) => go(page, 'Projects')),
  view('new-project', DARK, async (page) => {
    await go(page, 'Projects');
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByPlaceholder('For instance: Kidneys 2026').fill('Kidneys 2027');
    await page.waitForTimeout(300);
  }),
  view('cases', BOTH, (page) => go(page, 'Cases')),
  view('labels', DARK, async (page) => {
    await go(page, 'Cases');
    await page.getByRole('button', { name: 'Labels' }).click();
    await page.waitForTimeout(300);
  }),
  view('export', DARK, async (page) => {
    await go(page, 'Cases');
    await page.getByRole('button', { name: 'Export' }).click();
    await page.waitForTimeout(300);
  }),
  view('annotate', BOTH, async (page) => {
    const row = (await ask(page, 'scans.list')).find((one) => one.state === 'labelled');
    await place(page, 'Cases');
    await page.getByRole('button', { name: row?.name ?? '', exact: true }).click();
    await ready(page, row?.name ?? '');
    await settle(page);
    await page.keyboard.press('b');
    const box = (await page.locator('[data-plane="axial"]').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.32, box.y + box.height * 0.6);
    await page.waitForTimeout(500);
  }),
  view('review', BOTH, toReview),
  view('review-uncertainty', DARK, async (page) => {
    await toReview(page);
    await page.keyboard.press('u');
    await settle(page);
  }),
  view('review-changes', DARK, async (page) => {
    await toReview(page);
    await page.keyboard.press('b');
    await stroke(page);
    await page.locator('[data-save="saved"]').waitFor();
    await page.keyboard.press('Shift+D');
    await page.getByTitle('What changed against the prediction').click();
    await page.getByRole('columnheader', { name: 'Dice' }).waitFor();
    await settle(page);
    leave = async () => {
      await page.keyboard.press('Control+z');
      await page.locator('[data-save="saved"]').waitFor();
      await page.waitForTimeout(500);
    };
  }),
  view('train', BOTH, async (page) => {
    await go(page, 'Train');
    await page.waitForTimeout(3000);
  }),
  view('train-options', DARK, async (page) => {
    await go(page, 'Train');
    await page.getByRole('button', { name: 'Options' }).click();
    await page.waitForTimeout(300);
  }),
  view('report', BOTH, async (page) => {
    await go(page, 'Report');
    await page.locator('.cards').waitFor();
  }),
  view('train-running', DARK, async (page) => {
    const { run } = await ask(page, 'train.start', {
      name: 'round-3',
      options: {
        steps: 400,
        width: 8,
        patch: [64, 48, 32],
        spacing: 'native',
        labelledPerStep: 1,
        unlabelledPerStep: 1,
      },
    });
    await page.reload();
    await go(page, 'Train');
    await until(async () => (await ask(page, 'runs.list'))[0].step > 25, 'a few steps', 900);
    await settle(page);
    leave = async () => {
      await ask(page, 'train.cancel', { run });
      await until(async () => (await ask(page, 'runs.list'))[0].state === 'cancelled', 'the run stopped');
    };
  }),
  view('keys', DARK, async (page) => {
    await go(page, 'Cases');
    await page.keyboard.press('?');
    await page.waitForTimeout(300);
  }),
  view('start', DARK, async (page) => {
    await ask(page, 'settings.set', { welcomed: false });
    await ask(page, 'projects.close');
    await settle(page);
    leave = async () => {
      const [project] = await ask(page, 'projects.recent');
      await ask(page, 'projects.open', { folder: project.folder });
    };
  }),
];

/** What a view has to put back once its picture is taken. */
let leave: (() => Promise<void>) | null = null;
export async function putBack(): Promise<void> {
  await leave?.();
  leave = null;
}
