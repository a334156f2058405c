/** Decisions that cannot go wrong: Done asks, each decision has a way back, Enter does one thing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { ask, maskOf, place, ready, stroke } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openFilledWindow({ scans: 9 });
  page = window.page;
});
after(async () => window?.close());

const scanOf = async (name: string) => (await ask(page, 'scans.list')).find((row) => row.name === name)!;
const stateOf = async (name: string) => (await scanOf(name)).state;
const open = async (name: string) => {
  await place(page, 'Cases');
  await page.getByRole('button', { name, exact: true }).click();
  await ready(page, name);
};
const SLICE = 48 * 48;
async function drawnSlices(name: string): Promise<number[]> {
  const mask = await maskOf(page, (await scanOf(name)).id, 'manual');
  return Array.from({ length: 32 }, (_, k) => k).filter((k) =>
    mask?.subarray(k * SLICE, (k + 1) * SLICE).some((value) => value > 0),
  );
}
const wheel = async (slices: number) => {
  await page.locator('[data-plane=axial]').hover();
  for (let n = 0; n < slices; n++) await page.mouse.wheel(0, 100);
};
const toast = (text: RegExp) => page.locator('.message').filter({ hasText: text });
/** Corners around the middle of the axial plane, as places on the page. */
async function corners(): Promise<[number, number][]> {
  const box = (await page.locator('[data-plane=axial]').boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  return [
    [x - 60, y - 60],
    [x + 60, y - 60],
    [x + 60, y + 60],
    [x - 60, y + 60],
  ];
}

test('Done names empty slices and labels never drawn; Interpolate fills them and stays', options, async () => {
  await open('case_9');
  await page.keyboard.press('b');
  await stroke(page);
  await wheel(4);
  await stroke(page);
  await until(async () => (await drawnSlices('case_9')).length === 2, 'two slices drawn');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Is it all drawn?' });
  await dialog.getByText(/kidney: 3 empty slices between drawn ones \(slices 18 to 20\)/).waitFor();
  await dialog.getByText(/Never drawn in this scan: cyst/).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('The empty slices are filled.').waitFor();
  await until(async () => (await drawnSlices('case_9')).length === 5, 'the gap filled');
  assert.equal(await stateOf('case_9'), 'drawing', 'not decided yet');
});

test('Done is taken back by its Undo, and again by Ctrl+Z', options, async () => {
  for (const back of ['button', 'keys']) {
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Is it all drawn?' }).getByText('cyst').waitFor();
    await page.keyboard.press('Enter');
    await until(async () => (await stateOf('case_9')) === 'labelled', 'labelled');
    await toast(/case_9 is labelled/).waitFor();
    if (back === 'button')
      await toast(/case_9 is labelled/)
        .getByRole('button', { name: 'Undo' })
        .click();
    else await page.keyboard.press('Control+z');
    await until(async () => (await stateOf('case_9')) === 'drawing', `taken back by ${back}`);
    await ready(page, 'case_9');
    await toast(/case_9 is labelled/).waitFor({ state: 'detached' });
  }
  assert.deepEqual((await drawnSlices('case_9')).length, 5, 'the drawing is as it was');
});

test('Enter closes an open polygon and decides nothing', options, async () => {
  await page.keyboard.press('p');
  for (const at of await corners()) await page.mouse.click(...at);
  const before = (await maskOf(page, (await scanOf('case_9')).id, 'manual'))!.filter((v) => v > 0).length;
  await page.keyboard.press('Enter');
  await page.locator('[data-save=saved]').filter({ hasText: 'ago' }).waitFor();
  await until(
    async () => (await maskOf(page, (await scanOf('case_9')).id, 'manual'))!.filter((v) => v > 0).length > before,
    'the polygon filled',
  );
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.equal(await stateOf('case_9'), 'drawing');
});

test('a polygon gives its last corner back, belongs to its slice, and never outlives its tool', options, async () => {
  const scan = (await scanOf('case_9')).id;
  const count = async () => (await maskOf(page, scan, 'manual'))!.filter((v) => v > 0).length;
  const before = await count();
  await wheel(8);
  const [a, b, c, d] = await corners();
  for (const at of [a, b]) await page.mouse.click(...at);
  await page.keyboard.press('Enter');
  await page.getByText('A polygon needs three corners, this one has 2.').waitFor();
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Backspace');
  assert.equal(await count(), before, 'corners were taken back, no stroke');
  for (const at of [a, b, c]) await page.mouse.click(...at);
  await wheel(2);
  await page.mouse.click(...d);
  await page.getByText(/A polygon is open on slice \d+\./).waitFor();
  const shown = Number(await page.locator('[data-strips]').getAttribute('aria-valuenow')) - 1;
  await page.keyboard.press('Enter');
  await until(async () => (await drawnSlices('case_9')).includes(shown - 2), 'filled on the slice it was drawn on');
  assert.equal((await drawnSlices('case_9')).includes(shown), false);
  const filled = await count();
  // Escape drops, a double click closes, another tool closes what has an area.
  for (const at of [a, b, c]) await page.mouse.click(...at);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Is it all drawn?' }).getByRole('button', { name: 'Go on drawing' }).click();
  assert.equal(await count(), filled, 'Escape dropped it');
  for (const at of [a, b]) await page.mouse.click(...at);
  await page.mouse.dblclick(...c);
  await until(async () => (await count()) > filled, 'the double click closed it');
  const twice = await count();
  await wheel(1);
  for (const at of [a, b, c]) await page.mouse.click(...at);
  await page.keyboard.press('b');
  await until(async () => (await count()) > twice, 'another tool closed it');
});

test('a double click on the first corner closes the polygon and begins no other', options, async () => {
  const scan = (await scanOf('case_9')).id;
  const count = async () => (await maskOf(page, scan, 'manual'))!.filter((v) => v > 0).length;
  await page.keyboard.press('p');
  await page.keyboard.press('Home');
  const before = await count();
  const [a, b, c] = await corners();
  for (const at of [a, b, c]) await page.mouse.click(...at);
  await page.mouse.dblclick(...a);
  await until(async () => (await count()) > before, 'closed');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Is it all drawn?' }).getByRole('button', { name: 'Go on drawing' }).click();
});

test('Escape gives a region that grows up: nothing is drawn, and the tolerance is as before', options, async () => {
  const scan = (await scanOf('case_9')).id;
  const drawn = () => maskOf(page, scan, 'manual');
  await page.locator('[data-save=saved]').waitFor();
  const before = await drawn();
  await page.locator('[data-tool=grow]').click();
  const tolerance = page.locator('.options label').filter({ hasText: 'Tolerance' }).locator('output');
  const own = await tolerance.innerText();
  await wheel(1);
  const box = (await page.locator('[data-plane=axial]').boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y - 60, { steps: 4 });
  await until(async () => (await tolerance.innerText()) !== own, 'the tolerance follows the hand');
  await page.keyboard.press('Escape');
  await until(async () => (await tolerance.innerText()) === own, 'the tolerance as before');
  await page.mouse.up();
  assert.equal(await tolerance.innerText(), own);
  await page.locator('[data-save=saved]').waitFor();
  assert.deepEqual(await drawn(), before);
});

test('a locked label is changed by no tool, and paint over keeps to its rule', options, async () => {
  const scan = (await scanOf('case_9')).id;
  const counts = async () => {
    const mask = (await maskOf(page, scan, 'manual'))!;
    return [1, 2].map((label) => mask.filter((value) => value === label).length);
  };
  const settled = () => page.locator('[data-save=saved]').waitFor();
  await page.getByRole('button', { name: 'Lock kidney' }).click();
  const [kidney] = await counts();
  await stroke(page);
  await page.getByText('The label is locked: no tool changes it.').waitFor();
  await page.keyboard.press('.');
  await page.getByLabel('Paint over', { exact: true }).selectOption('only kidney');
  await page.locator('[data-plane=axial]').hover();
  await stroke(page);
  await settled();
  assert.deepEqual(await counts(), [kidney, 0], 'kidney is locked, and nothing else may be painted over');
  await page.getByLabel('Paint over', { exact: true }).selectOption('only what is empty');
  await page.locator('[data-plane=axial]').hover();
  await stroke(page);
  await until(async () => (await counts())[1] > 0, 'cyst painted');
  assert.equal((await counts())[0], kidney);
  await page.getByLabel('Paint over', { exact: true }).selectOption('everything');
  await page.getByRole('button', { name: 'Unlock kidney' }).click();
});

test('Grow takes its margin from a field, and an operation that changes nothing says why', options, async () => {
  const scan = (await scanOf('case_9')).id;
  const cyst = async () => (await maskOf(page, scan, 'manual'))!.filter((value) => value === 2).length;
  await page.locator('[data-save=saved]').waitFor();
  const before = await cyst();
  await page.getByLabel('Margin of Grow and Shrink, mm').fill('0.1');
  await page.getByRole('button', { name: 'Grow', exact: true }).click();
  await until(async () => (await cyst()) > before, 'grown by a voxel at least');
  await page.getByRole('button', { name: 'Interpolate', exact: true }).click();
  await page.getByText(/Interpolate: nothing to change, /).waitFor();
});

test('Reject asks why with one key, says so, and is taken back', options, async () => {
  await place(page, 'Review');
  const [first, second] = await ask(page, 'review.queue');
  await ready(page, first.name);
  await page.keyboard.press('Shift+Backspace');
  await page.getByRole('group', { name: 'Why is it rejected?' }).waitFor();
  await page.keyboard.press('2');
  await ready(page, second.name);
  assert.equal(await stateOf(first.name), 'rejected');
  await toast(new RegExp(`${first.name} is rejected`)).waitFor();
  await page.keyboard.press('Control+z');
  await ready(page, first.name);
  assert.equal(await stateOf(first.name), 'predicted');
  await page.keyboard.press('Shift+Backspace');
  await page.keyboard.press('Escape');
  await page.getByRole('group', { name: 'Why is it rejected?' }).waitFor({ state: 'detached' });
  assert.equal(await stateOf(first.name), 'predicted');
  assert.deepEqual(window.problems, []);
});
