/** Who did what to a case, and two readers' masks of it against each other, in the window. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type FilledWindow, openFilledWindow } from './filled.ts';
import { ask, place, ready, stroke } from './whole-job.ts';

const options = { skip: noBrowser };
let window: FilledWindow;
let page: Page;
before(async () => {
  if (noBrowser) return;
  window = await openFilledWindow({ scans: 8 });
  page = window.page;
});
after(async () => window?.close());

const open = async (name: string) => {
  await place(page, 'Cases');
  await page.getByRole('button', { name, exact: true }).click();
  await ready(page, name);
};
const unfold = async (summary: string) => {
  const details = page.locator('details').filter({ has: page.getByText(summary) });
  if (!(await details.evaluate((one) => (one as HTMLDetailsElement).open))) await details.locator('summary').click();
  return details;
};
const idOf = async (name: string) => (await ask(page, 'scans.list')).find((row) => row.name === name)!.id;
/** What a reader draws of case_8, done: strokes below each other on one slice, then as many on the next. */
async function drawAs(reader: string, strokes: number, asked: boolean): Promise<void> {
  const who = await unfold('Who did what');
  await who.getByLabel('Your name').fill(reader);
  await who.getByLabel('Your name').press('Tab');
  await until(async () => (await ask(page, 'settings.get')).person === reader, 'the name kept');
  await page.locator('[data-plane=axial]').focus();
  await page.keyboard.press('b');
  for (let slice = 0; slice < 2; slice++) {
    if (slice > 0) await page.mouse.wheel(0, 100);
    for (let n = 0; n < strokes; n++) await stroke(page, 40 * n);
  }
  await page.keyboard.press('Enter');
  if (asked) {
    await page.getByRole('dialog', { name: 'Is it all drawn?' }).getByText('cyst').waitFor();
    await page.keyboard.press('Enter');
  }
  await until(
    async () => (await ask(page, 'scans.detail', { scan: await idOf('case_8') })).versions[0]?.person === reader,
    `drawn by ${reader}`,
  );
}
/** Pixels of the axial picture in the colour of what the second mask alone has. */
const added = () =>
  page.locator('[data-plane=axial] .image canvas').evaluateAll((canvases) => {
    let count = 0;
    for (const canvas of canvases as HTMLCanvasElement[]) {
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
      if (pixels)
        for (let p = 0; p < pixels.length; p += 4)
          if (pixels[p + 1] > pixels[p] + 40 && pixels[p + 1] > pixels[p + 2] + 40) count++;
    }
    return count;
  });

test('drawings are kept under the name that the person gives, and the case says who did what', options, async () => {
  await open('case_8');
  await drawAs('Li', 1, true);
  await open('case_8');
  await drawAs('Wang', 2, false);
  await open('case_8');
  const who = await unfold('Who did what');
  await who.getByText('Li drew version 1').waitFor();
  await who.getByText('Wang accepted version 2').waitFor();
  await open('case_6');
  await (await unfold('Who did what')).getByText('round-1 predicted version 1').waitFor();
});

test('a decision shows in the history of the open case, and that it was taken back', options, async () => {
  const name = 'case_6';
  await open(name);
  await page.keyboard.press('Shift+Backspace');
  await page.keyboard.press('3');
  await until(
    async () => (await ask(page, 'scans.detail', { scan: await idOf(name) })).state === 'rejected',
    'rejected',
  );
  await page.keyboard.press('Control+z');
  await ready(page, name);
  const who = await unfold('Who did what');
  await who.getByText(/Wang rejected .*too large/).waitFor();
  await who.getByText(/taken back/).waitFor();
});

test('the report names rejected cases with their reasons', options, async () => {
  const name = 'case_6';
  await open(name);
  await page.keyboard.press('Shift+Backspace');
  await page.keyboard.press('2');
  await until(
    async () => (await ask(page, 'scans.detail', { scan: await idOf(name) })).state === 'rejected',
    'rejected',
  );
  await place(page, 'Report');
  const rejected = page.getByRole('region', { name: 'Rejected' });
  await rejected.getByText('missing part').waitFor();
  assert.match(await rejected.innerText(), new RegExp(name));
});

test('two readers’ masks are compared: figures, slices, and the difference in the picture', options, async () => {
  await open('case_8');
  const versions = await unfold('Versions');
  assert.match(
    await versions.getByLabel('Mask to compare', { exact: true }).locator('option:checked').innerText(),
    /2: drawn by Wang/,
  );
  assert.match(
    await versions.getByLabel('Mask to compare against').locator('option:checked').innerText(),
    /1: drawn by Li/,
  );
  assert.equal(await added(), 0, 'nothing is compared yet');
  await versions.getByRole('button', { name: 'Compare' }).click();
  const group = page.getByRole('group', { name: 'Comparison' });
  await group.getByText('Wang 2 against Li 1:').waitFor();
  const { labels } = await ask(page, 'masks.compare', { scan: await idOf('case_8'), versions: [1, 2] });
  const [{ dice, worstSlice }] = labels;
  assert.ok(worstSlice !== null);
  assert.ok(dice > 0 && dice < 100);
  await group.getByText(`Dice ${dice.toFixed(1)} %`).waitFor();
  await group.getByText(/They differ on \d+ of 32 slices/).waitFor();
  await group.getByRole('button', { name: `slice ${worstSlice + 1}` }).click();
  await page.locator(`[data-strips][aria-valuenow="${worstSlice + 1}"]`).waitFor();
  await until(async () => (await added()) > 20, 'the difference in the picture');
  await group.getByRole('button', { name: 'Next slice on which they differ' }).click();
  await page.getByRole('button', { name: 'End comparison' }).click();
  await until(async () => (await added()) === 0, 'the picture as before');
  assert.deepEqual(window.problems, []);
});
