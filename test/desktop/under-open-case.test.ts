/** What changes under an open case: its file, its labels, its strokes from another window. Nothing drawn is lost. */
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { volumeFile } from '../../src/project/store/index.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type Served, startServed } from './served.ts';
import { ask, importWithMasks, makeProject, maskOf, place, ready, stroke } from './whole-job.ts';

const options = { skip: noBrowser };
let served: Served;
let page: Page;

before(async () => {
  if (noBrowser) return;
  served = await startServed(2, 1);
  page = served.page;
  await makeProject(served.shell, served.cohort, 'Under');
  await importWithMasks(served.shell, served.cohort, 2);
  await page.getByRole('button', { name: 'case_2', exact: true }).click();
  await ready(page, 'case_2');
});
after(async () => {
  if (!noBrowser) await served.close();
});

const scanOf = async (name: string) => (await ask(page, 'scans.list')).find((row) => row.name === name)!.id;
const voxels = async (value: number) => {
  const mask = await maskOf(page, await scanOf('case_2'), 'manual');
  return mask?.filter((one) => one === value).length ?? 0;
};
const saved = () => page.locator('[data-save="saved"]').filter({ hasText: 'ago' }).waitFor();

test(
  'a file that vanishes while its case is open takes no stroke with it, and is named at the next opening',
  options,
  async () => {
    const path = join(served.cohort.projects, 'Under', volumeFile(await scanOf('case_2')));
    renameSync(path, `${path}.away`);
    try {
      await page.keyboard.press('b');
      await stroke(page);
      await saved();
      await until(async () => (await voxels(1)) > 0, 'the stroke on the disk');
      await page.reload();
      await place(page, 'Cases');
      await page.getByRole('button', { name: 'case_2', exact: true }).click();
      const message = page.getByRole('alert').filter({ hasText: 'This case cannot be opened' });
      await message.waitFor();
      assert.match(await message.innerText(), /has gone from the project.*backup/s);
    } finally {
      renameSync(`${path}.away`, path);
    }
    const drawn = await voxels(1);
    await page.getByRole('button', { name: 'Try again' }).click();
    await ready(page, 'case_2');
    assert.equal(await voxels(1), drawn);
    assert.ok(drawn > 0);
  },
);

test('a label taken away while the brush has it: the brush takes another, and says its name', options, async () => {
  const { labels } = (await ask(page, 'projects.current'))!;
  const other = { value: 2, name: 'lesion', colour: '#56b4e9', locked: false };
  await ask(page, 'projects.setLabels', { labels: [...labels, other] });
  await page.getByRole('radio', { name: 'lesion' }).click();
  await page.getByRole('heading', { name: 'On lesion' }).waitFor();
  await ask(page, 'projects.setLabels', { labels });
  await page.getByRole('heading', { name: 'On kidney' }).waitFor();
  const before = await voxels(1);
  await page.keyboard.press('b');
  await page.locator('[data-plane="axial"]').hover();
  await page.mouse.wheel(0, 100);
  await stroke(page);
  await until(async () => (await voxels(1)) > before, 'a stroke of the kidney');
  assert.equal(await voxels(2), 0);
});

test('a label that only the strokes of the open case hold is in use: it stays', options, async () => {
  const { labels } = (await ask(page, 'projects.current'))!;
  const other = { value: 2, name: 'lesion', colour: '#56b4e9', locked: false };
  await ask(page, 'projects.setLabels', { labels: [...labels, other] });
  await page.getByRole('radio', { name: 'lesion' }).click();
  await page.locator('[data-plane="axial"]').hover();
  for (let n = 0; n < 2; n++) await page.mouse.wheel(0, 100);
  await page.keyboard.press('b');
  await stroke(page);
  await until(async () => (await voxels(2)) > 0, 'a stroke of the lesion');
  const drawn = await voxels(2);
  await assert.rejects(ask(page, 'projects.setLabels', { labels }), /label\/in-use/);
  assert.equal((await ask(page, 'projects.current'))?.labels.length, 2);
  assert.equal(await voxels(2), drawn);
});

test(
  'two windows on one case: each shows what the other drew, and neither takes strokes of the other away',
  options,
  async () => {
    const second = await page
      .context()
      .browser()!
      .newPage({ viewport: { width: 1280, height: 800 } });
    second.setDefaultTimeout(120_000);
    await second.goto(served.server.url);
    // A new window opens where the last one was.
    await place(second, 'Cases');
    await second.getByRole('button', { name: 'case_2', exact: true }).click();
    await ready(second, 'case_2');
    const slices = page.locator('[data-strips]');
    const go = async (from: Page, key: string) => {
      await from.locator('[data-plane="axial"]').hover();
      await from.keyboard.press('b');
      await from.keyboard.press(key);
    };
    await page.bringToFront();
    await go(page, 'Home');
    await page.getByRole('radio', { name: 'kidney' }).click();
    const before = await voxels(1);
    await stroke(page);
    await until(async () => (await voxels(1)) > before, "the first window's stroke");
    const first = await voxels(1);
    await second.bringToFront();
    await second.getByRole('alert').filter({ hasText: 'another window' }).waitFor();
    await ready(second, 'case_2');
    // Across the same voxels, so that the box that is saved holds the other window's too.
    await go(second, 'Home');
    await second.getByRole('radio', { name: 'kidney' }).click();
    const box = (await second.locator('[data-plane="axial"]').boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await second.mouse.move(x, y - 60);
    await second.mouse.down();
    await second.mouse.move(x, y + 60, { steps: 6 });
    await second.mouse.up();
    await until(async () => (await voxels(1)) > first, 'both strokes');
    await page.bringToFront();
    await page.getByRole('alert').filter({ hasText: 'another window' }).waitFor();
    await ready(page, 'case_2');
    assert.equal(await slices.getAttribute('aria-valuenow'), '1', 'the slice stays');
    await second.close();
    const both = await voxels(1);
    await page.reload();
    await place(page, 'Annotate');
    await ready(page, 'case_2');
    assert.equal(await voxels(1), both);
  },
);

test('one slice of the voxels comes by itself, and one that is not there is refused', options, async () => {
  const scan = await scanOf('case_1');
  const fetched = (query: string) =>
    page.evaluate(async (path) => {
      const authorization = `Bearer ${sessionStorage.getItem('decile-key')}`;
      const response = await fetch(path, { headers: { authorization } });
      return { status: response.status, bytes: [...new Uint8Array(await response.arrayBuffer())] };
    }, `/data/volume/${scan}${query}`);
  const [whole, slice] = [await fetched(''), await fetched('?k=5')];
  const inSlice = whole.bytes.length / 32;
  assert.deepEqual(slice.bytes, whole.bytes.slice(5 * inSlice, 6 * inSlice));
  for (const k of ['32', '-1', '1.5', 'x']) assert.equal((await fetched(`?k=${k}`)).status, 404, k);
});

test('the page threw nothing', options, () => {
  const unexpected = served.problems.filter((problem) => !/status of 404|status of 400/.test(problem));
  assert.deepEqual(unexpected, []);
});
