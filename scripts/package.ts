/**
 * `npm run package [-- --linux --win --mac --dir]`: installers by electron-builder (electron-builder.yml). The builder is
 * fetched at the version named here when it is first used: it is large, and only whoever makes installers needs it.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILDER = 'electron-builder@26.17.0';
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (program: string, values: string[]): void => {
  const { status } = spawnSync(program, values, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
};

run(process.execPath, [join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build']);
run('npx', ['--yes', BUILDER, '--config', 'electron-builder.yml', ...process.argv.slice(2)]);
