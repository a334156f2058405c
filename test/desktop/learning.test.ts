/** Learning while somebody reviews, in the window: switched on, held, killed, gone on with; the open case never changes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from '../../scripts/build.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { makeCohort } from './cohort.ts';
import { openToKill } from './killed-window.ts';
import { ask, maskOf, place, ready } from './whole-job.ts';

/** A project whose first run predicted the scans that have no mask. */
async function trained(folder: string, scans: string, labels: string): Promise<void> {
  const { newProject } = await import('../../src/app.ts');
  const project = newProject(folder, { preset: 'ct-kidney', labels: [{ name: 'kidney' }] });
  await project.importScans(scans, { labels });
  const options = {
    steps: 40,
    width: 2,
    patch: [32, 32, 32],
    spacing: 'native',
    engine: 'simd',
    network: 'unet',
  } as const;
  await project.train({ options }).done;
  await project.predict().done;
  await project.close();
}

test('rounds start by themselves, can be held, survive kills, and leave what was seen alone', {
  skip: noBrowser,
}, async (t) => {
  build();
  const cohort = await makeCohort(6, 2);
  const folder = join(cohort.root, 'project');
  await trained(folder, cohort.scans, cohort.masks);
  const { page, restart, problems } = await openToKill(t, cohort, folder);
  const from = async (scan: number) => (await ask(page, 'scans.list')).find((row) => row.id === scan)?.predictedBy;
  const runs = async () => (await ask(page, 'runs.list')).map(({ name, state }) => `${name} ${state}`).reverse();

  const [first, second, ...others] = await ask(page, 'review.queue');
  await place(page, 'Review');
  await ready(page, first.name);
  const learning = page.getByRole('status', { name: 'Learning' });
  await page.getByRole('switch', { name: 'Learn while I review' }).check();
  await learning.filter({ hasText: 'Waits for a mask that you accept or correct.' }).waitFor();
  await page.keyboard.press('Enter');
  await ready(page, second.name);
  const [seen, accepted] = [await maskOf(page, second.scan, 'predicted'), await maskOf(page, first.scan, 'corrected')];

  // Held, killed while it is held, and gone on with.
  const held = page.getByRole('navigation', { name: 'Work list' });
  await held.getByRole('button', { name: 'Pause' }).click();
  await until(async () => (await ask(page, 'learning.get')).learning === 'paused', 'held');
  await restart();
  await learning.filter({ hasText: 'Paused' }).waitFor();
  assert.equal(await from(second.scan), 'run-1');
  await held.getByRole('button', { name: 'Go on' }).click();
  await until(
    async () => (await Promise.all(others.map(({ scan }) => from(scan)))).every((run) => run === 'run-2'),
    'new predictions',
  );
  assert.deepEqual(await runs(), ['run-1 finished', 'run-2 finished']);

  // What was open stands as it was seen, and so does what was decided.
  await learning.filter({ hasText: 'Waits for a mask' }).waitFor();
  await page.locator('.viewer aside h1').getByText(second.name, { exact: true }).waitFor();
  await page.getByText('Prediction by run-1').waitFor();
  assert.equal(await from(second.scan), 'run-1');
  assert.deepEqual(await maskOf(page, second.scan, 'predicted'), seen);
  assert.deepEqual(await maskOf(page, first.scan, 'corrected'), accepted);

  // The next case was fetched ahead with its old mask: the new one is shown.
  await page.keyboard.press('Enter');
  await page.getByText('Prediction by run-2').waitFor();
  // Killed while it trains: the next program goes on by itself.
  await until(async () => (await ask(page, 'learning.get')).run !== undefined, 'the next round');
  await restart();
  await until(
    async () => (await runs()).join() === 'run-1 finished,run-2 finished,run-3 finished',
    'the round gone on with',
  );
  await until(async () => (await ask(page, 'learning.get')).waits !== '', 'its predictions');

  await place(page, 'Train');
  await page.getByRole('switch', { name: 'Learn while I review' }).and(page.locator(':checked')).waitFor();
  await page.getByRole('switch', { name: 'Learn while I review' }).uncheck();
  await until(async () => (await ask(page, 'learning.get')).learning === 'off', 'off');
  assert.deepEqual(problems, []);
});
