/** What goes wrong around the window: each time it says so in words, and nothing drawn is lost. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { createProject, openProject, volumeFile } from '../../src/project/store/index.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type Served, startServed } from './served.ts';
import { ask, drawOn, importWithMasks, makeProject, maskOf, place, ready, stroke } from './whole-job.ts';

const options = { skip: noBrowser };
let served: Served;
let page: Page;

before(async () => {
  if (noBrowser) return;
  served = await startServed(3, 1);
  page = served.page;
  await makeProject(served.shell, served.cohort, 'Wrong use');
  await importWithMasks(served.shell, served.cohort, 3);
});
after(async () => {
  if (noBrowser) return;
  await served.close();
});

const project = () => join(served.cohort.projects, 'Wrong use');
const scanOf = async (name: string) => (await ask(page, 'scans.list')).find((row) => row.name === name)!.id;
const drawnVoxels = async (scan: number) => (await maskOf(page, scan, 'manual'))?.reduce((n, v) => n + (v ? 1 : 0), 0);

test('a label that is in use is not deleted, the window says why, and the mask stays', options, async () => {
  const scan = await drawOn(page, 'case_2');
  const before = await drawnVoxels(scan);
  await place(page, 'Cases');
  await page.getByRole('button', { name: 'Labels' }).click();
  const dialog = page.getByRole('dialog', { name: 'Labels of this project' });
  await dialog.getByRole('button', { name: 'Add a label' }).click();
  await dialog.getByRole('textbox', { name: 'Name of the label' }).last().fill('other');
  await dialog.getByRole('button', { name: 'Delete kidney' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: /label/i }).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Dismiss' }).first().click();
  assert.deepEqual(
    (await ask(page, 'projects.current'))!.labels.map((label) => label.name),
    ['kidney'],
  );
  assert.equal(await drawnVoxels(scan), before);
});

test('a scan whose file vanished says so, and the other cases open as before', options, async () => {
  const path = join(project(), volumeFile(await scanOf('case_3')));
  renameSync(path, `${path}.away`);
  try {
    await place(page, 'Cases');
    await page.getByRole('button', { name: 'case_3', exact: true }).click();
    const message = page.getByRole('alert').filter({ hasText: 'This case cannot be opened' });
    await message.waitFor();
    assert.match(await message.innerText(), /file/i);
    await page.getByRole('button', { name: 'Back to the cases' }).click();
    await page.getByRole('button', { name: 'case_2', exact: true }).click();
    await ready(page, 'case_2');
  } finally {
    renameSync(`${path}.away`, path);
  }
  await place(page, 'Cases');
  await page.getByRole('button', { name: 'case_3', exact: true }).click();
  await ready(page, 'case_3');
});

/** Processes that this one started, by what their command line holds. */
const children = (part: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(part);
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);

const needsProc = process.platform === 'linux' ? noBrowser : 'reads /proc';
test('a trainer killed from outside is a message and a run to resume; painting goes on', {
  skip: needsProc,
}, async () => {
  const { run } = await ask(page, 'train.start', {
    options: { steps: 400, width: 2, patch: [32, 32, 32], spacing: 'native' },
  });
  await until(async () => (await ask(page, 'runs.list'))[0].step > 1, 'a step');
  const [trainer] = children('trainer-worker');
  assert.ok(trainer, 'the trainer is a process of its own');
  process.kill(trainer, 'SIGKILL');
  await page.getByRole('alert').filter({ hasText: /train/i }).waitFor();
  await until(async () => (await ask(page, 'runs.list'))[0].state !== 'running', 'the run ended');
  const scan = await scanOf('case_3');
  await page.keyboard.press('b');
  await stroke(page);
  await until(async () => ((await drawnVoxels(scan)) ?? 0) > 0, 'a stroke saved');
  await place(page, 'Train');
  await page.getByRole('button', { name: 'Resume' }).click();
  await until(async () => (await ask(page, 'runs.list'))[0].state === 'running', 'the run goes on');
  await ask(page, 'train.cancel', { run });
  await until(async () => (await ask(page, 'runs.list'))[0].state === 'cancelled', 'stopped');
});

test('a trainer killed while it is paused is a message too, and the run goes on from its checkpoint', {
  skip: needsProc,
}, async () => {
  await place(page, 'Cases');
  const { run } = await ask(page, 'train.start', {
    options: { steps: 400, width: 2, patch: [32, 32, 32], spacing: 'native' },
  });
  const state = async () => (await ask(page, 'runs.list')).find((one) => one.id === run)?.state;
  await until(async () => (await ask(page, 'runs.list'))[0].step > 1, 'a step');
  await ask(page, 'train.pause', { run });
  await until(async () => (await state()) === 'paused', 'paused');
  const trainers = children('trainer-worker');
  assert.equal(trainers.length, 1);
  process.kill(trainers[0], 'SIGKILL');
  await page.getByRole('alert').filter({ hasText: /train/i }).first().waitFor();
  await until(async () => !['paused', 'running'].includes((await state()) ?? ''), 'the run ended');
  await place(page, 'Train');
  await page.getByRole('button', { name: 'Resume' }).click();
  await until(async () => (await state()) === 'running', 'the run goes on');
  await ask(page, 'train.cancel', { run });
  await until(async () => (await state()) === 'cancelled', 'stopped');
});

