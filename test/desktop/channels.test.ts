/** The channels of a scan are layers of the case in the window. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, PAGES } from '../../scripts/build.ts';
import { lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { createProject } from '../../src/project/store/index.ts';
import { until } from '../waits.ts';
import { launchBrowser, noBrowser } from './browser.ts';
import { ask, maskOf, ready, stroke } from './whole-job.ts';

const GRID = {
  size: [32, 32, 12],
  spacing: spacingMm(1, 1, 2),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
} as const;

test('Alt and a digit put another channel on the screen; strokes stay and can be undone', {
  skip: noBrowser,
}, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'decile-layers-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const voxels = 32 * 32 * 12;
  // Dark to bright along i in T1; HU of another pattern, finer than whole numbers, in CT.
  const t1: Volume = { ...GRID, data: Int16Array.from({ length: voxels }, (_, v) => 10 * (v % 32)) };
  const ct: Volume = { ...GRID, data: Float32Array.from({ length: voxels }, (_, v) => 1.5 * (v % 7) - 40.5) };
  for (const name of ['a', 'b']) {
    const shift = name === 'a' ? 0 : 1;
    await writeNifti(join(root, `${name}_t1.nii`), { ...t1, data: t1.data.map((v) => v + shift) });
    await writeNifti(join(root, `${name}_ct.nii`), ct);
  }
  const folder = join(root, 'project');
  const store = createProject(folder, { name: 'Layers', preset: 'mr', labels: [{ name: 'organ' }] });
  await importScans(store, root, { channels: [{ name: 't1' }, { name: 'ct' }] });
  store.close();
  build();
  process.env.DECILE_CONFIG = join(root, 'config');
  const { serve } = await import('../../src/server/serve.ts');
  const server = await serve({ pages: PAGES, project: folder });
  t.after(() => server.close());
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(120_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(server.url);
  await page.getByRole('button', { name: 'a', exact: true }).click();
  await ready(page, 'a');
  const shown = () => page.locator('button[aria-pressed="true"]', { hasText: /^(t1|ct)$/ }).textContent();
  const picture = () => page.locator('[data-plane="axial"]').screenshot();
  assert.equal(await shown(), 't1');
  await page.keyboard.press('b');
  await stroke(page);
  const painted = async () => (await maskOf(page, 1, 'manual'))?.reduce((sum, v) => sum + v, 0) ?? 0;
  await until(async () => (await painted()) > 0, 'the stroke on the disk');
  const before = await picture();
  await page.keyboard.press('Alt+2');
  await until(async () => (await shown()) === 'ct', 'CT on the screen');
  await page.getByRole('button', { name: 'Soft tissue' }).waitFor();
  await until(async () => !before.equals(await picture()), 'another picture');
  await page.keyboard.press('Control+z');
  await until(async () => (await painted()) === 0, 'the undo on the disk');
  await page.keyboard.press('Control+Shift+z');
  await page.getByRole('button', { name: 't1', exact: true }).click();
  await until(async () => (await shown()) === 't1', 'T1 on the screen');
  assert.equal((await ask(page, 'scans.detail', { scan: 2 })).channels?.length, 2);
  assert.deepEqual(problems, []);
});
