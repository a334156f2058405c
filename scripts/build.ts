/**
 * `npm run build`: bundles main, preload and the window into out/, where that is missing or older than its sources.
 * Whoever needs the built program asks here, so that two of them never build at once: one would take the other's files away.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'out');
/** The built main process, and the folder of the window's pages. */
export const MAIN = join(OUT, 'main', 'index.js');
export const PAGES = join(OUT, 'renderer');

const SOURCES = ['src', 'electron.vite.config.ts', 'package-lock.json'].map((path) => join(ROOT, path));
/** Written when a build is whole; its time is that of the build's start. */
const STAMP = join(OUT, '.built');
const LONGEST_BUILD_MS = 10 * 60_000;

/**
 * Builds where needed, or waits for who builds; throws what the bundler said where it fails.
 * @param onStart called where there is something to build
 */
export function build(onStart?: () => void): void {
  if (isBuilt()) return;
  onStart?.();
  mkdirSync(OUT, { recursive: true });
  // An exclusive transaction on an empty file: the operating system drops it however its process ends.
  const lock = new Database(join(OUT, '.lock'), { timeout: LONGEST_BUILD_MS });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    if (!isBuilt()) bundle();
  } finally {
    lock.close();
  }
}

function bundle(): void {
  const started = new Date();
  rmSync(STAMP, { force: true });
  const bundler = join(ROOT, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundler, 'build'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The program could not be built:\n${stdout}${stderr}`);
  writeFileSync(STAMP, '');
  utimesSync(STAMP, started, started);
}

function isBuilt(): boolean {
  const built = statSync(STAMP, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return SOURCES.every((source) => newest(source) < built);
}

/** Milliseconds of the latest change of a file, or of anything in a folder. */
function newest(path: string): number {
  const found = statSync(path);
  const inside = found.isDirectory() ? readdirSync(path).map((name) => newest(join(path, name))) : [];
  return Math.max(found.mtimeMs, ...inside);
}

if (import.meta.main) build();
