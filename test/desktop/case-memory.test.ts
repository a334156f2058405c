/** Undo, slice, tool and window belong to the case: they survive another screen and a reload. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { startServed } from './served.ts';
import { drawOn, importWithMasks, makeProject, maskOf, place, ready } from './whole-job.ts';

test('a visit to another screen and a reload keep undo, slice and tool', { skip: noBrowser }, async (t) => {
  const served = await startServed(2, 1);
  t.after(() => served.close());
  const { page, shell, cohort } = served;
  await makeProject(shell, cohort, 'Kept');
  await importWithMasks(shell, cohort, 2);
  const scan = await drawOn(page, 'case_2');
  const painted = await maskOf(page, scan, 'manual');
  const axial = page.locator('[data-plane="axial"]');
  await axial.hover();
  await page.mouse.wheel(0, 100);
  const at = axial.locator('[data-slice]');
  const slice = await at.innerText();
  await page.keyboard.press('e');
  const tool = page.locator('[data-tool][aria-pressed="true"]');
  const chosen = await tool.first().getAttribute('data-tool');

  const isAsLeft = async (how: string) => {
    await ready(page, 'case_2');
    assert.equal(await at.innerText(), slice, how);
    assert.equal(await tool.first().getAttribute('data-tool'), chosen, how);
    await page.keyboard.press('Control+z');
    await until(
      async () => ((await maskOf(page, scan, 'manual')) ?? []).every((value) => value === 0),
      `${how}: undone`,
    );
    await page.keyboard.press('Control+Shift+z');
    await until(async () => String(await maskOf(page, scan, 'manual')) === String(painted), `${how}: redone`);
  };
  await place(page, 'Cases');
  await page.getByRole('grid', { name: 'Scans' }).waitFor();
  await place(page, 'Annotate');
  await isAsLeft('another screen');
  // Steps are kept once the strokes rest.
  const kept = page.waitForResponse(
    (response) => response.url().includes('/data/undo/') && response.request().method() === 'PUT',
  );
  await kept;
  await page.reload();
  await place(page, 'Annotate');
  await isAsLeft('a reload');
});
