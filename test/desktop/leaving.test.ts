/** Leaving a project or deciding a case takes time: it is said, and what is clicked meanwhile counts. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { hold } from './hold.ts';
import { ask, place, ready } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openFilledWindow({ scans: 10 });
  page = window.page;
});
after(async () => window?.close());

test('a case chosen while a decision is kept is the one that opens', options, async () => {
  await place(page, 'Review');
  const queue = await ask(page, 'review.queue');
  const [first, , third] = queue;
  await ready(page, first.name);
  const release = await hold(page, 'review.decide');
  await page.keyboard.press('Enter');
  const list = page.getByRole('navigation', { name: 'Work list' });
  await list.getByRole('button', { name: new RegExp(third.name) }).click();
  await ready(page, third.name);
  release();
  await page
    .locator('.message')
    .filter({ hasText: `${first.name} is accepted` })
    .waitFor();
  await ready(page, third.name);
  await page.unroute('**/call/review.decide');
});

test(
  'a project that is left says that it is saved, and the screen chosen meanwhile is the one shown',
  options,
  async () => {
    const parent = (await ask(page, 'folders.browse', { path: window.scratch })).folder;
    await ask(page, 'projects.create', {
      ...{ parent, name: 'Second', preset: 'ct-kidney' },
      labels: [{ value: 1, name: 'kidney', colour: '#e69f00', locked: false }],
    });
    await page.getByRole('banner').getByRole('button', { name: 'Second' }).waitFor();
    await place(page, 'Projects');
    const release = await hold(page, 'projects.open');
    await page
      .getByRole('button', { name: /Filled/ })
      .first()
      .click();
    await page.getByRole('status').filter({ hasText: 'saving Second …' }).waitFor();
    await place(page, 'Report');
    release();
    await page.getByRole('banner').getByRole('button', { name: 'Filled' }).waitFor();
    await page.getByRole('heading', { name: 'Report' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'saving Second …' }).waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Report' }).waitFor();
    assert.deepEqual(window.problems, []);
  },
);
