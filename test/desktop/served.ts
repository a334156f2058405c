/** `decile serve` with its built pages in Chromium, for tests that go through the window. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build, PAGES } from '../../scripts/build.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { createProject } from '../../src/project/store/index.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { launchBrowser } from './browser.ts';
import { type Cohort, makeCohort } from './cohort.ts';
import { ask, type Shell } from './whole-job.ts';

export interface Served {
  cohort: Cohort;
  server: RunningServer;
  page: Page;
  shell: Shell;
  /** What the page threw or complained of. */
  problems: string[];
  close(): Promise<void>;
}

/** @param count phantoms on disk, the first `labelled` with their masks */
export async function startServed(count: number, labelled: number): Promise<Served> {
  build();
  const cohort = await makeCohort(count, labelled);
  process.env.DECILE_CONFIG = join(cohort.root, 'config');
  const { serve } = await import('../../src/server/serve.ts');
  const server = await serve({ pages: PAGES });
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(120_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(server.url);
  return {
    cohort,
    server,
    page,
    problems,
    shell: { page, choose: (path, open) => choose(page, path, open) },
    async close() {
      await browser.close();
      await server.close();
      cohort.remove();
    },
  };
}

/** Answers the page's own folder browser. */
async function choose(page: Page, path: string, open: () => Promise<void>): Promise<void> {
  await open();
  const dialog = page.getByRole('dialog').filter({ has: page.getByLabel('Path of the folder') });
  await dialog.getByLabel('Path of the folder').fill(path);
  await dialog.getByLabel('Path of the folder').press('Enter');
  await dialog.locator(`[data-listed=${JSON.stringify(path)}]`).waitFor();
  await dialog.getByRole('button', { name: 'Choose this folder' }).click();
}

/** A new project of the served scans with the labels kidney and cyst, open in the page. */
export async function openTwoLabels({ page, cohort }: Served): Promise<void> {
  const folder = join(cohort.root, 'project');
  const store = createProject(folder, { preset: 'ct-kidney', labels: [{ name: 'kidney' }, { name: 'cyst' }] });
  await importScans(store, cohort.scans);
  store.close();
  const { folder: id } = await ask(page, 'folders.browse', { path: folder });
  await ask(page, 'projects.open', { folder: id });
}
