/** The window asks whether scans of another kind than the project belong to it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { el } from '../../src/imaging/dicom/encode.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { ask, place } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openFilledWindow({ scans: 4, decided: false });
  page = window.page;
});
after(async () => window?.close());

async function importMr(first: number): Promise<void> {
  const path = join(window.scratch, `mr-${first}`);
  writeSeries(path, {
    positions: Array.from({ length: 4 }, (_, k) => [0, 0, 3 * k]),
    value: (i, j, k) => first + i + 10 * j + 100 * k,
    extra: () => [el('00080060', 'CS', 'MR')],
    description: `mr ${first}`,
  });
  const { folder } = await ask(page, 'folders.browse', { path });
  await ask(page, 'scans.import', { folder });
}
const other = async () => (await ask(page, 'scans.list')).find(({ modality }) => modality === 'MR');

test('an MR scan in a project of CT is asked about, and joins where the person says so', options, async () => {
  await place(page, 'Cases');
  await importMr(1);
  const message = page
    .getByRole('alert')
    .filter({ hasText: 'One scan is not like the project: MR in a project of CT.' });
  await message.getByRole('button', { name: 'Do they belong?' }).click();
  assert.equal((await other())?.leftOut, 'MR in a project of CT');
  const group = page.getByRole('dialog', { name: 'Jobs' }).getByRole('group', { name: 'Other kinds of scans' });
  await group.getByText('MR in a project of CT').waitFor();
  await group.getByRole('button', { name: 'Take it in' }).click();
  await until(async () => (await other())?.leftOut === undefined, 'taken in', 40);
  await group.waitFor({ state: 'detached' });
});

test('it is removed where the person says so, with an Undo', options, async () => {
  await ask(page, 'scans.remove', { scans: [(await other())!.id] });
  await page.keyboard.press('Escape');
  await importMr(7);
  await page.getByRole('button', { name: 'Do they belong?' }).click();
  await page.getByRole('group', { name: 'Other kinds of scans' }).getByRole('button', { name: 'Remove' }).click();
  await until(async () => (await other()) === undefined, 'removed', 40);
  await page.keyboard.press('Escape');
  await page
    .locator('.message')
    .filter({ hasText: 'The scan is removed.' })
    .getByRole('button', { name: 'Undo' })
    .click();
  await until(async () => (await other())?.leftOut === 'MR in a project of CT', 'back, and still left out', 40);
  assert.deepEqual(window.problems, []);
});
