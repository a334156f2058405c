/** What is typed while the program takes its time to answer is what counts. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { hold } from './hold.ts';
import { ask, place, ready } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openFilledWindow({ scans: 4, decided: false });
  page = window.page;
});
after(async () => window?.close());

test('a name typed as soon as its field is there is kept', options, async () => {
  await place(page, 'Cases');
  await page.getByRole('button', { name: 'case_1', exact: true }).click();
  await ready(page, 'case_1');
  const release = await hold(page, 'settings.get');
  await page.getByText('Who did what').click();
  const field = page.getByLabel('Your name');
  await field.fill('  Wang ');
  release();
  // An answer that was held is there before this one.
  await ask(page, 'settings.get');
  await field.press('Tab');
  await until(async () => (await ask(page, 'settings.get')).person === 'Wang', 'the name kept');
  await until(async () => (await field.inputValue()) === 'Wang', 'the name as it is kept');
});

test('a path typed before the first folder is listed takes the place of that folder’s path', options, async () => {
  const wanted = join(window.scratch, 'wanted');
  mkdirSync(wanted);
  await place(page, 'Cases');
  const release = await hold(page, 'folders.browse');
  await page.getByRole('button', { name: 'Import scans', exact: true }).click();
  const field = page.getByLabel('Path of the folder');
  await field.focus();
  await field.evaluate((node: HTMLInputElement) => node.select());
  release();
  await until(async () => (await field.inputValue()) !== '', 'the first folder');
  await page.keyboard.insertText(wanted);
  assert.equal(await field.inputValue(), wanted);
  await page.keyboard.press('Enter');
  await page.locator(`[data-listed=${JSON.stringify(wanted)}]`).waitFor();
  // A path is gone on with where it ends.
  await page.keyboard.insertText('/deeper');
  assert.equal(await field.inputValue(), `${wanted}/deeper`);
  await page.getByRole('button', { name: 'Cancel' }).click();
});

test('an option that is being typed stays where a plan brings another default for it', options, async () => {
  await place(page, 'Train');
  await page.getByRole('button', { name: 'Research' }).click();
  const field = page.locator('#option-foregroundShare');
  assert.equal(await field.inputValue(), '0');
  const release = await hold(page, 'train.plan', (plan) => ({ ...plan, smallStructures: 'few' }));
  const asked = page.waitForRequest('**/call/train.plan');
  await page.getByRole('radio', { name: /quick/ }).check();
  await asked;
  await field.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('0.');
  release();
  await until(async () => (await page.locator('#option-region').inputValue()) === 'auto', 'what the plan came to');
  await page.keyboard.insertText('5');
  assert.equal(await field.inputValue(), '0.5');
  const taken = page.waitForRequest((request) => /foregroundShare":0\.5\b/.test(request.postData() ?? ''));
  await page.keyboard.press('Tab');
  await taken;
  // What does not fit stays to be mended, and the cure stands beside it.
  await field.fill('7');
  await field.press('Tab');
  await page
    .locator('#help-foregroundShare')
    .getByText(/^Must be /)
    .waitFor();
  assert.equal(await field.inputValue(), '7');
});