const closeProject = async () => {
  await ask(page, 'projects.close');
  await page.getByRole('button', { name: 'Open project…' }).waitFor();
};
const open = () => page.getByRole('button', { name: 'Open project…' }).click();

test(
  'a project that another program has open is refused with the reason, and opens once that has ended',
  options,
  async () => {
    assert.throws(() => openProject(project(), 'write'), { code: 'project/in-use' });
    await closeProject();
    const other = openProject(project(), 'write');
    try {
      await served.shell.choose(project(), open);
      const message = page.getByRole('alert').filter({ hasText: 'one program at a time' });
      await message.waitFor();
      assert.match(await message.innerText(), new RegExp(`process ${process.pid} on .* since`));
    } finally {
      other.close();
    }
    await served.shell.choose(project(), open);
    await page.getByRole('grid', { name: 'Scans' }).waitFor();
  },
);

test(
  'a volume of 2 GB and more: the window says when a scan is too large to show, and opens the others',
  options,
  async () => {
    await closeProject();
    const large = join(served.cohort.projects, 'Large');
    const grid = {
      size: [1600, 1600, 1200],
      spacing: spacingMm(1, 1, 1),
      origin: lpsPoint(0, 0, 0),
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    } as const;
    const store = createProject(large, { preset: 'mr', labels: [{ name: 'organ' }] });
    const id = store.scans.nextId();
    const path = store.path(volumeFile(id));
    await writeNifti(path, { ...grid, size: [1600, 1600, 1], data: new Int16Array(1600 * 1600) });
    // The depth in the header, and a file with a hole that is as long as it says.
    const header = readFileSync(path).subarray(0, 352);
    header.writeInt16LE(1200, 46);
    writeFileSync(path, header);
    truncateSync(path, 352 + 2 * 1600 * 1600 * 1200);
    store.scans.add(id, { ...grid, name: 'huge', modality: 'MR', sourcePath: '/nowhere', contentHash: 'x' });
    store.close();
    await served.shell.choose(large, open);
    await page.getByRole('button', { name: 'huge', exact: true }).click();
    const message = page.getByRole('alert').filter({ hasText: 'This case cannot be opened' });
    await message.waitFor();
    assert.match(await message.innerText(), /too large for the memory of a window \(9\.2 GB for 1600 x 1600 x 1200\)/);
    assert.equal(await page.getByRole('alert').count(), 1, 'what was said of another project is gone');
    await page.getByRole('button', { name: 'Back to the cases' }).click();
    await page.getByRole('grid', { name: 'Scans' }).waitFor();
    await closeProject();
    await served.shell.choose(project(), open);
    await page.getByRole('grid', { name: 'Scans' }).waitFor();
  },
);

test(
  'a wrong token or Host is a page with the reason, and a page of another origin gets nothing',
  options,
  async () => {
    const { origin, url } = served.server;
    const stranger = await page.context().browser()!.newContext();
    const tab = await stranger.newPage();
    const says = async (address: string, words: RegExp) => {
      await tab.goto(address);
      assert.match(await tab.locator('body').innerText(), words);
    };
    await says(`${origin}/?token=wrong`, /token must be the one.*Open the whole address/s);
    await says(origin, /token must be the one/);
    await says(url.replace('127.0.0.1', 'localhost'), /Host must be 127\.0\.0\.1/);
    await tab.goto(url);
    // A new window opens where the last one was.
    await tab.getByRole('navigation', { name: 'Places' }).waitFor();
    await tab.goto('about:blank');
    const seen = await tab.evaluate(
      (address) =>
        fetch(`${address}/call/projects.recent`, { credentials: 'include' }).then(
          (answer) => answer.status,
          () => 'refused',
        ),
      origin,
    );
    assert.equal(seen, 'refused');
    await stranger.close();
  },
);

test('a damaged project is refused in words, and the window goes on with another', options, async () => {
  await closeProject();
  const database = join(project(), 'project.sqlite');
  const whole = readFileSync(database);
  writeFileSync(database, Buffer.concat([Buffer.from('no database at all '), whole.subarray(19)]));
  await served.shell.choose(project(), open);
  await page.getByRole('alert').filter({ hasText: 'whole project.sqlite' }).waitFor();
  writeFileSync(database, whole);
  await served.shell.choose(project(), open);
  await page.getByRole('grid', { name: 'Scans' }).waitFor();
  assert.equal((await ask(page, 'scans.list')).length, 3);
});

test(
  'a folder without a project, or none at all, is refused in plain words, and the open project stays',
  options,
  async () => {
    await place(page, 'Projects');
    await open();
    const dialog = page.getByRole('dialog', { name: 'Open a project' });
    await dialog.getByLabel('Path of the folder').fill('/nowhere/at/all');
    await dialog.getByLabel('Path of the folder').press('Enter');
    await dialog.getByText('The folder cannot be opened: no folder at /nowhere/at/all.', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await served.shell.choose(served.cohort.scans, open);
    await page.getByText(/^The project cannot be opened: the folder holds no project\.sqlite/).waitFor();
    assert.equal((await ask(page, 'projects.current'))?.path, project());
    await place(page, 'Cases');
    await page.getByRole('grid', { name: 'Scans' }).waitFor();
  },
);
