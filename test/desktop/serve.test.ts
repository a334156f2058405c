/** The whole job through `decile serve`: built pages in Chromium, real handlers, a real training run. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { becomes } from '../waits.ts';
import { noBrowser } from './browser.ts';
import type { Cohort } from './cohort.ts';
import { type Served, startServed } from './served.ts';
import {
  ask,
  drawOn,
  exportAndCompare,
  importWithMasks,
  makeProject,
  maskOf,
  moreTools,
  place,
  predictTheRest,
  ready,
  reviewOne,
  type Shell,
  trainAFew,
} from './whole-job.ts';

let served: Served;
let cohort: Cohort;
let page: Page;
let shell: Shell;
let drawn = 0;

before(async () => {
  if (noBrowser) return;
  served = await startServed(4, 1);
  ({ cohort, page, shell } = served);
});
after(async () => {
  if (!noBrowser) await served.close();
});

const options = { skip: noBrowser };

test('the address in the page no longer holds the token', options, () => {
  assert.equal(page.url(), `${served.server.origin}/`);
});

test('a project is made, and a folder with masks imported, by dialogs', options, async () => {
  await makeProject(shell, cohort, 'Kidneys');
  await importWithMasks(shell, cohort, 4);
  const rows = await ask(page, 'scans.list');
  assert.deepEqual(
    rows.map((row) => [row.name, row.state]),
    [
      ['case_1', 'labelled'],
      ['case_2', 'unlabelled'],
      ['case_3', 'unlabelled'],
      ['case_4', 'unlabelled'],
    ],
  );
});

test(
  'a brush stroke is saved by itself, undone and redone on the disk too, and there after a reload',
  options,
  async () => {
    drawn = await drawOn(page, 'case_2');
    const before = await maskOf(page, drawn, 'manual');
    await page.reload();
    await place(page, 'Annotate');
    await ready(page, 'case_2');
    assert.deepEqual(await maskOf(page, drawn, 'manual'), before);
    assert.equal((await ask(page, 'scans.list')).find((row) => row.id === drawn)?.state, 'drawing');
  },
);

test(
  'the threshold brush keeps to its range and interpolation fills between slices, on the disk too',
  options,
  async () => {
    await moreTools(page, drawn);
  },
);

test(
  'Enter accepts the drawing and offers the next scan; back in the list, its row has the keys',
  options,
  async () => {
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => !document.querySelector('[data-phase="loading"]'));
    const state = async () => (await ask(page, 'scans.list')).find((row) => row.id === drawn)?.state;
    await becomes(state, 'labelled');
    await page.locator('button.primary:focus').filter({ hasText: 'Draw on' }).waitFor();
    await page.getByRole('button', { name: 'Back to the cases' }).last().click();
    await page.locator('[role=grid]:focus .row.focus').filter({ hasText: 'case_2' }).waitFor();
  },
);

test('training starts with one button, pauses, goes on, and draws its curves', options, async () => {
  await trainAFew(page, 12);
});

test('the other scans are predicted, and the review queue ranks them', options, async () => {
  await predictTheRest(page, 2);
});

test('a flagged case is corrected, accepted, and the next one opens', options, async () => {
  const scan = await reviewOne(page);
  const name = (await ask(page, 'scans.list')).find((row) => row.id === scan)!.name;
  await exportAndCompare(shell, cohort, scan, name, 'corrected');
});

test('the report compares the correction with the prediction', options, async () => {
  await place(page, 'Report');
  await page.getByText('Cases, worst first').waitFor();
  const { cases, corrected } = await ask(page, 'report.summary', {});
  assert.equal(corrected, 1);
  assert.equal(cases.length, 1);
  assert.ok(cases[0].dice < 100 && cases[0].addedMl > 0);
});

test('deleted scans come back by Undo, with their masks', options, async () => {
  await place(page, 'Cases');
  await page.getByRole('checkbox', { name: 'Select case_2' }).check();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('1 scan deleted from the project.').waitFor();
  assert.equal((await ask(page, 'scans.list')).length, 3);
  await page.locator('.message', { hasText: 'deleted from' }).getByRole('button', { name: 'Undo' }).click();
  await becomes(async () => (await ask(page, 'scans.list')).length, 4);
  assert.equal((await ask(page, 'scans.list')).find((row) => row.id === drawn)?.state, 'labelled');
});

test('the page broke no rule of its content security policy and threw nothing', options, () => {
  assert.deepEqual(served.problems, []);
});
