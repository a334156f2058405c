/** Keys pressed while the mask of a taken click is still worked out do what they would do once it is there. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { openTwoLabels, type Served, startServed } from './served.ts';
import { ask, maskOf, place, ready, stroke } from './whole-job.ts';

const options = { skip: noBrowser };
let window: Served;
let page: Page;

/** Answers to clicks wait until they are let through. */
function holdAnswers(): void {
  const post = Worker.prototype.postMessage as (...sent: unknown[]) => void;
  const waiting: (() => void)[] = [];
  let held = false;
  Worker.prototype.postMessage = function (this: Worker, ...sent: unknown[]) {
    const send = () => post.apply(this, sent);
    if (held && (sent[0] as { kind?: string }).kind === 'preview') waiting.push(send);
    else send();
  };
  Object.assign(globalThis, {
    answers(through: boolean) {
      held = !through;
      if (through) for (const send of waiting.splice(0)) send();
    },
  });
}
const answers = (through: boolean) =>
  page.evaluate((value) => (globalThis as unknown as { answers(value: boolean): void }).answers(value), through);

before(async () => {
  if (noBrowser) return;
  window = await startServed(6, 0);
  page = window.page;
  await page.addInitScript(holdAnswers);
  await page.reload();
  await openTwoLabels(window);
});
after(async () => window?.close());

const steps = async () => ({
  names: (await page.locator('.history li button').allTextContents()).map((text) => text.trim().replace(/^\d+\s*/, '')),
  undone: await page.locator('.history li button.undone').count(),
});
const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};

/** Opens a case, draws a stroke, and takes a click whose answer does not come yet. @returns what is on the disk, and its scan */
async function takenClick(name: string, ...between: string[]) {
  await place(page, 'Cases');
  await page.getByRole('button', { name, exact: true }).click();
  await ready(page, name);
  const scan = (await ask(page, 'scans.list')).find((row) => row.name === name)!.id;
  const drawn = async () => (await maskOf(page, scan, 'manual'))?.reduce((n, v) => n + (v ? 1 : 0), 0) ?? 0;
  await page.keyboard.press('b');
  await stroke(page, 60);
  await until(async () => (await drawn()) > 0, 'the stroke');
  await press(...between);
  await answers(false);
  await press('j', 'Enter');
  return drawn;
}

test('redo redoes nothing beneath a taken click', options, async () => {
  const drawn = await takenClick('case_1', 'Control+z');
  await until(async () => (await drawn()) === 0, 'the stroke undone');
  await press('Control+Shift+z');
  assert.deepEqual(await steps(), { names: ['Click to mask'], undone: 0 });
  await answers(true);
  await until(async () => (await drawn()) > 0, 'the mask of the click');
  await press('Control+z');
  await until(async () => (await drawn()) === 0, 'nothing but the click was in the mask');
});

test('a taken click that was undone and redone before it came is in the mask once', options, async () => {
  const drawn = await takenClick('case_2');
  const before = await drawn();
  await press('Control+z', 'Control+z', 'Control+Shift+z', 'Control+y');
  const [{ names, undone }] = [await steps()];
  assert.deepEqual([names.length, names.at(-1), undone], [2, 'Click to mask', 0]);
  await answers(true);
  await until(async () => (await drawn()) > before, 'the mask of the click');
  await press('Control+z');
  await until(async () => (await drawn()) === before, 'one step');
  await press('Control+z');
  await until(async () => (await drawn()) === 0, 'the stroke undone');
});

test('a taken click that was undone stays undone when it comes, and redo brings it', options, async () => {
  const drawn = await takenClick('case_3');
  const before = await drawn();
  await press('Control+z');
  await answers(true);
  await press('Control+Shift+z');
  await until(async () => (await drawn()) > before, 'the mask of the click');
});

test('keys behind an operation that waits for a taken click come after it', options, async () => {
  const drawn = await takenClick('case_4');
  const before = await drawn();
  await press('Delete', 'Control+z', 'Control+z');
  await answers(true);
  await until(async () => (await steps()).undone === 2, 'the slice erased, and both undone');
  assert.deepEqual((await steps()).names.slice(1), ['Click to mask', 'Erase slice']);
  await until(async () => (await drawn()) === before, 'the stroke stays');
});

test(
  'a case left with a taken click says around the other screens what it waits for, and keeps it',
  options,
  async () => {
    const drawn = await takenClick('case_5');
    const before = await drawn();
    await place(page, 'Cases');
    await page.getByRole('status').filter({ hasText: 'finishing Click to mask …' }).waitFor();
    await answers(true);
    await until(async () => (await drawn()) > before, 'the mask of the click');
    await page.getByRole('status').filter({ hasText: 'finishing Click to mask …' }).waitFor({ state: 'detached' });
  },
);

test('what a case was left with can be given up from another screen', options, async () => {
  const drawn = await takenClick('case_6');
  const before = await drawn();
  await place(page, 'Cases');
  await page.getByRole('banner').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('status').filter({ hasText: 'finishing Click to mask …' }).waitFor({ state: 'detached' });
  await answers(true);
  assert.equal(await drawn(), before);
  assert.deepEqual(window.problems, []);
});
