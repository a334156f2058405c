/**
 * `npm run screenshots [-- --out FOLDER] [--project FOLDER] [--steps N] [--only VIEW,...] [--png]`: pictures of every screen, dark and light.
 * Without --project it makes one of phantoms first, which trains twice (pictures of real scans belong in no repository);
 * a project made so is kept in --project and used again, and pictures are taken of a copy. A view that the window does not
 * get to gives no picture and ends the command with an error. Look at the pictures before they go into docs/.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, PAGES, ROOT } from '../../scripts/build.ts';
import { launchBrowser } from './browser.ts';
import { fillShowProject, makeShowProject } from './show-project.ts';
import { putBack, VIEWS } from './show-views.ts';
import { ask } from './whole-job.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    project: { type: 'string' },
    steps: { type: 'string', default: '150' },
    only: { type: 'string' },
    png: { type: 'boolean', default: false },
  },
});
const from = (path: string) => resolve(process.env.INIT_CWD ?? '.', path);
const output = values.out ? from(values.out) : join(ROOT, 'docs', 'images', 'window');
const scratch = mkdtempSync(join(tmpdir(), 'decile-screenshots-'));
const kept = values.project ? from(values.project) : join(scratch, 'made', 'Kidneys 2026');
const project = join(scratch, 'Kidneys 2026');
build();
mkdirSync(output, { recursive: true });
process.env.DECILE_CONFIG = join(scratch, 'config');
const { serve } = await import('../../src/server/serve.ts');
const browser = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
page.setDefaultTimeout(120_000);
page.on('pageerror', (error) => console.error(`The page threw: ${error.message}`));
if (!existsSync(join(kept, 'project.sqlite'))) {
  await makeShowProject(kept);
  const server = await serve({ pages: PAGES, project: kept });
  await page.goto(server.url);
  await fillShowProject(page, Number(values.steps));
  await page.goto('about:blank');
  await server.close();
}
cpSync(kept, project, { recursive: true });
const server = await serve({ pages: PAGES, project });
await page.goto(server.url);
await ask(page, 'settings.set', { welcomed: true });
const session = await page.context().newCDPSession(page);
for (const theme of ['dark', 'light'] as const) {
  await ask(page, 'settings.set', { theme });
  for (const { name, themes, show } of VIEWS) {
    if (!themes.includes(theme) || (values.only && !values.only.split(',').includes(name))) continue;
    await page.goto(server.url);
    await page.getByRole('navigation', { name: 'Places' }).waitFor();
    try {
      await show(page);
    } catch (error) {
      console.error(`No picture of ${name}, ${theme}: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
      await putBack();
      continue;
    }
    const kind = values.png ? 'png' : 'webp';
    const { data } = await session.send('Page.captureScreenshot', {
      format: kind,
      ...(values.png ? {} : { quality: 82 }),
    });
    const file = `${name}${theme === 'light' ? '-light' : ''}.${kind}`;
    writeFileSync(join(output, file), Buffer.from(data, 'base64'));
    await putBack();
  }
}
await browser.close();
await server.close();
rmSync(scratch, { recursive: true, force: true });
console.log(`Pictures are in ${output}.`);
process.exit();
