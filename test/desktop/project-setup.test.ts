/** Setting a project up: sets of labels with coded terms, and the range of intensities changed later, seen on a scan. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
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

const settings = async () => {
  await place(page, 'Cases');
  await page.getByRole('button', { name: 'Labels', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Labels of this project' });
  await dialog.waitFor();
  return dialog;
};

test('a set brings its labels with coded terms and colours that differ', options, async () => {
  const dialog = await settings();
  await dialog.getByLabel('Add a set of labels').selectOption('vertebrae');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  const labels = (await ask(page, 'projects.current'))!.labels;
  assert.equal(labels.length, 2 + 24);
  assert.equal(labels.find(({ name }) => name === 'vertebra L5')?.code?.value, '49668003');
  assert.equal(new Set(labels.slice(0, 16).map(({ colour }) => colour)).size, 16);
});

test('a label that is deleted with another added in its place does not become its new name', options, async () => {
  const labels = async () => (await ask(page, 'projects.current'))!.labels.map(({ value, name }) => `${value} ${name}`);
  const before = await labels();
  const dialog = await settings();
  await dialog
    .getByRole('button', { name: /^Delete / })
    .last()
    .click();
  await dialog.getByRole('button', { name: 'Add a label' }).click();
  await dialog.getByLabel('Name of the label').last().fill('stent');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(
    await labels(),
    [...before.slice(0, -1), `${before.length} stent`],
    'of one in no mask the value is free',
  );
  const again = await settings();
  for (let n = before.length; n > 1; n--)
    await again
      .getByRole('button', { name: /^Delete / })
      .last()
      .click();
  await again.getByRole('button', { name: 'Add a label' }).click();
  await again.getByLabel('Name of the label').last().fill('stone');
  await again.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The labels cannot be changed').waitFor();
  assert.deepEqual(await labels(), [...before.slice(0, -1), `${before.length} stent`]);
  await again.getByRole('button', { name: 'Cancel' }).click();
});

test('the range is changed later, seen on a scan, with a note on earlier runs', options, async () => {
  const dialog = await settings();
  const picture = dialog.getByRole('img', { name: /case_\d+ between -75 and 175 HU/ });
  await picture.waitFor();
  const brightness = () =>
    dialog.getByRole('img').evaluate((node) => {
      const canvas = node as HTMLCanvasElement;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return data.reduce((sum, value, n) => sum + (n % 4 === 0 ? value : 0), 0) / (data.length / 4);
    });
  const before = await brightness();
  await dialog.getByText(/the earlier run keeps its own range/).waitFor();
  await dialog.getByLabel('Lowest intensity, HU').fill('100');
  await dialog.getByLabel('Highest intensity, HU').fill('90');
  await dialog.getByText('The lower intensity must be below the higher one.').waitFor();
  await dialog.getByLabel('Highest intensity, HU').fill('300');
  await dialog.getByRole('img', { name: /between 100 and 300 HU/ }).waitFor();
  await until(async () => (await brightness()) < before, 'a darker picture');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual((await ask(page, 'projects.current'))!.range, [100, 300]);
  const again = await settings();
  assert.equal(await again.getByLabel('Lowest intensity, HU').inputValue(), '100');
  const wider = again.getByLabel('Wider where it clips most of a label');
  assert.equal(await wider.isChecked(), false);
  await wider.check();
  assert.equal(await again.getByLabel('Lowest intensity, HU').inputValue(), '-75');
  await again.getByRole('button', { name: 'Save' }).click();
  await again.waitFor({ state: 'detached' });
  assert.equal((await ask(page, 'projects.current'))!.range, null);
  assert.deepEqual(window.problems, []);
});
