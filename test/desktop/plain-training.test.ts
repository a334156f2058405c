/** Train asks a clinician five plain things; what is for research is folded away, words and curves too. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Page, Route } from 'playwright-core';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { ask, place } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openFilledWindow({ scans: 6, decided: false, labels: ['kidney'] });
  page = window.page;
  await place(page, 'Train');
  await page.getByRole('heading', { name: /^Train on 2 labelled and 4 unlabelled scans/ }).waitFor();
});
after(async () => window?.close());

/** Does something, and waits until the window asks for a plan with these options and so many scans held out. */
const planned = async (act: () => Promise<unknown>, options: Record<string, unknown>, validation = 0) => {
  const asked: unknown[] = [];
  const note = (request: { url(): string; postData(): string | null }) => {
    if (request.url().endsWith('/call/train.plan')) asked.push(JSON.parse(request.postData() ?? '').input);
  };
  page.on('request', note);
  await act();
  await until(
    async () => asked.some((one) => isDeepStrictEqual(one, { options, validation })),
    `a plan with ${JSON.stringify(options)}, ${validation} held out`,
  );
  page.off('request', note);
};

test('how long, what is held out, which scans and what computes are chosen in plain words', options, async () => {
  const choose = (label: RegExp, text: string) => () => page.getByLabel(label).selectOption(text);
  await planned(() => page.getByRole('radio', { name: /quick/ }).check(), { length: 'quick' });
  await planned(() => page.getByRole('radio', { name: /best/ }).check(), { length: 'best' });
  await planned(() => page.getByRole('radio', { name: /good/ }).check(), {});
  await planned(choose(/^Hold out to check/, '1 labelled scan'), {}, 1);
  await page.getByRole('heading', { name: /1 held out for validation/ }).waitFor();
  await planned(choose(/^Hold out to check/, 'none'), {});
  await planned(choose(/^Scans/, 'the labelled ones alone'), { method: 'supervised' });
  await planned(choose(/^Scans/, 'all: labelled and unlabelled'), {});
  await planned(choose(/^Computed by/, 'the processor, plain and slow'), { engine: 'cpu' });
  await planned(choose(/^Computed by/, 'the fastest here'), {});
});

test('small structures bring their own region along, which can be left out again', options, async () => {
  const structures = (text: string) => () => page.getByLabel(/^Structures/).selectOption(text);
  await planned(structures('small, in many'), { smallStructures: 'on' });
  await page.getByRole('button', { name: 'Research' }).click();
  const region = page.locator('#option-region');
  assert.equal(await region.inputValue(), 'auto');
  const off = { smallStructures: 'on', region: 'off' };
  await planned(() => region.selectOption('off'), off);
  await planned(() => region.selectOption('auto'), { smallStructures: 'on' });
  await planned(structures('of any size'), { smallStructures: 'off' });
  assert.equal(await region.inputValue(), 'off');
  await planned(structures('by what is drawn'), {});
  assert.equal(await region.inputValue(), 'off');
  await page.getByRole('button', { name: 'Research' }).click();
});

test(
  'where small structures are chosen by what is drawn, what comes with them is what is shown, and can be left out',
  options,
  async () => {
    await page.route('**/call/train.plan', async (route) => {
      const response = await route.fetch();
      const answer = await response.json();
      answer.value.smallStructures = 'on';
      await route.fulfill({ response, json: answer });
    });
    await planned(() => page.getByLabel(/^Structures/).selectOption('of any size'), { smallStructures: 'off' });
    await planned(() => page.getByLabel(/^Structures/).selectOption('by what is drawn'), {});
    await page.getByRole('button', { name: 'Research' }).click();
    const region = page.locator('#option-region');
    await until(async () => (await region.inputValue()) === 'auto', 'the region of small structures');
    await planned(() => region.selectOption('off'), { region: 'off' });
    await planned(() => region.selectOption('auto'), {});
    await page.unrouteAll({ behavior: 'wait' });
    await planned(() => page.getByLabel(/^Structures/).selectOption('of any size'), { smallStructures: 'off' });
    await planned(() => page.getByLabel(/^Structures/).selectOption('by what is drawn'), {});
    await page.getByRole('button', { name: 'Research' }).click();
  },
);

test('each length says its minutes once a step was measured', options, async () => {
  await until(
    async () => /quick, about/.test(await page.getByRole('group', { name: 'How long' }).innerText()),
    'the minutes',
  );
  const words = await page.getByRole('group', { name: 'How long' }).innerText();
  assert.equal(words.match(/about/g)?.length, 3, words);
});

test('what is chosen while a step is measured is measured next', options, async () => {
  const held: Route[] = [];
  await page.route('**/call/train.probe', async (route) => {
    if (held.length > 0) await route.continue();
    else held.push(route);
  });
  await page.getByLabel(/^Computed by/).selectOption('the processor, plain and slow');
  await until(async () => held.length > 0, 'a step of the slow engine measured');
  await page.getByLabel(/^Computed by/).selectOption('the fastest here');
  await planned(() => page.getByLabel(/^Scans/).selectOption('the labelled ones alone'), { method: 'supervised' });
  // Long enough for the window to want a step of these measured as well, while the other one still is.
  await page.waitForTimeout(2500);
  await held[0].abort();
  await until(
    async () => /quick, about/.test(await page.getByRole('group', { name: 'How long' }).innerText()),
    'the minutes of what is chosen',
  );
  await page.unroute('**/call/train.probe');
  await planned(() => page.getByLabel(/^Scans/).selectOption('all: labelled and unlabelled'), {});
});

test('outside Research no word and no curve is for researchers alone', options, async () => {
  const RESEARCH = /lambda|λ|consistency|cosine|learning rate|ema|decay|SIMD|WebAssembly, /i;
  const text = () => page.locator('main').innerText();
  assert.doesNotMatch(await text(), RESEARCH);
  await page.getByRole('button', { name: 'Research' }).click();
  await page.locator('#option-steps').waitFor();
  assert.match(await text(), RESEARCH);
  await page.locator('#option-steps').fill('123');
  await page.locator('#option-steps').press('Tab');
  await page.getByText('123 steps, as set under Research').waitFor();
  await page.getByRole('button', { name: 'Back to defaults' }).click();
  // What was typed and cannot be taken goes with its problem.
  await page.locator('#option-steps').fill('some');
  await page.locator('#option-steps').press('Tab');
  await page.getByText('Must be auto or a whole number').waitFor();
  await page.getByRole('radio', { name: /quick/ }).check();
  await until(async () => (await page.locator('#option-steps').inputValue()) === 'auto', 'auto again');
  assert.equal(await page.getByText('Must be auto or a whole number').count(), 0);
  await page.getByRole('button', { name: 'Back to defaults' }).click();
  await page.getByRole('button', { name: 'Research' }).click();
});

test('a running training speaks plainly too', options, async () => {
  await ask(page, 'train.start', {
    options: { steps: 900, width: 2, patch: [32, 32, 32], spacing: 'native', engine: 'simd' },
  });
  // The screen shows the run that goes on where it is opened.
  await page.reload();
  await place(page, 'Train');
  const now = page.locator('.now');
  await until(async () => /^Step \d+ of 900, [\d.]+ s each\.$/.test(await now.innerText()), 'a step in words');
  assert.doesNotMatch(await page.locator('main').innerText(), /lambda|λ|consistency/i);
  await page.getByText('How far off it still is (loss)').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await until(async () => (await ask(page, 'runs.list')).every(({ state }) => state !== 'running'), 'stopped');
  assert.deepEqual(window.problems, []);
});
