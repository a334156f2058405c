/** Every screen and state of the window that has a picture, and how to get there. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { planesOf } from '../../src/core/edit/planes.ts';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { fitCamera, voxelToCanvas } from '../viewer/expected-place.ts';
import { until } from '../waits.ts';
import { OPTIONS, SIZE } from './show-project.ts';
import { ask, maskOf, picturesIn, place, ready } from './whole-job.ts';

export interface View {
  /** File name without extension. */
  name: string;
  themes: readonly ('dark' | 'light')[];
  /** Goes there; throws where the window shows something else in the end. */
  show(page: Page): Promise<void>;
}

const BOTH = ['dark', 'light'] as const;
const DARK = ['dark'] as const;
const view = (name: string, themes: View['themes'], show: View['show']): View => ({ name, themes, show });
/** Pictures come in after the text, and the machine may be busy. */
const settle = async (page: Page) => {
  await page.waitForTimeout(1500);
  await picturesIn(page);
  await page.waitForTimeout(800);
};
/** The place is open, and shows what only it has. */
const go = async (page: Page, name: string, only: string) => {
  await place(page, name);
  await page.locator(only).first().waitFor();
  await settle(page);
  await here(page, name);
};
const here = (page: Page, name: string) =>
  page.locator('nav [aria-current=page]').filter({ hasText: name }).waitFor({ timeout: 1000 });
const toReview = async (page: Page) => {
  const [first] = await ask(page, 'review.queue');
  await place(page, 'Review');
  await ready(page, first.name);
  await settle(page);
  await here(page, 'Review');
};
const dialog = async (page: Page, button: string, name: string) => {
  await go(page, 'Cases', '[role=grid] .row');
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByRole('dialog', { name, exact: true }).waitFor();
  await page.waitForTimeout(300);
};

/** Draws what the prediction missed on the flagged slice where it missed most, as a careful reader would; returns strokes. */
async function correctSlice(page: Page): Promise<number> {
  const [{ scan, name, flagged }] = await ask(page, 'review.queue');
  const { grid } = await ask(page, 'scans.detail', { scan });
  const truth = makePhantom('ct-abdomen', Number(name.slice(-3)), SIZE).mask.data;
  const predicted = await maskOf(page, scan, 'predicted');
  assert.ok(predicted);
  const inSlice = grid.size[0] * grid.size[1];
  const missed = (k: number) =>
    Array.from({ length: inSlice }, (_, n) => n).filter((n) => truth[k * inSlice + n] && !predicted[k * inSlice + n]);
  const k = flagged.toSorted((a, b) => missed(b).length - missed(a).length)[0];
  await page
    .getByRole('listitem')
    .getByRole('button', { name: String(k + 1), exact: true })
    .click();
  await page.keyboard.press('b');
  // The smallest brush, from voxel to voxel.
  for (let n = 0; n < 12; n++) await page.keyboard.press('[');
  const box = await page.locator('[data-plane=axial]').boundingBox();
  assert.ok(box);
  const geometry = { grid, plane: planesOf(grid).axial, width: box.width, height: box.height };
  const at = (n: number): [number, number] => {
    const [x, y] = voxelToCanvas(geometry, fitCamera(geometry), [n % grid.size[0], Math.floor(n / grid.size[0]), k]);
    return [box.x + x, box.y + y];
  };
  const voxels = missed(k);
  let strokes = 0;
  for (let first = 0, last = 0; first < voxels.length; first = ++last) {
    while (voxels[last + 1] === voxels[last] + 1) last++;
    await page.mouse.move(...at(voxels[first]));
    await page.mouse.down();
    await page.mouse.move(...at(voxels[last]));
    await page.mouse.up();
    strokes++;
  }
  await page.locator('[data-save=saved]').waitFor();
  return strokes;
}

