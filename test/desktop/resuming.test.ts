/** After a reload or a restart: the same screen, filter, place in the list and case. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { ProjectView } from '../../src/shared/contract/index.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { ask, place, ready } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openFilledWindow({ scans: 12 });
  page = window.page;
});
after(async () => window?.close());

const AGAIN = {
  'a reload': () => page.reload(),
  'a restart': () => window.restart(),
};
const view = () => ask(page, 'views.get');
const kept = (holds: (view: ProjectView) => boolean) =>
  until(async () => {
    const now = await view();
    return now !== null && holds(now);
  }, 'the view kept');

for (const [name, again] of Object.entries(AGAIN)) {
  test(`${name} leads to the same case with the same filter of the list`, options, async () => {
    await place(page, 'Review');
    const list = page.getByRole('navigation', { name: 'Work list' });
    await list.getByLabel('Show in the list').selectOption('corrected');
    await list.getByRole('button', { name: /case_4/ }).click();
    await ready(page, 'case_4');
    const scan = (await ask(page, 'scans.list')).find((row) => row.name === 'case_4')!.id;
    await kept(({ scans, filters }) => scans.review === scan && filters.review === 'corrected');
    await again();
    await ready(page, 'case_4');
    assert.equal(await list.getByLabel('Show in the list').inputValue(), 'corrected');
    assert.equal(await list.locator('[aria-current=true] b').innerText(), 'case_4');
    await list.getByLabel('Show in the list').selectOption('to review');
  });

  test(`${name} leads to the same table, filtered, sorted and on the same row`, options, async () => {
    await place(page, 'Cases');
    const group = page.getByRole('group', { name: 'Show' });
    await group.getByRole('button', { name: /^predicted/ }).click();
    await page.getByPlaceholder('Search names').fill('case_1');
    await page.getByRole('button', { name: 'Uncertainty' }).click();
    const rows = () => page.locator('.row .name button').allInnerTexts();
    const before = await rows();
    assert.deepEqual(before, ['case_11', 'case_10'], 'most uncertain first');
    await kept(({ place: at, table }) => at === 'cases' && table.search === 'case_1' && table.column === 'uncertainty');
    await again();
    await page.locator('.row').first().waitFor();
    assert.deepEqual(await rows(), before);
    assert.equal(await group.getByRole('button', { name: /^predicted/ }).getAttribute('aria-pressed'), 'true');
    assert.equal(await page.getByPlaceholder('Search names').inputValue(), 'case_1');
    await page.getByPlaceholder('Search names').fill('');
    await group.getByRole('button', { name: /^All/ }).click();
    await page.getByRole('button', { name: 'Name', exact: true }).click();
  });
}

test(
  'a table that was scrolled stands on the same rows after a reload, with many cases that were open before',
  options,
  async () => {
    await place(page, 'Cases');
    await page.getByRole('button', { name: 'case_1', exact: true }).click();
    await ready(page, 'case_1');
    await page.setViewportSize({ width: 1280, height: 420 });
    await place(page, 'Cases');
    const grid = page.getByRole('grid', { name: 'Scans' });
    await grid.hover();
    await page.mouse.wheel(0, 96);
    await kept(({ place: at, table }) => at === 'cases' && table.row === 3);
    await page.reload();
    await page.locator('.row').first().waitFor();
    await until(async () => (await grid.evaluate((node) => node.scrollTop)) === 96, 'the same rows');
    await page.setViewportSize({ width: 1280, height: 720 });
  },
);

test('a case that was deleted meanwhile is not opened again', options, async () => {
  await place(page, 'Cases');
  await page.getByRole('button', { name: 'case_1', exact: true }).click();
  await ready(page, 'case_1');
  const scan = (await ask(page, 'scans.list')).find((row) => row.name === 'case_1')!.id;
  await kept(({ scans }) => scans.annotate === scan);
  await ask(page, 'scans.remove', { scans: [scan] });
  await page.reload();
  await page.locator('.viewer[data-phase=ready]').waitFor();
  assert.notEqual(await page.locator('.viewer aside h1').innerText(), 'case_1');
  assert.deepEqual(window.problems, []);
});
