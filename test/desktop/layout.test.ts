/** Nothing is out of reach or moved aside: long names, small windows, 200 % zoom, errors that come and go. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { place, ready } from './whole-job.ts';

const options = { skip: noBrowser };
/** What a window of 1280 x 720 has left at 200 % zoom. */
const ZOOMED = { width: 640, height: 360 };
const SIZES = [{ width: 1280, height: 720 }, { width: 1920, height: 1080 }, ZOOMED];
const LONG = 'patient_0000000000000000000123_abdomen_portal_venous_phase_1.5mm_thorax_included_second_reconstruction';
const ARABIC = 'الكلية اليمنى مع الأورام الصغيرة والكبيرة وكل ما يحيط بها';
const LABELS = [
  'kidney',
  'cyst',
  ARABIC,
  '右肾上腺和周围的脂肪组织区域以及所有相邻的血管和淋巴结',
  ...Array.from({ length: 12 }, (_, n) => `vertebra number ${n + 1}`),
];
let window: FilledWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openFilledWindow({
    scans: 7,
    decided: false,
    longName: LONG,
    labels: LABELS,
    name: `${ARABIC} ${LONG}`,
  });
  page = window.page;
});
after(async () => window?.close());

/** Buttons and fields that no scrolling brings into the window, and whether the page itself is wider than it. */
async function outOfReach(): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    /** Ancestors that a person cannot scroll, and that this scrolled all the same. */
    const forced = (node: HTMLElement) => {
      for (let at = node.parentElement; at; at = at.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(at);
        if ((overflowX === 'hidden' && at.scrollLeft > 1) || (overflowY === 'hidden' && at.scrollTop > 1)) return true;
      }
      return false;
    };
    const scope = document.querySelector('dialog[open]') ?? document.body;
    for (const node of scope.querySelectorAll<HTMLElement>('button, input, select, summary')) {
      if (!node.checkVisibility() || node.closest('.sr-only')) continue;
      node.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      const { left, right, top, bottom } = node.getBoundingClientRect();
      if (left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1 || forced(node))
        found.push(
          `${node.textContent?.trim() || node.ariaLabel || node.id} at ${[left, top, right, bottom].map(Math.round)}`,
        );
    }
    if (document.documentElement.scrollWidth > innerWidth)
      found.push(`page ${document.documentElement.scrollWidth} wide`);
    return found;
  });
}

const SCREENS: Record<string, () => Promise<void>> = {
  Cases: () => place(page, 'Cases'),
  Export: async () => {
    await place(page, 'Cases');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('dialog', { name: 'Export', exact: true }).waitFor();
  },
  Annotate: async () => {
    await place(page, 'Annotate');
    await page.locator('.viewer[data-phase=ready]').waitFor();
  },
  Train: async () => {
    await place(page, 'Train');
    await page.getByRole('button', { name: 'round-1' }).first().waitFor();
  },
  Review: async () => {
    await place(page, 'Review');
    await page.locator('.viewer[data-phase=ready]').waitFor();
  },
  Report: () => place(page, 'Report'),
  Projects: () => place(page, 'Projects'),
};

for (const size of SIZES)
  test(`every button and field can be reached at ${size.width} x ${size.height}`, options, async () => {
    await page.setViewportSize(size);
    const found: string[] = [];
    for (const [name, show] of Object.entries(SCREENS)) {
      await show();
      for (const one of await outOfReach()) found.push(`${name}: ${one}`);
      if (await page.locator('dialog[open]').count()) await page.keyboard.press('Escape');
    }
    await page.setViewportSize(SIZES[0]);
    assert.deepEqual(found, []);
  });

