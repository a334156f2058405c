/** A window on `decile serve` in a process of its own, which a test kills under it; the window itself finds the next one. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { until } from '../waits.ts';
import { launchBrowser } from './browser.ts';
import type { Cohort } from './cohort.ts';
import { type OwnProcess, serveApart } from './own-process.ts';
import { ask } from './whole-job.ts';

export interface KilledWindow {
  page: Page;
  /** What went wrong in the page. */
  problems: string[];
  /** Folder of the program's own files. */
  config: string;
  /** Address of the program. */
  url(): string;
  /** Ends the program; resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the next one. */
  start(): Promise<void>;
  /** Kills the program, starts the next, and resolves once the window has its project again. */
  restart(): Promise<void>;
}

/** Opens the project in `folder` of a cohort, which is removed at the end: after the program, which would write into it once more. */
export async function openToKill(t: TestContext, cohort: Cohort, folder: string): Promise<KilledWindow> {
  const config = join(cohort.root, 'config');
  let [server, browser]: [OwnProcess | undefined, Browser | undefined] = [undefined, undefined];
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    server?.child.kill(signal);
    await server?.gone;
  };
  t.after(async () => {
    await browser?.close();
    await kill();
    cohort.remove();
  });
  const start = async () => {
    server = await serveApart([], { DECILE_CONFIG: config });
  };
  const url = () => server?.url ?? '';
  await start();
  browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(120_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(url());
  const { folder: id } = await ask(page, 'folders.browse', { path: folder });
  await ask(page, 'projects.open', { folder: id });
  const restart = async () => {
    await kill();
    await start();
    await until(async () => (await ask(page, 'projects.current').catch(() => null)) !== null, 'the project open again');
  };
  return { page, problems, config, url, kill, start, restart };
}
