/** A server that is killed under an open window: the next one is found by the window itself, and what it held is saved. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/build.ts';
import { launchBrowser, noBrowser } from './browser.ts';
import { makeCohort } from './cohort.ts';
import { ask, drawOn, maskOf, stroke, until } from './whole-job.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));

/** `decile serve` in a process of its own. */
async function serve(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; url: string; gone: Promise<unknown> }> {
  const child = spawn(process.execPath, [LAUNCHER, 'serve', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((done) => child.once('exit', done));
  const url = await new Promise<string>((done, fail) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /http:\S+/.exec(line)?.[0];
      if (found) done(found);
    });
    void gone.then(() => fail(new Error('The server must start, got an end.')));
  });
  return { child, url, gone };
}

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
  let server = await serve([], env);
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
  server = await serve([], env);
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
