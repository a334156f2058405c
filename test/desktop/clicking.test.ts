/** Click to mask against the real program: preview, refine, take, undo; before a model and after; killed in the middle nothing is lost. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { build } from '../../scripts/build.ts';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { createProject } from '../../src/project/store/index.ts';
import { keepPrediction } from '../services/predicted.ts';
import { addRun } from '../store/helpers.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { makeCohort } from './cohort.ts';
import { openToKill } from './killed-window.ts';
import { ask, maskOf, place, ready } from './whole-job.ts';

const SIZE = [48, 48, 32] as const;
const count = (mask: Uint8Array | null) => mask?.reduce((n, value) => n + (value ? 1 : 0), 0) ?? 0;
/** 5 x 5 x 5 voxels in the air, where Alt + arrows lead from the middle. */
function withFalsePart(mask: Uint8Array): Uint8Array {
  const out = mask.slice();
  for (let k = 14; k < 19; k++)
    for (let j = 2; j < 7; j++) out.fill(1, 2 + SIZE[0] * (j + SIZE[1] * k), 7 + SIZE[0] * (j + SIZE[1] * k));
  return out;
}

/** case_1 has nothing; case_2 has a prediction with a false part. */
async function project(folder: string, scans: string): Promise<Uint8Array> {
  const store = createProject(folder, { preset: 'ct-kidney', labels: [{ name: 'kidney' }] });
  await importScans(store, scans);
  const run = addRun(store, 'round-1');
  store.runs.update(run.id, { state: 'finished', step: run.options.steps, finishedAt: new Date().toISOString() });
  const { mask } = makePhantom('ct-abdomen', 2, SIZE);
  const truth = mask.data.map((value) => (value === 1 ? 1 : 0));
  const prediction = { ...mask, data: withFalsePart(truth) };
  const scan = store.scans.list().find(({ name }) => name === 'case_2')!;
  await keepPrediction(store, run, scan, prediction, new Array<number>(SIZE[2]).fill(0));
  store.close();
  return truth;
}

const preview = (page: Page, seeds: number) => page.waitForSelector(`[data-preview=shown][data-seeds="${seeds}"]`);
const noPreview = (page: Page) => page.waitForSelector('[data-preview]', { state: 'detached' });
const press = async (page: Page, key: string, times: number) => {
  for (let n = 0; n < times; n++) await page.keyboard.press(key);
};

test('clicks become a mask before a model and after, and a killed program takes nothing of them', {
  skip: noBrowser,
}, async (t) => {
  build();
  const cohort = await makeCohort(2, 0);
  const folder = join(cohort.root, 'project');
  const truth = await project(folder, cohort.scans);
  const { page, restart, problems } = await openToKill(t, cohort, folder);
  const [first, second] = (await ask(page, 'scans.list')).map(({ id }) => id);

  // Before a model: two points, a kill while the preview stands, taken, undone, done again, a kill.
  await page.getByRole('button', { name: 'case_1', exact: true }).click();
  await ready(page, 'case_1');
  await page.keyboard.press('j');
  await preview(page, 1);
  await press(page, 'Alt+ArrowRight', 8);
  await page.keyboard.press('Shift+J');
  await preview(page, 2);
  const cut = await page.evaluate(() =>
    [...document.querySelectorAll('[data-preview] button')].flatMap((button) =>
      button.scrollWidth > button.clientWidth ? [button.textContent] : [],
    ),
  );
  assert.deepEqual(cut, [], 'every answer to a preview can be read whole');
  await restart();
  assert.equal(count(await maskOf(page, first, 'manual')), 0, 'a preview is not kept');
  await preview(page, 2);
  // Ctrl+Z takes a point back and Ctrl+Shift+Z puts it back; an edit is redone only once the preview is decided on.
  await page.keyboard.press('Control+z');
  await preview(page, 1);
  await page.keyboard.press('Control+Shift+z');
  await preview(page, 2);
  await page.keyboard.press('Control+Shift+z');
  await page.getByText('Redo must come after the mask of the clicks').waitFor();
  await page.keyboard.press('Enter');
  await noPreview(page);
  await until(async () => count(await maskOf(page, first, 'manual')) > 0, 'the mask on the disk');
  const taken = await maskOf(page, first, 'manual');
  await page.keyboard.press('Control+z');
  await until(async () => count(await maskOf(page, first, 'manual')) === 0, 'one undo');
  await page.keyboard.press('Control+Shift+z');
  await until(async () => count(await maskOf(page, first, 'manual')) === count(taken), 'the redo');

  // Taken, and the case left, before the answer is there: nothing of it is lost.
  await page.keyboard.press('Control+z');
  await until(async () => count(await maskOf(page, first, 'manual')) === 0, 'the undo', 30);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.keyboard.press('b');
  await until(async () => count(await maskOf(page, first, 'manual')) > 0, 'the mask worked out after Enter', 30);
  await page.keyboard.press('Control+z');
  await until(async () => count(await maskOf(page, first, 'manual')) === 0, 'one step', 30);
  await page.keyboard.press('j');
  await place(page, 'Cases');
  await until(async () => count(await maskOf(page, first, 'manual')) > 0, 'the mask of a case that was left', 30);
  const left = await maskOf(page, first, 'manual');
  await page.getByRole('button', { name: 'case_1', exact: true }).click();
  await ready(page, 'case_1');
  await restart();
  await page.reload();
  await ready(page, 'case_1');
  assert.deepEqual(await maskOf(page, first, 'manual'), left);

  // After a model: one "not this" takes the false part away, and nothing else.
  await place(page, 'Review');
  await ready(page, 'case_2');
  await press(page, 'Alt+ArrowLeft', 20);
  await press(page, 'Alt+ArrowUp', 20);
  await page.keyboard.press('Shift+J');
  await preview(page, 1);
  await restart();
  await page.keyboard.press('Enter');
  await noPreview(page);
  await until(async () => (await maskOf(page, second, 'corrected')) !== null, 'the correction on the disk');
  assert.deepEqual(await maskOf(page, second, 'corrected'), truth);
  await page.keyboard.press('Control+z');
  await until(async () => count(await maskOf(page, second, 'corrected')) === count(withFalsePart(truth)), 'one undo');
  await page.keyboard.press('Control+Shift+z');
  await until(async () => count(await maskOf(page, second, 'corrected')) === count(truth), 'the redo');
  await restart();
  await page.reload();
  await ready(page, 'case_2');
  assert.deepEqual(await maskOf(page, second, 'corrected'), truth);
  assert.deepEqual(await maskOf(page, second, 'predicted'), withFalsePart(truth));
  assert.deepEqual(problems, []);
});