test(
  'a long name moves nothing, and is shown whole under the pointer and by the focus of the keyboard',
  options,
  async () => {
    await place(page, 'Review');
    await page.locator('.viewer[data-phase=ready]').waitFor();
    const boxes = async () => [
      await page.locator('.viewer aside').boundingBox(),
      await page.getByRole('button', { name: 'Accept Enter' }).boundingBox(),
      await page.locator('[data-plane=axial]').boundingBox(),
    ];
    const list = page.getByRole('navigation', { name: 'Work list' });
    await list.getByRole('button', { name: /case_4/ }).click();
    await ready(page, 'case_4');
    const short = await boxes();
    await list.getByRole('button', { name: new RegExp(LONG) }).click();
    await ready(page, LONG);
    assert.deepEqual(await boxes(), short);
    const whole = page.locator('.full-text');
    await page.locator('.viewer aside h1').hover();
    assert.equal(await whole.innerText(), LONG);
    await page.mouse.move(600, 400);
    await whole.waitFor({ state: 'detached' });
    await page.locator('body').press('Tab');
    await list.locator('li button[tabindex="0"]').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowDown');
    assert.match(await whole.innerText(), new RegExp(LONG));
  },
);

test(
  'a name that is written from the right is cut off at its end, and begins where others begin',
  options,
  async () => {
    await place(page, 'Annotate');
    await page.locator('.viewer[data-phase=ready]').waitFor();
    const name = page.getByRole('radio', { name: ARABIC });
    await name.scrollIntoViewIfNeeded();
    const seen = await name.evaluate((node) => {
      const text = node.firstChild as Text;
      const letter = (at: number) => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect();
      };
      const [own, length] = [node.getBoundingClientRect(), text.data.trimEnd().length];
      const start = text.data.length - text.data.trimStart().length;
      return { left: own.left, right: own.right, first: letter(start).right, last: letter(length - 1).left };
    });
    assert.ok(seen.first <= seen.right, 'the first letter shows');
    assert.ok(seen.last < seen.left, 'the last one is cut off');
  },
);

test(
  'at 200 % zoom rows are left in the table, texts of a plane lie beside each other, the label in hand is in sight',
  options,
  async () => {
    await page.setViewportSize(ZOOMED);
    await place(page, 'Cases');
    const table = page.getByRole('grid', { name: 'Scans' });
    await table.getByRole('row').nth(1).waitFor();
    assert.ok((await table.boundingBox())!.height > 4 * 32, 'some rows');
    await place(page, 'Review');
    await page.locator('.viewer[data-phase=ready]').waitFor();
    const overlaps = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.pane')].flatMap((pane) => {
          const texts = [...pane.querySelectorAll<HTMLElement>('.corner, .ruler, p')].filter((one) =>
            one.checkVisibility(),
          );
          const boxes = texts.map((one) => ({ text: one.innerText, box: one.getBoundingClientRect() }));
          return boxes.flatMap((a, n) =>
            boxes
              .slice(n + 1)
              .filter(
                ({ box: b }) =>
                  a.box.left < b.right && b.left < a.box.right && a.box.top < b.bottom && b.top < a.box.bottom,
              )
              .map((b) => `${a.text} on ${b.text}`),
          );
        }),
      );
    await ready(page, (await page.locator('.viewer aside h1').innerText()).trim());
    assert.deepEqual(await overlaps(), []);
    for (const pane of ['axial', 'coronal', 'sagittal']) {
      await page.locator(`[data-plane=${pane}]`).hover();
      await page.locator(`[data-plane=${pane}] .lower-left`).waitFor({ state: 'attached' });
      assert.deepEqual(await overlaps(), [], `with the voxel under the pointer in the ${pane} plane`);
    }
    for (const label of [...LABELS, LABELS[0]]) {
      const row = page.getByRole('radio', { name: label, exact: true });
      await until(async () => (await row.getAttribute('aria-checked')) === 'true', `${label} in hand`);
      const [own, list] = [
        await row.boundingBox(),
        await page.getByRole('radiogroup', { name: 'Active label' }).boundingBox(),
      ];
      assert.ok(own!.y >= list!.y - 1 && own!.y + own!.height <= list!.y + list!.height + 1, `${label} in sight`);
      await page.keyboard.press('.');
    }
    await page.keyboard.press('Shift+Backspace');
    await page.getByRole('group', { name: 'Why is it rejected?' }).waitFor();
    assert.deepEqual(await outOfReach(), [], 'with the reasons for rejecting open');
    await page.keyboard.press('Escape');
    // The panel takes its width where the screen is opened.
    await place(page, 'Cases');
    await page.setViewportSize(SIZES[0]);
    await SCREENS.Review();
  },
);

