/** A project in which every screen has something to show, made without training, and the window open on it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build, PAGES } from '../../scripts/build.ts';
import { openExistingProject } from '../../src/app.ts';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { createProject } from '../../src/project/store/index.ts';
import { keepPrediction } from '../services/predicted.ts';
import { addRun } from '../store/helpers.ts';
import { launchBrowser } from './browser.ts';

const SIZE = [48, 48, 32] as const;
/** Slices on which the phantom's prediction is said to be uncertain. */
const UNCERTAIN = [9, 15, 21];

export interface FilledOptions {
  /** Scans in all; case_1 and case_2 are labelled, the last is not predicted. */
  scans?: number;
  /** Decides case_3 to case_5: accepted as predicted, corrected, rejected. */
  decided?: boolean;
  labels?: readonly string[];
  /** The name of case_3 instead of that. */
  longName?: string;
  /** The project's own name. */
  name?: string;
}

/** Makes the project in `folder`: two labelled scans, predictions by a finished run for all others but the last. */
async function makeFilledProject(
  folder: string,
  { scans = 8, decided = true, labels = ['kidney', 'cyst'], longName, name = 'Filled' }: FilledOptions = {},
): Promise<void> {
  const [images, masks] = [`${folder}-scans`, `${folder}-masks`];
  for (const path of [images, masks]) mkdirSync(path, { recursive: true });
  const nameOf = (n: number) => (n === 3 && longName ? longName : `case_${n}`);
  for (let n = 1; n <= scans; n++) {
    const phantom = makePhantom('ct-abdomen', n, SIZE);
    await writeNifti(join(images, `${nameOf(n)}.nii.gz`), phantom.scan);
    if (n <= 2) await writeNifti(join(masks, `case_${n}.nii.gz`), phantom.mask);
  }
  const store = createProject(folder, {
    name,
    preset: 'ct-kidney',
    labels: labels.map((name) => ({ name })),
  });
  await importScans(store, images, { labels: masks });
  const run = addRun(store, 'round-1');
  store.runs.update(run.id, { state: 'finished', step: run.options.steps, finishedAt: new Date().toISOString() });
  const named = new Map(store.scans.list().map((scan) => [scan.name, scan]));
  for (let n = 3; n < scans; n++) {
    const scan = named.get(nameOf(n))!;
    const { mask } = makePhantom('ct-abdomen', n, SIZE);
    const entropy = Array.from({ length: SIZE[2] }, (_, k) => (UNCERTAIN.includes(k) ? 0.2 + n / 100 : 0.01));
    await keepPrediction(store, run, scan, mask, entropy);
  }
  store.close();
  if (decided) await decideSome(folder, (n) => named.get(nameOf(n))!.id);
  for (const path of [images, masks]) rmSync(path, { recursive: true });
}

async function decideSome(folder: string, scan: (n: number) => number): Promise<void> {
  const project = openExistingProject(folder);
  await project.review.decide(scan(3), 'accept');
  const corrected = makePhantom('ct-abdomen', 4, SIZE).mask;
  corrected.data.fill(1, 0, 40);
  await project.drawing.replace(scan(4), 'corrected', corrected.data);
  await project.review.decide(scan(4), 'accept');
  await project.review.decide(scan(5), 'reject');
  await project.close();
}

export interface FilledWindow {
  page: Page;
  /** Folder of the project. */
  project: string;
  /** Empty folder for what tests write. */
  scratch: string;
  /** Errors that the page threw. */
  problems: string[];
  /** Address that opens the window. */
  url: string;
  /** Ends the program, starts it again on the same project at another address, and opens that. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the window, and opens it on a filled project; on none where `filled` is null. */
export async function openFilledWindow(filled: FilledOptions | null = {}): Promise<FilledWindow> {
  build();
  const root = mkdtempSync(join(tmpdir(), 'decile-filled-'));
  process.env.DECILE_CONFIG = join(root, 'config');
  process.env.DECILE_DOCUMENTS = join(root, 'documents');
  const project = join(root, 'Filled');
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  if (filled) await makeFilledProject(project, filled);
  const { serve } = await import('../../src/server/serve.ts');
  const start = () => serve({ pages: PAGES, ...(filled ? { project } : {}) });
  let server = await start();
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.setDefaultTimeout(120_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(server.url);
  await page.getByRole('navigation', { name: 'Places' }).waitFor();
  return {
    page,
    project,
    scratch,
    problems,
    get url() {
      return server.url;
    },
    async restart() {
      await page.goto('about:blank');
      await server.close();
      server = await start();
      await page.goto(server.url);
      await page.getByRole('navigation', { name: 'Places' }).waitFor();
    },
    async close() {
      await browser.close();
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
