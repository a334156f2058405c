/**
 * The built main process, preload and window: in the stand-in of electron-stand-in.ts, which is Chromium driven from Node.
 * It says so in its names; the same steps as through `decile serve` run in serve.test.ts.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { type Cohort, makeCohort } from './cohort.ts';
import { control, windows } from './electron-stand-in.ts';
import { startProgram } from './stand-in-program.ts';
import {
  ask,
  drawOn,
  importWithMasks,
  makeProject,
  maskOf,
  place,
  predictTheRest,
  ready,
  type Shell,
  stroke,
  trainAFew,
} from './whole-job.ts';

const options = { skip: noBrowser };
let cohort: Cohort;
let shell: Shell;

before(async () => {
  if (noBrowser) return;
  cohort = await makeCohort(3, 1);
  const page = await startProgram(join(cohort.root, 'config'));
  shell = {
    page,
    async choose(path, open) {
      control.folders.push(path);
      await open();
    },
  };
});
after(async () => {
  if (noBrowser) return;
  await control.browser?.close();
  cohort?.remove();
});

test('stand-in: the window is sandboxed and isolated, without Node', options, () => {
  const { webPreferences } = windows[0].options;
  assert.equal(webPreferences.sandbox, true);
  assert.equal(webPreferences.contextIsolation, true);
  assert.equal(webPreferences.nodeIntegration, false);
  assert.equal(webPreferences.webviewTag, false);
});

test('stand-in: a call from a frame of another origin is refused', options, async () => {
  control.senderUrl = 'https://evil.example/';
  const reply = await shell.page.evaluate(() =>
    (globalThis as unknown as { decile: { call(name: string): Promise<unknown> } }).decile.call('settings.get'),
  );
  control.senderUrl = 'app://decile/index.html';
  assert.deepEqual((reply as { error: { code: string } }).error.code, 'call/refused');
});

test(
  'stand-in: the preload exposes calls, events and dropped folders, and nothing of Node or Electron',
  options,
  async () => {
    const seen = await shell.page.evaluate(() => ({
      bridge: Object.keys((globalThis as unknown as { decile: object }).decile).sort(),
      leaks: ['require', 'process', 'ipcRenderer', 'module'].filter((name) => name in globalThis),
    }));
    assert.deepEqual(seen, { bridge: ['call', 'dropped', 'subscribe'], leaks: [] });
  },
);

test('stand-in: the menu reaches the screens', options, async () => {
  const help = control.menu
    .find((menu) => menu.label === '&Help')!
    .submenu!.find((item) => item.label === '&About Decile')!;
  help.click!();
  const dialog = shell.page.getByRole('dialog', { name: 'About Decile' });
  await dialog.waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
});

test(
  'stand-in: project, import by the dialog, brush, autosave, training in the utility process, prediction',
  options,
  async () => {
    await makeProject(shell, cohort, 'In the window');
    await importWithMasks(shell, cohort, 3);
    await drawOn(shell.page, 'case_2');
    control.focused = false;
    await trainAFew(shell.page, 6);
    assert.match(control.notifications.join(), /^Training /, 'the end of a run is told outside the window too');
    control.focused = true;
    // Of the two without a mask one has a drawing that nobody finished: a prediction does not cover it.
    await predictTheRest(shell.page, 1, ['case_2']);
  },
);

test('stand-in: a folder dropped on the window is imported', options, async () => {
  const { page } = shell;
  control.droppedPath = join(cohort.root, 'dropped');
  const { scan } = makePhantom('ct-abdomen', 9, [48, 48, 32]);
  mkdirSync(control.droppedPath);
  await writeNifti(join(control.droppedPath, 'case_9.nii.gz'), scan);
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([''], 'dropped'));
    dispatchEvent(new DragEvent('dragover', { dataTransfer, cancelable: true }));
    dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
  });
  await until(async () => (await ask(page, 'scans.list')).some((row) => row.name === 'case_9'), 'the dropped scan');
});

test('stand-in: strokes that the disk does not take keep the window open, on every screen', options, async () => {
  const { page } = shell;
  await place(page, 'Cases');
  await page.getByRole('button', { name: 'case_9', exact: true }).click();
  await ready(page, 'case_9');
  const full = { code: 'disk/full', message: 'Saving must have room, got a full disk.', cure: 'Free some space.' };
  await page.route('**/data/mask/**', (route) =>
    route.request().method() === 'PUT' ? route.fulfill({ status: 507, json: full }) : route.fallback(),
  );
  await page.keyboard.press('b');
  await stroke(page);
  await page.locator('[data-save="failed"]').waitFor();
  await place(page, 'Train');
  await page.getByRole('alert').filter({ hasText: 'not saved: Saving must have room' }).waitFor();
  control.menu.find((menu) => menu.label === '&File')!.submenu!.find((item) => item.label === '&Close project')!
    .click!();
  await page.getByText('Strokes are not saved yet').waitFor();
  control.boxes.push(0);
  await windows[0].close();
  assert.equal(control.quit, false, 'Stay was chosen');
  assert.ok(await ask(page, 'projects.current'));
  await page.unroute('**/data/mask/**');
  const [scan] = (await ask(page, 'scans.list')).filter((row) => row.name === 'case_9');
  await until(async () => (await maskOf(page, scan.id, 'manual'))?.some(Boolean) === true, 'the stroke saved');
  await page.getByText(/^saved/).waitFor();
});

test(
  'stand-in: closing while something runs asks first; staying keeps the window, leaving keeps the run',
  options,
  async () => {
    await ask(shell.page, 'train.start', { options: { steps: 500, width: 2, patch: [32, 32, 32], spacing: 'native' } });
    control.boxes.push(1);
    await windows[0].close();
    assert.equal(control.quit, false);
    assert.equal((await ask(shell.page, 'runs.list'))[0].state, 'running');
    await until(async () => (await ask(shell.page, 'runs.list'))[0].step > 1, 'a step');
    control.boxes.push(0);
    await windows[0].close();
    await until(async () => control.quit, 'the program left');
    const { openProject } = await import('../../src/project/store/index.ts');
    const store = openProject(join(cohort.projects, 'In the window'), 'read');
    assert.equal(store.runs.list().at(-1)?.state, 'interrupted');
    assert.ok(store.checkpoints.latest(store.runs.list().at(-1)!.id));
    store.close();
    const kept = JSON.parse(readFileSync(join(cohort.root, 'config', 'window.json'), 'utf8'));
    assert.equal(kept.maximized, false);
    assert.ok(kept.width >= 1024 && kept.height >= 680, 'the window opens where it was');
  },
);
