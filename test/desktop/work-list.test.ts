/** The docked list of cases in Annotate and Review: its order and reasons, its ways from case to case, its filters. */
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
  // case_1 and case_2 are labelled, case_3 accepted, case_4 corrected, case_5 rejected, case_6 to case_11 predicted, case_12 bare.
  window = await openFilledWindow({ scans: 12 });
  page = window.page;
});
after(async () => window?.close());

const list = () => page.getByRole('navigation', { name: 'Work list' });
const progress = () => list().getByRole('status', { name: 'Progress' }).innerText();
/** As written: rows that were not painted yet have no inner text (content-visibility). */
const names = () => list().locator('li b').allTextContents();
const current = async () => (await list().locator('[aria-current=true] b').textContent()) ?? '';
const show = (filter: string) => list().getByLabel('Show in the list').selectOption(filter);
const header = (text: string) => page.getByRole('banner').getByText(text, { exact: true }).waitFor();

test(
  'Review lists the queue in its order, each case with picture and reason, and says how far it is',
  options,
  async () => {
    await place(page, 'Review');
    const queue = await ask(page, 'review.queue');
    await ready(page, queue[0].name);
    assert.equal(await progress(), '3 of 9 reviewed');
    assert.deepEqual(
      await names(),
      queue.map(({ name }) => name),
    );
    assert.equal(await list().locator('li small').first().innerText(), queue[0].reasons.join('; '));
    assert.equal(await current(), queue[0].name);
    await header(`${queue[0].name}, 1 of 6 to review`);
    await until(
      () =>
        list()
          .locator('li img')
          .first()
          .evaluate((picture) => (picture as HTMLImageElement).naturalWidth > 0),
      'the picture',
    );
  },
);

test('keys go to the next and the previous case, and say where the list ends', options, async () => {
  const queue = await ask(page, 'review.queue');
  await page.keyboard.press('>');
  await ready(page, queue[1].name);
  await header(`${queue[1].name}, 2 of 6 to review`);
  await page.keyboard.press('<');
  await ready(page, queue[0].name);
  await page.keyboard.press('<');
  await page.getByText('The list of cases to review has none before this one.').waitFor();
});

test(
  'a decided case stays where it is in the list, which keeps its order, and Undo opens it again',
  options,
  async () => {
    const before = await names();
    const [first, second] = before;
    await page.keyboard.press('Enter');
    await ready(page, second);
    await until(async () => (await progress()) === '4 of 9 reviewed', 'one more reviewed');
    assert.deepEqual(await names(), before);
    assert.equal(await list().locator('li.done b').innerText(), first);
    await header(`${second}, 1 of 5 to review`);
    await page.keyboard.press('<');
    await ready(page, first);
    await page.keyboard.press('>');
    await ready(page, second);
    await page.keyboard.press('Control+z');
    await ready(page, first);
    await until(async () => (await progress()) === '3 of 9 reviewed', 'taken back');
    assert.deepEqual(await names(), before);
  },
);

test('filters show what was corrected, rejected and is to draw, and a click opens it', options, async () => {
  await show('corrected');
  assert.deepEqual(await names(), ['case_4']);
  await show('rejected');
  assert.deepEqual(await names(), ['case_5']);
  await list()
    .getByRole('button', { name: /case_5/ })
    .click();
  await ready(page, 'case_5');
  await header('case_5, rejected');
  await show('accepted');
  assert.deepEqual(await names(), ['case_3']);
  await show('all');
  assert.equal((await names()).length, 12);
  await show('to review');
});

test('Enter accepts the case that was chosen in the list, by the pointer or by the keyboard', options, async () => {
  const accepted = async (name: string) => {
    await ready(page, name);
    await page.keyboard.press('Enter');
    const toast = page.locator('.message').filter({ hasText: `${name} is accepted` });
    await toast.waitFor();
    await toast.getByRole('button', { name: 'Undo' }).click();
    await ready(page, name);
    await toast.waitFor({ state: 'detached' });
  };
  const [, , third] = await ask(page, 'review.queue');
  await list().getByRole('button', { name: third.name }).click();
  await accepted(third.name);
  await list().locator('li button[tabindex="0"]').focus();
  await page.keyboard.press('ArrowDown');
  const focused = await page.evaluate(() => document.activeElement?.querySelector('b')?.textContent ?? '');
  await page.keyboard.press('Enter');
  await accepted(focused);
});

