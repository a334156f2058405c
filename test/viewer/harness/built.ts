/** The harness page, built once for all test files. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/build.ts';
import { buildOnce } from '../../../scripts/build-once.ts';

const OUT = join(ROOT, 'node_modules', '.cache', 'viewer-harness');
/** Folder of the built page. */
export const PAGE = join(OUT, 'page');

const SOURCES = [import.meta.dirname, join(ROOT, 'src'), join(ROOT, 'package-lock.json')];

/** Builds the page where it is missing or older than its sources; throws what the bundler said where it fails. */
export const buildHarness = (): void => buildOnce({ out: OUT, sources: SOURCES, make: bundle });

function bundle(): void {
  const script = join(import.meta.dirname, 'bundle.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The harness page could not be built:\n${stdout}${stderr}`);
}