export const VIEWS: readonly View[] = [
  view('projects', BOTH, (page) => go(page, 'Projects', '.journey')),
  view('new-project', DARK, async (page) => {
    await go(page, 'Projects', '.journey');
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByPlaceholder('For instance: Kidneys 2026').fill('Kidneys 2027');
    await page.getByRole('button', { name: 'Make project' }).waitFor();
  }),
  view('cases', BOTH, (page) => go(page, 'Cases', '[role=grid] .row')),
  view('labels', DARK, (page) => dialog(page, 'Labels', 'Labels of this project')),
  view('export', DARK, (page) => dialog(page, 'Export', 'Export')),
  view('annotate', BOTH, async (page) => {
    const row = (await ask(page, 'scans.list')).find((one) => one.state === 'labelled');
    assert.ok(row, 'a labelled case');
    await place(page, 'Cases');
    await page.getByRole('button', { name: row.name, exact: true }).click();
    await ready(page, row.name);
    await settle(page);
    await page.keyboard.press('b');
    const box = await page.locator('[data-plane="axial"]').boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.32, box.y + box.height * 0.6);
    await page.waitForTimeout(500);
    await here(page, 'Annotate');
  }),
  view('review', BOTH, toReview),
  view('review-uncertainty', DARK, async (page) => {
    await toReview(page);
    await page.keyboard.press('u');
    await page.getByText('uncertain', { exact: true }).waitFor();
    await settle(page);
  }),
  view('review-changes', DARK, async (page) => {
    await toReview(page);
    const strokes = await correctSlice(page);
    leave = async () => {
      for (let n = 0; n < strokes; n++) await page.keyboard.press('Control+z');
      await page.locator('[data-save="saved"]').waitFor();
      await page.waitForTimeout(500);
    };
    await page.keyboard.press('Shift+D');
    await page.getByTitle('What changed against the prediction').click();
    await page.getByRole('columnheader', { name: 'Dice' }).waitFor();
    await page.mouse.move(5, 400);
    await settle(page);
  }),
  view('train', BOTH, async (page) => {
    await go(page, 'Train', '.entry');
    await page.getByRole('button', { name: /^round-2/ }).click();
    await asRound2(page);
    await evolutionSeen(page);
    await page.locator('header').filter({ hasText: 'round-2' }).filter({ hasText: 'finished' }).waitFor();
    await here(page, 'Train');
  }),
  view('train-options', DARK, async (page) => {
    await go(page, 'Train', '.entry');
    await page.getByRole('button', { name: 'Research' }).click();
    await page.locator('#option-steps').waitFor();
  }),
  view('report', BOTH, (page) => go(page, 'Report', '.cards')),
  view('train-running', DARK, async (page) => {
    await go(page, 'Train', '.entry');
    await asRound2(page);
    await page.getByRole('button', { name: 'Train', exact: true }).and(page.locator('.primary')).click();
    await page.getByText(/^step \d+ of 400/).waitFor();
    const [{ id: run }] = await ask(page, 'runs.list');
    leave = async () => {
      await ask(page, 'train.cancel', { run });
      await until(async () => (await ask(page, 'runs.list'))[0].state === 'cancelled', 'the run stopped');
    };
    await until(async () => (await ask(page, 'runs.list'))[0].step > 45, 'some steps', 900);
    await evolutionSeen(page);
    await page.locator('header').filter({ hasText: 'round-3' }).filter({ hasText: 'training' }).waitFor();
    await page.getByText(/^step \d+ of 400/).waitFor();
    await here(page, 'Train');
  }),
  view('keys', DARK, async (page) => {
    await go(page, 'Cases', '[role=grid] .row');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
  }),
  view('start', DARK, async (page) => {
    await ask(page, 'settings.set', { welcomed: false });
    await ask(page, 'projects.close');
    leave = async () => {
      const [project] = await ask(page, 'projects.recent');
      await ask(page, 'projects.open', { folder: project.folder });
      await ask(page, 'settings.set', { welcomed: true });
    };
    await page.locator('.recent .entry').first().waitFor();
    await settle(page);
    await here(page, 'Projects');
  }),
];

/**
 * Chooses round-2's options for the next run: its time is then the expected one, and no probe on this machine is needed, which
 * would say half a day where other programs compute.
 */
const asRound2 = async (page: Page) => {
  const fold = page.getByRole('button', { name: 'Research' });
  await fold.click();
  const { patch, spacing, labelledPerStep, unlabelledPerStep } = OPTIONS;
  const values = { steps: 400, patch: patch.join(','), spacing, labelledPerStep, unlabelledPerStep, validateEvery: 20 };
  for (const [key, value] of Object.entries(values)) {
    await page.locator(`#option-${key}`).fill(String(value));
    await page.locator(`#option-${key}`).press('Tab');
  }
  await page.getByPlaceholder('Name of the run (optional)').fill('round-3');
  // The running one of an earlier view took them too.
  await page.getByText(/measured in round-[23]/).waitFor();
  await fold.click();
};

/** Pictures of the prototypes are on the screen. */
const evolutionSeen = async (page: Page) => {
  await page.waitForFunction(() => {
    const pictures = [...document.querySelectorAll<HTMLImageElement>('[aria-label="Prototype evolution"] img')];
    return pictures.length > 2 && pictures.every((one) => one.complete && one.naturalWidth > 0);
  });
  await settle(page);
};

/** What a view has to put back once its picture is taken. */
let leave: (() => Promise<void>) | null = null;
export async function putBack(): Promise<void> {
  const back = leave;
  leave = null;
  await back?.();
}
