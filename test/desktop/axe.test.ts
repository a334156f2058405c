/** axe-core on every screen and dialog, filled and empty, dark and light: no violation of any level. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { ask, picturesIn, place, ready, stroke } from './whole-job.ts';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const options = { skip: noBrowser };
const THEMES = ['dark', 'light'] as const;

let filled: FilledWindow;
let empty: FilledWindow;
before(async () => {
  if (noBrowser) return;
  filled = await openFilledWindow();
  // So that there is a job to show, with notices.
  const { folder } = await ask(filled.page, 'folders.browse', { path: filled.scratch });
  await ask(filled.page, 'export.start', { folder, format: 'nifti' });
  empty = await openFilledWindow(null);
});
after(async () => {
  await filled?.close();
  await empty?.close();
});

type Screens = Record<string, (page: Page) => Promise<void>>;

/** Opens a dialog from the keyboard or a button of Cases; the next screen begins with a loaded page. */
const opened = (button: string, dialog: string) => async (page: Page) => {
  await place(page, 'Cases');
  await page.getByRole('button', { name: button, exact: true }).first().click();
  await page.getByRole('dialog', { name: dialog, exact: true }).waitFor();
};
const keys = async (page: Page) => {
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
};
const newProject = async (page: Page) => {
  await place(page, 'Projects');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('button', { name: 'Make project' }).waitFor();
};

const FILLED: Screens = {
  Projects: (page) => place(page, 'Projects'),
  'New project': newProject,
  'Folder browser': async (page) => {
    await newProject(page);
    await page.getByRole('button', { name: 'Choose…' }).click();
    await page.getByLabel('Path of the folder').waitFor();
  },
  Cases: async (page) => {
    await place(page, 'Cases');
    await page.locator('[role=grid] .row').first().waitFor();
  },
  Labels: opened('Labels', 'Labels of this project'),
  Export: opened('Export', 'Export'),
  Annotate: async (page) => {
    await place(page, 'Cases');
    await page.getByRole('button', { name: 'case_1', exact: true }).click();
    await ready(page, 'case_1');
    await page.keyboard.press('b');
  },
  'Annotate with measurements and threshold': async (page) => {
    await place(page, 'Cases');
    await page.getByRole('button', { name: 'case_1', exact: true }).click();
    await ready(page, 'case_1');
    await page.keyboard.press('m');
    await stroke(page);
    await page.getByRole('heading', { name: 'Measurements' }).first().waitFor();
    await page.keyboard.press('z');
    await page.getByRole('button', { name: 'Paint only here' }).waitFor();
  },
  Review: async (page) => {
    await place(page, 'Review');
    const [first] = await ask(page, 'review.queue');
    await ready(page, first.name);
    await page.keyboard.press('u');
    await page.getByTitle('What changed against the prediction').click();
    await page.getByText('The mask equals the prediction.').waitFor();
    for (const part of ['Versions', 'Who did what']) await page.locator('summary').filter({ hasText: part }).click();
    await page.getByText('round-1 predicted version 1').waitFor();
  },
  Train: async (page) => {
    await place(page, 'Train');
    await page.getByRole('button', { name: 'round-1' }).first().waitFor();
  },
  'Train, every option': async (page) => {
    await place(page, 'Train');
    await page.getByRole('button', { name: 'Research' }).click();
    await page.locator('#option-steps').waitFor();
  },
  Report: async (page) => {
    await place(page, 'Report');
    await page.locator('.cards').waitFor();
  },
  Jobs: async (page) => {
    await page.locator('footer .job').click();
    await page.getByRole('dialog', { name: 'Jobs' }).waitFor();
  },
  Keys: keys,
};

const EMPTY: Screens = {
  'no project': async (page) => {
    await page.getByRole('button', { name: 'New project' }).waitFor();
  },
  'New project': newProject,
  Keys: keys,
};

/** The same places of a project without scans. */
const BARE: Screens = {
  Cases: async (page) => {
    await place(page, 'Cases');
    await page.getByText('Bring in your scans').waitFor();
  },
  Annotate: async (page) => {
    await place(page, 'Annotate');
    await page.getByText('No scans to draw on').waitFor();
  },
  Train: (page) => place(page, 'Train'),
  Review: async (page) => {
    await place(page, 'Review');
    await page.getByText('Nothing to review yet').waitFor();
  },
  Report: async (page) => {
    await place(page, 'Report');
    await page.getByText('No figures yet').waitFor();
  },
};

/** What axe finds, one line a rule with the elements that break it. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(SOURCE);
  // A colour on its way to another one is nobody's to read: what moves for ever (progress) is left out.
  await page.evaluate(async () => {
    const ends = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(ends.map(({ finished }) => finished));
  });
  const { violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } };
    return axe.run({ resultTypes: ['violations'] });
  });
  return violations.map(
    ({ id, impact, help, nodes }) =>
      `${id} (${impact}): ${help}: ${nodes
        .slice(0, 3)
        .map(({ html, any }) => `${html.slice(0, 160)} [${any[0]?.message ?? ''}]`)
        .join(' | ')}`,
  );
}

/** Shows each screen once, loaded in either theme by turns, and looks at it in both. */
async function check({ page, url }: FilledWindow, screens: Screens): Promise<void> {
  const found: string[] = [];
  for (const [n, [name, show]] of Object.entries(screens).entries()) {
    const loaded = THEMES[n % 2];
    await ask(page, 'settings.set', { theme: loaded });
    await page.goto(url);
    await page.getByRole('navigation', { name: 'Places' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), loaded);
    await show(page);
    await picturesIn(page);
    for (const theme of [loaded, THEMES[1 - (n % 2)]]) {
      // All that the setting changes of a page, but for the sun or moon of its own button.
      await page.evaluate((theme) => {
        document.documentElement.dataset.theme = theme;
      }, theme);
      for (const line of await violations(page)) found.push(`${name}, ${theme}: ${line}`);
    }
  }
  assert.deepEqual(found, []);
}

test('axe finds nothing on any screen of a project with every kind of case', options, () => check(filled, FILLED));

test('axe finds nothing where no project is open', options, () => check(empty, EMPTY));

test('axe finds nothing on any screen of a project without scans', options, async () => {
  const { page, scratch } = empty;
  await page.goto(empty.url);
  await newProject(page);
  await page.getByPlaceholder('For instance: Kidneys 2026').fill('Bare');
  await page.getByRole('button', { name: 'Choose…' }).click();
  await page.getByLabel('Path of the folder').fill(scratch);
  await page.getByLabel('Path of the folder').press('Enter');
  await page.waitForFunction(
    (path) => document.querySelector<HTMLInputElement>('input[aria-label="Path of the folder"]')?.value === path,
    scratch,
  );
  await page.getByRole('button', { name: 'Choose this folder' }).click();
  await page.getByRole('button', { name: 'Make project' }).click();
  await page.getByText('Bring in your scans').waitFor();
  await check(empty, BARE);
});
