/** Two servers in one browser: each window has its own key, and no other port gets one. */
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { PAGES } from '../../scripts/build.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { noBrowser } from './browser.ts';
import { type Served, startServed } from './served.ts';
import { ask, makeProject } from './whole-job.ts';

let served: Served;
let other: RunningServer;

before(async () => {
  if (noBrowser) return;
  served = await startServed(1, 0);
  const { serve } = await import('../../src/server/serve.ts');
  other = await serve({ pages: PAGES });
});
after(async () => {
  if (noBrowser) return;
  await other.close();
  await served.close();
});

test('two servers in one browser work side by side, before and after a reload', { skip: noBrowser }, async () => {
  const context = await served.page.context().browser()!.newContext();
  const page = await context.newPage();
  const second = await context.newPage();
  await makeProject(served.shell, served.cohort, 'One');
  await page.goto(served.server.url);
  await second.goto(other.url);
  await second.getByRole('button').first().waitFor();
  assert.equal(second.url(), `${other.origin}/`);
  assert.equal((await ask(page, 'projects.current'))?.name, 'One');
  assert.equal(await ask(second, 'projects.current'), null);
  for (const one of [page, second]) await one.reload();
  assert.equal((await ask(page, 'projects.current'))?.name, 'One');
  assert.equal(await ask(second, 'projects.current'), null);
  assert.deepEqual(await context.cookies(), []);
  await context.close();
});

test('another server on this machine is sent no key', { skip: noBrowser }, async (t) => {
  const seen: IncomingHttpHeaders[] = [];
  const listener = createServer((request, response) => {
    seen.push(request.headers);
    response.end('<!doctype html>');
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
  t.after(() => listener.close());
  const context = await served.page.context().browser()!.newContext();
  const page = await context.newPage();
  await page.goto(served.server.url);
  await page.goto(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/`);
  await context.close();
  assert.ok(seen.length > 0);
  assert.ok(!JSON.stringify(seen).includes(served.server.token));
});
