/**
 * `npm run build`: bundles main, preload and the window into out/, where that is missing or older than its sources.
 * Whoever needs the built program asks here, so that two of them never build at once: one would take the other's files away.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOnce } from './build-once.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'out');
/** The built main process, and the folder of the window's pages. */
export const MAIN = join(OUT, 'main', 'index.js');
export const PAGES = join(OUT, 'renderer');

const SOURCES = ['src', 'electron.vite.config.ts', 'package-lock.json'].map((path) => join(ROOT, path));

/**
 * Builds where needed, or waits for who builds; throws what the bundler said where it fails.
 * @param onStart called where there is something to build
 */
export const build = (onStart?: () => void): void => buildOnce({ out: OUT, sources: SOURCES, make: bundle }, onStart);

function bundle(): void {
  const bundler = join(ROOT, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundler, 'build'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The program could not be built:\n${stdout}${stderr}`);
}

if (import.meta.main) build();
