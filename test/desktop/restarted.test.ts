/** A server that is killed under an open window: the next one is found by the window itself, and what it held is saved. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from '../../scripts/build.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { makeCohort } from './cohort.ts';
import { openToKill } from './killed-window.ts';
import { ask, drawOn, maskOf, stroke } from './whole-job.ts';

test('a killed server comes back under its address, and the window saves what it held without a reload', {
  skip: noBrowser,
}, async (t) => {
  build();
  const cohort = await makeCohort(2, 1);
  const { newProject } = await import('../../src/app.ts');
  const folder = join(cohort.root, 'project');
  const project = newProject(folder, { preset: 'ct-abdomen', labels: [{ name: 'organ' }] });
  await project.importScans(cohort.scans);
  await project.close();
  const { page, config, url, kill, start } = await openToKill(t, cohort, folder);
  const scan = await drawOn(page, 'case_2');
  const kept = join(config, 'servers');
  assert.equal(statSync(kept).mode & 0o777, 0o700);
  for (const name of readdirSync(kept)) assert.equal(statSync(join(kept, name)).mode & 0o777, 0o600);

  await kill();
  await page.keyboard.press('b');
  await page.mouse.wheel(0, 100);
  await stroke(page);
  await page.locator('[data-save="failed"]').waitFor();
  const before = url();
  await start();
  assert.equal(url(), before);
  await page.locator('[data-save="saved"]').waitFor();
  assert.equal((await ask(page, 'projects.current'))?.path, folder);
  const held = await maskOf(page, scan, 'manual');
  await page.reload();
  await until(async () => (await ask(page, 'projects.current')) !== null, 'the project open');
  assert.deepEqual(await maskOf(page, scan, 'manual'), held);

  await kill('SIGTERM');
  assert.ok(!existsSync(kept) || readdirSync(kept).length === 0, 'who stops it ends its address too');
});
