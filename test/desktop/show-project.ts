/**
 * The project that the pictures of the docs show: phantoms, some labelled, two rounds of training, predictions, reviews.
 * Everything in it was made by the program itself, through the calls that the window makes.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { createProject } from '../../src/project/store/index.ts';
import { until } from '../waits.ts';
import { ask } from './whole-job.ts';

/** Finer than the demo's phantoms, so that pictures look like scans. */
export const SIZE = [112, 84, 48] as const;
const SCANS = 12;
const LABELLED = 4;
export const OPTIONS = {
  width: 8,
  patch: [64, 48, 32] as [number, number, number],
  spacing: 'native' as const,
  labelledPerStep: 1,
  unlabelledPerStep: 1,
};

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
  await ask(page, 'predictions.start', { scans: 'unlabelled' });
  await finished(page);
}

/** A correction as a careful reader would draw it: the phantom's own mask. */
async function correct(page: Page, scan: number, name: string): Promise<void> {
  const { mask } = makePhantom('ct-abdomen', Number(name.slice(-3)), SIZE);
  await page.evaluate(
    async ([id, values]) => {
      const bytes = Uint8Array.from(atob(values), (letter) => letter.charCodeAt(0));
      const authorization = `Bearer ${sessionStorage.getItem('decile-key')}`;
      const headers = { 'content-type': 'application/octet-stream', authorization };
      await fetch(`/data/mask/${id}/corrected`, { method: 'PUT', headers, body: bytes });
    },
    [scan, Buffer.from(mask.data).toString('base64')] as const,
  );
  await ask(page, 'review.decide', { scan, decision: 'accept' });
}

/** Two rounds, with cases corrected, accepted and rejected in between; `steps` in each. */
export async function fillShowProject(page: Page, steps: number): Promise<void> {
  await round(page, 'round-1', 'The first round, labelled scans alone.', { method: 'supervised', steps });
  const queue = await ask(page, 'review.queue');
  for (const { scan, name } of queue.slice(1, 4)) await correct(page, scan, name);
  await ask(page, 'review.decide', { scan: queue.at(-1)!.scan, decision: 'accept' });
  await ask(page, 'review.decide', { scan: queue[0].scan, decision: 'reject' });
  await round(page, 'round-2', 'With the corrected masks.', { method: 'bcp', steps, validateEvery: 25 });
  const next = await ask(page, 'review.queue');
  await correct(page, next[1].scan, next[1].name);
  await ask(page, 'review.decide', { scan: next.at(-1)!.scan, decision: 'accept' });
}
