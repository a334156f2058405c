/** The built program for the browser tests: made once, again when a source is newer. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PAGES = join(ROOT, 'out', 'renderer');

const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map(
      (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs,
    ),
  );

function build(output: string, sources: string[], program: string, values: string[]): void {
  const made = join(ROOT, output);
  if (existsSync(made) && sources.every((source) => newest(join(ROOT, source)) < statSync(made).mtimeMs)) return;
  execFileSync(process.execPath, [join(ROOT, 'node_modules', program), 'build', ...values], {
    cwd: ROOT,
    stdio: 'pipe',
  });
}

export const buildPages = (): void =>
  build(
    'out/renderer/index.html',
    ['src/renderer', 'src/core', 'src/shared', 'src/engine/webgpu'],
    'vite/bin/vite.js',
    ['--config', 'vite.renderer.config.ts', '--logLevel', 'warn'],
  );
export const buildProgram = (): void => build('out/main/index.js', ['src'], 'electron-vite/bin/electron-vite.js', []);
