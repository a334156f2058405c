/**
 * `npm run screenshots -- PROJECT OUT`: pictures of every screen, dark and light, of a project that holds phantoms (pictures of
 * real scans belong in no repository). Look at them before they go into docs/.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { launchBrowser } from './browser.ts';
import { buildPages, PAGES } from './build.ts';
import { ask, place } from './whole-job.ts';

const [project, output] = process.argv.slice(2).map((path) => resolve(process.env.INIT_CWD ?? '.', path));
if (!project || !output) {
  console.error('npm run screenshots -- PROJECT OUT');
  process.exit(2);
}
buildPages();
mkdirSync(output, { recursive: true });
const config = mkdtempSync(join(tmpdir(), 'decile-screenshots-'));
process.env.DECILE_CONFIG = config;
const { serve } = await import('../../src/main/server/serve.ts');
const server = await serve({ pages: PAGES, project });
const browser = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
page.setDefaultTimeout(120_000);
await page.goto(server.url);
for (const theme of ['dark', 'light'] as const) {
  await ask(page, 'settings.set', { theme, welcomed: true });
  await page.reload();
  for (const name of ['Projects', 'Cases', 'Annotate', 'Train', 'Review', 'Report']) {
    await place(page, name);
    // Pictures come in after the text, and the machine may be busy.
    await page.waitForTimeout(1500);
    await page.waitForLoadState('networkidle');
    if (name === 'Annotate' || name === 'Review') await page.locator('[data-phase="ready"], .empty').first().waitFor();
    await page.waitForTimeout(1500);
    await page.screenshot({ path: join(output, `${name.toLowerCase()}-${theme}.png`) });
  }
}
await browser.close();
await server.close();
rmSync(config, { recursive: true, force: true });
console.log(`Pictures are in ${output}.`);
process.exit(0);
