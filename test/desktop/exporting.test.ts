/** What leaves the project is asked for in the window, with its counts; a typed folder is the one that is used. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { ask, place } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
before(async () => {
  if (!noBrowser) window = await openFilledWindow();
});
after(async () => window?.close());

const dialog = () => window.page.getByRole('dialog', { name: 'Export', exact: true });
const openDialog = () => window.page.getByRole('button', { name: 'Export', exact: true }).click();

/** Types a folder and chooses it at once, without Enter. */
async function typeFolder(path: string): Promise<void> {
  await dialog().getByRole('button', { name: 'Choose…' }).click();
  const browser = window.page.getByRole('dialog', { name: 'Export into' });
  await browser.getByText(/in this folder/).waitFor();
  await browser.getByLabel('Path of the folder').fill(path);
  await browser.getByRole('button', { name: 'Choose this folder' }).click();
}

async function exported(name: string): Promise<string[]> {
  const folder = join(window.scratch, name);
  mkdirSync(folder);
  await typeFolder(folder);
  await dialog().getByText(folder).waitFor();
  await dialog().getByRole('button', { name: 'Export', exact: true }).click();
  await dialog().waitFor({ state: 'detached' });
  await until(async () => (await ask(window.page, 'jobs.list')).every(({ status }) => status === 'done'), 'exported');
  return readdirSync(folder).sort();
}
const files = (...cases: number[]) => cases.map((n) => `case_${n}.nii.gz`);

test('the counts stand beside the choices, and the accepted alone are exported unless asked', options, async () => {
  await place(window.page, 'Cases');
  await openDialog();
  const counts = () => dialog().locator('[data-count]').allTextContents();
  await until(async () => (await counts()).join() === '4,4,6', 'the counts');
  await dialog().getByText('2 of them predictions that nobody has looked at.').waitFor();
  assert.deepEqual(await exported('accepted'), files(1, 2, 3, 4));
});

test('predictions, both, and rejected masks where they are asked for', options, async () => {
  await openDialog();
  await dialog()
    .getByRole('radio', { name: /^Predictions/ })
    .check();
  assert.deepEqual(await exported('predictions'), files(3, 4, 6, 7));
  await openDialog();
  await dialog().getByRole('radio', { name: /^Both/ }).check();
  await dialog().getByRole('checkbox', { name: '1 rejected mask too' }).check();
  assert.deepEqual(await exported('both'), files(1, 2, 3, 4, 5, 6, 7));
});

test('selected scans alone', options, async () => {
  const { page } = window;
  for (const name of ['case_1', 'case_6']) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  await openDialog();
  await dialog().getByRole('checkbox', { name: 'Only the 2 selected scans' }).check();
  await until(
    async () => (await dialog().locator('[data-count]').allTextContents()).join() === '1,1,2',
    'the counts of two scans',
  );
  assert.deepEqual(await exported('selected'), files(1));
});

test('a typed folder that cannot be read stays an error, and nothing is chosen', options, async () => {
  await openDialog();
  await typeFolder(join(window.scratch, 'not', 'there'));
  const browser = window.page.getByRole('dialog', { name: 'Export into' });
  await browser.getByRole('alert').waitFor();
  await browser.getByRole('button', { name: 'Cancel' }).click();
  await dialog().getByText('no folder chosen').waitFor();
  assert.equal(await dialog().getByRole('button', { name: 'Export', exact: true }).isDisabled(), true);
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  assert.deepEqual(window.problems, []);
});
