/** What Done was answered is done: while a click's mask stands that nobody took, and whatever may be painted over. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { NOT_DRAWN } from '../../src/core/volume.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { openTwoLabels, type Served, startServed } from './served.ts';
import { ask, maskOf, place, ready, stroke } from './whole-job.ts';

const options = { skip: noBrowser };
const SLICE = 48 * 48;
let window: Served;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await startServed(4, 0);
  page = window.page;
  await openTwoLabels(window);
});
after(async () => window?.close());

const scanOf = async (name: string) => (await ask(page, 'scans.list')).find((row) => row.name === name)!;
const drawing = async (name: string) => maskOf(page, (await scanOf(name)).id, 'manual');
const dialog = () => page.getByRole('dialog', { name: 'Is it all drawn?' });

/** Slices along k with a voxel of a label. */
async function drawnSlices(name: string): Promise<number[]> {
  const mask = await drawing(name);
  return Array.from({ length: 32 }, (_, k) => k).filter((k) =>
    mask?.subarray(k * SLICE, (k + 1) * SLICE).some((value) => value > 0 && value !== NOT_DRAWN),
  );
}

/** Opens a case and draws on slices so far apart. */
async function drawApart(name: string, apart: number): Promise<void> {
  await place(page, 'Cases');
  await page.getByRole('button', { name, exact: true }).click();
  await ready(page, name);
  await page.keyboard.press('b');
  await stroke(page);
  for (let n = 0; n < apart; n++) await page.mouse.wheel(0, 100);
  await stroke(page);
  await until(async () => (await drawnSlices(name)).length === 2, 'two slices drawn');
}

const done = () => page.getByRole('button', { name: /^Done/ }).click();
const answer = (name: string) => dialog().getByRole('button', { name, exact: true }).click();

test('Interpolate takes a clicked mask first, and fills', options, async () => {
  await drawApart('case_1', 4);
  await page.keyboard.press('j');
  await page.waitForSelector('[data-preview=shown]');
  await done();
  await dialog().waitFor();
  assert.equal(await page.locator('[data-preview]').count(), 0, 'taken before anything is asked of the drawing');
  if (await dialog().getByRole('button', { name: 'Interpolate' }).isVisible()) {
    await answer('Interpolate');
    await page.getByText('The empty slices are filled.').waitFor();
  }
  const drawn = await drawnSlices('case_1');
  assert.equal(drawn.length, drawn.at(-1)! - drawn[0] + 1, `no slice is empty between: ${drawn}`);
});

test('only drawn slices count where a clicked mask stands that nobody took', options, async () => {
  await drawApart('case_2', 4);
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await done();
  await answer('Only drawn slices count');
  await until(async () => (await scanOf('case_2')).state === 'labelled', 'labelled');
  const mask = (await drawing('case_2'))!;
  assert.ok(mask.includes(NOT_DRAWN), 'what nobody drew is not background');
});

for (const [name, rule] of [
  ['case_3', 'only cyst'],
  ['case_4', 'only what is empty'],
] as const)
  test(`only drawn slices count, though ${rule} may be painted over`, options, async () => {
    await drawApart(name, 4);
    await page.getByLabel('Paint over', { exact: true }).selectOption(rule);
    await done();
    await answer('Only drawn slices count');
    await until(async () => (await scanOf(name)).state === 'labelled', 'labelled');
    const mask = (await drawing(name))!;
    const open = Array.from({ length: 32 }, (_, k) => k).filter((k) => mask[k * SLICE] === NOT_DRAWN);
    assert.equal(open.length, 30);
  });
