/** A server that is killed under an open window: the next one is found by the window itself, and what it held is saved. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from '../../scripts/build.ts';
import { launchBrowser, noBrowser } from './browser.ts';
import { makeCohort } from './cohort.ts';
import { serveApart } from './own-process.ts';
import { ask, drawOn, maskOf, stroke, until } from './whole-job.ts';

test('a killed server comes back under its address, and the window saves what it held without a reload', {
  skip: noBrowser,
}, async (t) => {
  build();
  const cohort = await makeCohort(2, 1);
  t.after(() => cohort.remove());
  const { newProject } = await import('../../src/app.ts');
  const folder = join(cohort.root, 'project');
  const project = newProject(folder, { preset: 'ct-abdomen', labels: [{ name: 'organ' }] });
  await project.importScans(cohort.scans);
  await project.close();
  const config = join(cohort.root, 'config');
  const env = { DECILE_CONFIG: config };
  let server = await serveApart([], env);
  const browser = await launchBrowser();
  t.after(async () => {
    await browser.close();
    server.child.kill('SIGKILL');
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(120_000);
  await page.goto(server.url);
  const { folder: id } = await ask(page, 'folders.browse', { path: folder });
  await ask(page, 'projects.open', { folder: id });
  const scan = await drawOn(page, 'case_2');
  const kept = join(config, 'servers');
  assert.equal(statSync(kept).mode & 0o777, 0o700);
  for (const name of readdirSync(kept)) assert.equal(statSync(join(kept, name)).mode & 0o777, 0o600);

  server.child.kill('SIGKILL');
  await server.gone;
  await page.keyboard.press('b');
  await page.mouse.wheel(0, 100);
  await stroke(page);
  await page.locator('[data-save="failed"]').waitFor();
  const [before] = [server.url];
  server = await serveApart([], env);
  assert.equal(server.url, before);
  await page.locator('[data-save="saved"]').waitFor();
  assert.equal((await ask(page, 'projects.current'))?.path, folder);
  const held = await maskOf(page, scan, 'manual');
  await page.reload();
  await until(async () => (await ask(page, 'projects.current')) !== null, 'the project open');
  assert.deepEqual(await maskOf(page, scan, 'manual'), held);

  server.child.kill('SIGTERM');
  await server.gone;
  assert.ok(!existsSync(kept) || readdirSync(kept).length === 0, 'who stops it ends its address too');
});