test('the panel is made wider by pointer and keys, and stays so', options, async () => {
  const panel = page.locator('.viewer aside');
  const width = async () => Math.round((await panel.boundingBox())!.width);
  const edge = page.getByRole('separator', { name: 'Width of the panel' });
  const before = await width();
  const { x, y } = (await edge.boundingBox())!;
  await page.mouse.move(x + 4, y + 200);
  await page.mouse.down();
  await page.mouse.move(x - 76, y + 200, { steps: 3 });
  await page.mouse.up();
  await until(async () => (await width()) === before + 80, 'wider by the pointer');
  await edge.focus();
  await page.keyboard.press('ArrowRight');
  await until(async () => (await width()) === before + 64, 'narrower by a key');
  await page.reload();
  await place(page, 'Review');
  await page.locator('.viewer[data-phase=ready]').waitFor();
  assert.equal(await width(), before + 64);
  await edge.focus();
  await page.keyboard.press('Enter');
  await until(async () => (await width()) === before, 'the usual width');
});

test(
  'an error says plainly what did not work, folds its details, covers no tool, and goes once it works',
  options,
  async () => {
    const message = page.locator('.message.error');
    await page.route('**/call/review.undo', (route) =>
      route.fulfill({
        json: {
          ok: false,
          error: {
            code: 'review/nothing-to-undo',
            message: 'A case must have been decided for that to be taken back, got none.',
            cure: 'Accept or reject it first.',
          },
        },
      }),
    );
    // The edge of the panel keeps Enter for itself.
    await page.locator('.viewer aside h1').click();
    await page.keyboard.press('Enter');
    await page.locator('.message').getByRole('button', { name: 'Undo' }).click();
    await message
      .getByText(/^The decision cannot be taken back: a decision is taken back that was never made/)
      .waitFor();
    const exact = message.getByText(/A case must have been decided.*review\/nothing-to-undo/);
    assert.equal(await exact.isVisible(), false);
    await message.getByText('Details').click();
    await exact.waitFor();
    const [own, tools] = [(await message.boundingBox())!, (await page.locator('.viewer aside').boundingBox())!];
    assert.ok(own.x + own.width <= tools.x, `${own.x + own.width} reaches over ${tools.x}`);
    await page.unroute('**/call/review.undo');
    await page.locator('.viewer[data-phase=ready]').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.message').getByRole('button', { name: 'Undo' }).click();
    await message.waitFor({ state: 'detached' });
  },
);

test('at 200 % zoom no screen scrolls sideways, but tables in their own frame', options, async () => {
  await page.setViewportSize(ZOOMED);
  const found: string[] = [];
  for (const [name, show] of Object.entries(SCREENS)) {
    if (name === 'Export') continue;
    await show();
    if (name === 'Report') await page.locator('.cards').waitFor();
    found.push(
      ...(
        await page
          .locator('main > *')
          .evaluateAll((nodes) =>
            nodes
              .filter((one) => one.scrollWidth > one.clientWidth + 1)
              .map((one) => `${one.scrollWidth} in ${one.clientWidth}`),
          )
      ).map((one) => `${name}: ${one}`),
    );
  }
  assert.deepEqual(found, []);
  await page.setViewportSize(SIZES[0]);
});

test('one button a screen is the primary one, and one line says that all is saved', options, async () => {
  for (const [name, show] of Object.entries(SCREENS)) {
    if (name === 'Export') continue;
    await show();
    // Tools bring buttons of their own.
    if (name === 'Review') await page.keyboard.press('z');
    const primary = await page.locator('button.primary').filter({ visible: true }).allInnerTexts();
    assert.ok(primary.length <= 1, `${name}: ${primary}`);
    const saved = await page
      .getByText(/^(all work saved|all changes saved|saved .*)$/)
      .filter({ visible: true })
      .count();
    assert.ok(saved <= 1, `${name}: ${saved} lines`);
  }
  assert.deepEqual(window.problems, []);
});
