/** The real server in a real browser, on a project of scans that a test makes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build, PAGES } from '../../scripts/build.ts';
import type { Volume } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { createProject } from '../../src/project/store/index.ts';
import { launchBrowser } from './browser.ts';
import { place, ready } from './whole-job.ts';

export interface OwnScansWindow {
  page: Page;
  /** Holds the project, `project`. */
  root: string;
  /** Errors of the page. */
  problems: string[];
  close(): Promise<void>;
}

/** A window on an MR project of these scans, by name; the first one is opened. */
export async function openOwnScans(label: string, scans: Record<string, Volume>): Promise<OwnScansWindow> {
  const root = mkdtempSync(join(tmpdir(), 'decile-own-scans-'));
  for (const [name, scan] of Object.entries(scans)) await writeNifti(join(root, `${name}.nii`), scan);
  const project = join(root, 'project');
  const store = createProject(project, { name: 'Own scans', preset: 'mr', labels: [{ name: label }] });
  await importScans(store, root);
  store.close();
  build();
  process.env.DECILE_CONFIG = join(root, 'config');
  const { serve } = await import('../../src/server/serve.ts');
  const server = await serve({ pages: PAGES, project });
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.setDefaultTimeout(120_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(server.url);
  await openCase(page, Object.keys(scans)[0]);
  return {
    ...{ page, root, problems },
    async close() {
      await browser.close();
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Opens a case from the table. */
export async function openCase(page: Page, name: string): Promise<void> {
  await place(page, 'Cases');
  await page.getByRole('button', { name, exact: true }).click();
  await ready(page, name);
}
