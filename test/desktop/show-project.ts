/**
 * The project that the pictures of the docs show: phantoms, some labelled, two rounds of training, predictions, reviews.
 * Everything in it was made by the program itself, through the calls that the window makes.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { writeNifti } from '../../src/main/imaging/index.ts';
import { importScans } from '../../src/main/services/import.ts';
import { createProject } from '../../src/main/store/index.ts';
import { ask, place, ready, stroke, until } from './whole-job.ts';

/** Twice as fine as the demo's phantoms along each side in the slice, so that pictures look like scans. */
const SIZE = [144, 108, 56] as const;
const SCANS = 16;
const LABELLED = 3;
const OPTIONS = { width: 8, patch: [48, 48, 32], spacing: 2.5, labelledPerStep: 1, unlabelledPerStep: 1 };

/** Scans and masks of a new project in `folder`; the window does the rest. */
export async function makeShowProject(folder: string): Promise<void> {
  const [scans, masks] = [`${folder}-scans`, `${folder}-masks`];
  for (const path of [scans, masks]) mkdirSync(path, { recursive: true });
  for (let n = 1; n <= SCANS; n++) {
    const phantom = makePhantom('ct-abdomen', n, SIZE);
    const name = `abdomen_${String(n).padStart(3, '0')}.nii.gz`;
    await writeNifti(join(scans, name), phantom.scan);
    if (n <= LABELLED) await writeNifti(join(masks, name), phantom.mask);
  }
  const store = createProject(folder, {
    name: 'Kidneys 2026',
    preset: 'ct-kidney',
    labels: [{ name: 'kidney', colour: '#e69f00', term: { scheme: 'SCT', code: '64033007', meaning: 'Kidney' } }],
  });
  await importScans(store, scans, { labels: masks });
  store.close();
  for (const path of [scans, masks]) rmSync(path, { recursive: true });
}

const finished = (page: Page) =>
  until(
    async () => (await ask(page, 'jobs.list')).every((job) => job.status !== 'running' && job.status !== 'paused'),
    'every job done',
    3600,
  );

/** Trains `steps` steps and predicts what is not labelled; resolves when nothing runs any more. */
async function round(page: Page, name: string, notes: string, options: Record<string, unknown>): Promise<void> {
  await ask(page, 'train.start', { name, notes, validation: 1, options: { ...OPTIONS, ...options } as never });
  await finished(page);
  await ask(page, 'predictions.start', { scans: 'all' });
  await finished(page);
}

/** Two rounds, with cases accepted, corrected and rejected in between. `steps` of the first; the second has as many. */
export async function fillShowProject(page: Page, steps: number): Promise<void> {
  await round(page, 'supervised', 'The first round, labelled scans alone.', { method: 'supervised', steps });
  const queue = await ask(page, 'review.queue');
  for (const { scan, name } of queue.slice(0, 3)) {
    await place(page, 'Cases');
    await page.getByRole('button', { name, exact: true }).click();
    await ready(page, name);
    await page.keyboard.press('n');
    await page.keyboard.press('b');
    await stroke(page);
    await page.locator('[data-save="saved"]').waitFor();
    await page.keyboard.press('Enter');
    await until(async () => (await ask(page, 'scans.list')).find((row) => row.id === scan)?.state === 'reviewed', name);
  }
  for (const { scan } of queue.slice(-2)) await ask(page, 'review.decide', { scan, decision: 'accept' });
  await ask(page, 'review.decide', { scan: queue[4].scan, decision: 'reject' });
  await round(page, 'cpcl', 'Second round, with the accepted masks.', { method: 'cpcl', steps, validateEvery: 20 });
  const next = await ask(page, 'review.queue');
  for (const { scan } of next.slice(-2)) await ask(page, 'review.decide', { scan, decision: 'accept' });
}
