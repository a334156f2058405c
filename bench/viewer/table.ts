/** The table of cases with many scans, through the real server: until it stands, then scroll, search, sort, filter. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build, PAGES } from '../../scripts/build.ts';
import { lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { createProject, volumeFile } from '../../src/project/store/index.ts';
import { frames, percentile, processorTime } from './page.ts';

/** How many scans where it is not said. */
export const SCANS = 1000;
const WHEELS = 60;

/** Small scans with files of their own: thumbnails are made as they come into sight. */
async function makeProject(folder: string, scans: number): Promise<void> {
  const store = createProject(folder, { preset: 'ct-kidney', labels: [{ name: 'kidney' }] });
  const grid = {
    size: [24, 24, 12],
    spacing: spacingMm(2, 2, 3),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  } as const;
  for (let n = 1; n <= scans; n++) {
    const id = store.scans.nextId();
    const data = Int16Array.from({ length: 24 * 24 * 12 }, (_, v) => ((v * 37 + n * 101) % 400) - 160);
    await writeNifti(store.path(volumeFile(id)), { ...grid, data });
    store.scans.add(id, {
      ...grid,
      name: `scan_${n}`,
      modality: n % 3 ? 'CT' : 'MR',
      sourcePath: '/nowhere',
      contentHash: `${n}`,
    });
  }
  store.close();
}

/** Milliseconds from an action until `holds` in the page. */
async function until(page: Page, act: () => Promise<void>, selector: string, text: string): Promise<number> {
  const start = performance.now();
  await act();
  await page.waitForFunction(
    ([where, wanted]) => document.querySelector(where)?.textContent?.includes(wanted),
    [selector, text] as const,
    { polling: 'raf' },
  );
  return performance.now() - start;
}

export async function benchTable(browser: Browser, scans = SCANS): Promise<Record<string, number>> {
  build();
  const scratch = mkdtempSync(join(tmpdir(), 'decile-bench-'));
  const project = join(scratch, 'project');
  await makeProject(project, scans);
  process.env.DECILE_CONFIG = join(scratch, 'config');
  const { serve } = await import('../../src/server/serve.ts');
  const server = await serve({ pages: PAGES, project });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(120_000);
  const figures: Record<string, number> = {};
  figures.tableOpenMs = await until(page, async () => void (await page.goto(server.url)), '[role=grid] .row', 'scan_1');
  await page.waitForTimeout(3000);
  await page.getByRole('grid', { name: 'Scans' }).hover();
  let times: number[] = [];
  const busy = await processorTime(page, async () => {
    times = await frames(page, async () => {
      for (let n = 0; n < WHEELS; n++) await page.mouse.wheel(0, 400);
    });
  });
  figures.tableScrollMedianMs = percentile(times, 50);
  figures.tableScrollP95Ms = percentile(times, 95);
  figures.tableScrollProcessorMs = busy / WHEELS;
  const search = page.getByPlaceholder('Search names');
  const step = async (name: string, act: () => Promise<void>, selector: string, text: string) => {
    figures[`table${name}ProcessorMs`] = await processorTime(page, async () => {
      figures[`table${name}Ms`] = await until(page, act, selector, text);
    });
  };
  await step('Search', () => search.fill('scan_77'), '.foot', ' scans of');
  await search.fill('');
  const sort = () => page.getByRole('columnheader', { name: 'Modality' }).getByRole('button').click();
  await step('Sort', sort, '[aria-sort=ascending]', 'Modality');
  const all = () => page.getByRole('checkbox', { name: 'Select all' }).check();
  await step('SelectAll', all, '.tools', `${scans} selected`);
  await page.close();
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
  return figures;
}
