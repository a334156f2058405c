/** `npm start`: builds what is missing and opens the window; without Electron's binary it says so and offers the browser. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const electron = join(root, 'node_modules', 'electron');

/** Path of Electron's program, or null: its package installs without it and fetches it when first asked. */
function binary(): string | null {
  const named = join(electron, 'path.txt');
  if (!existsSync(named)) return null;
  const path = join(
    process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(electron, 'dist'),
    readFileSync(named, 'utf8').trim(),
  );
  return existsSync(path) ? path : null;
}

function fetchBinary(): void {
  const script = join(electron, 'install.js');
  if (existsSync(script)) spawnSync(process.execPath, [script], { cwd: root, stdio: 'ignore', timeout: 300_000 });
}

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map(
      (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs,
    ),
  );
}

if (!binary()) fetchBinary();
const program = binary();
if (!program) {
  console.error(
    "Electron's program is not here and could not be fetched. The same program runs in a browser: npm run serve",
  );
  process.exit(3);
}
const main = join(root, 'out', 'main', 'index.js');
if (!existsSync(main) || newest(join(root, 'src')) > statSync(main).mtimeMs) {
  console.error('Building ...');
  const built = spawnSync(
    process.execPath,
    [join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build'],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (built.status !== 0) process.exit(built.status ?? 1);
}
const child = spawn(program, [root, ...process.argv.slice(2)], { stdio: 'inherit' });
child.on('exit', (code) => process.exit(code ?? 1));
