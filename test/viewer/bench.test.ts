/** The viewer's bench still finds in the window what it waits for: else it would wait for ever. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openInPage } from '../../bench/viewer/page.ts';
import { start } from '../../bench/viewer/planes.ts';
import { launch, NO_CHROMIUM } from './harness/browser.ts';
import { buildHarness } from './harness/built.ts';

const browser = NO_CHROMIUM ? null : await launch();
after(() => browser?.close());

test('the bench sees a case opened, its first picture before all of them', { skip: NO_CHROMIUM }, async () => {
  assert.ok(browser);
  buildHarness();
  const { page, end } = await start(browser, [32, 32, 24], false, 'cpu');
  const { first, complete } = await openInPage(page, 2, 'two');
  assert.ok(first > 0 && complete >= first, `${first} and ${complete} ms`);
  await end();
});
