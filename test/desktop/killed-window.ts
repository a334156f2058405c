/** A window on `decile serve` in a process of its own, which a test kills under it; the window itself finds the next one. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { serveApart } from './own-process.ts';
import { ask, until } from './whole-job.ts';

export interface KilledWindow {
  page: Page;
  /** Kills the program, starts the next, and resolves once the window has its project again. */
  kill(): Promise<void>;
  /** What went wrong in the page. */
  problems: string[];
}

/** Opens the project in `folder`; `root` takes the program's own files. All is ended with the test. */
export async function openToKill(t: TestContext, root: string, folder: string): Promise<KilledWindow> {
  const env = { DECILE_CONFIG: join(root, 'config') };
  let server = await serveApart([], env);
  const browser = await launchBrowser();
  t.after(async () => {
    await browser.close();
    server.child.kill('SIGKILL');
    await server.gone;
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(120_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(server.url);
  const { folder: id } = await ask(page, 'folders.browse', { path: folder });
  await ask(page, 'projects.open', { folder: id });
  return {
    page,
    problems,
    async kill() {
      server.child.kill('SIGKILL');
      await server.gone;
      server = await serveApart([], env);
      await until(
        async () => (await ask(page, 'projects.current').catch(() => null)) !== null,
        'the project open again',
      );
    },
  };
}