test('the list is gone through and opened by the keyboard, and hidden and shown by a key', options, async () => {
  const queue = await ask(page, 'review.queue');
  await list().getByRole('button', { name: queue[0].name }).click();
  await ready(page, queue[0].name);
  await list().locator('li button[tabindex="0"]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await ready(page, queue[1].name);
  await page.keyboard.press('Shift+W');
  await list().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Cases' }).last().click();
  await list().waitFor();
});

test(
  'one key leads to the scan most worth drawing, with the prediction as a start that is no label until Done',
  options,
  async () => {
    const bare = (await ask(page, 'scans.list')).find(({ name }) => name === 'case_12')!;
    await page.keyboard.press('w');
    await ready(page, 'case_12');
    assert.equal(await progress(), '4 of 12 drawn');
    assert.equal((await names())[0], 'case_12', 'nothing was made for it yet');
    assert.equal(await maskOf(page, bare.id, 'predicted'), null);
    await page.keyboard.press('w');
    const start = page.getByText('Starts from the prediction by round-1');
    await start.waitFor();
    const name = await current();
    await ready(page, name);
    const scan = (await ask(page, 'scans.list')).find((row) => row.name === name)!;
    const predicted = await maskOf(page, scan.id, 'predicted');
    assert.deepEqual(await maskOf(page, scan.id, 'corrected'), predicted, 'what is drawn on is the prediction');
    await page.keyboard.press('b');
    await stroke(page);
    await page.locator('[data-save=saved]').filter({ hasText: 'ago' }).waitFor();
    const state = async () => (await ask(page, 'scans.list')).find((row) => row.name === name)!.state;
    assert.equal(await state(), 'predicted', 'no label yet');
    await page.getByRole('button', { name: 'Done' }).click();
    await until(async () => (await state()) === 'reviewed', 'a label now');
    await page.getByRole('heading', { name: 'Labelled' }).waitFor();
    await page.keyboard.press('Enter');
    await until(async () => (await current()) !== name, 'the next scan');
    await page.locator('.viewer[data-phase=ready]').waitFor();
    assert.equal(await progress(), '5 of 12 drawn');
  },
);

test('an unfinished drawing comes first in the list and starts from what was drawn', options, async () => {
  await page.keyboard.press('w');
  await show('to draw');
  await list()
    .getByRole('button', { name: /case_12/ })
    .click();
  await ready(page, 'case_12');
  await page.keyboard.press('b');
  await stroke(page);
  await page.locator('[data-save=saved]').filter({ hasText: 'ago' }).waitFor();
  await page.keyboard.press('>');
  await until(async () => (await names())[0] === 'case_12', 'the begun one first');
  assert.equal(await list().locator('li small').first().innerText(), 'drawing begun');
  await page.keyboard.press('<');
  await ready(page, 'case_12');
  await page.getByText('Draw the labels').waitFor();
});

test('the table filters to the scans to label first', options, async () => {
  const fresh = await openFilledWindow({ scans: 24, decided: false });
  try {
    const suggested = await ask(fresh.page, 'scans.suggest');
    // Two of 24 are labelled: a tenth is nearly there.
    await place(fresh.page, 'Cases');
    if (suggested.length === 0) await ask(fresh.page, 'review.decide', { scan: 1, decision: 'reopen' });
    const first = fresh.page.getByRole('group', { name: 'Show' }).getByRole('button', { name: /label first/ });
    await first.click();
    const wanted = await ask(fresh.page, 'scans.suggest');
    assert.ok(wanted.length > 0);
    await until(async () => (await fresh.page.locator('.row .name button').count()) === wanted.length, 'those alone');
    assert.deepEqual(
      new Set(await fresh.page.locator('.row .name button').allInnerTexts()),
      new Set(wanted.map(({ name }) => name)),
    );
  } finally {
    await fresh.close();
  }
  assert.deepEqual(window.problems, []);
});
