/** `npm start`: builds what is missing and opens the window; without Electron's binary it says so and offers the browser. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { misspeltVariables } from '../src/engine/machine/environment.ts';
import { build, ROOT } from './build.ts';

const electron = join(ROOT, 'node_modules', 'electron');

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
  if (existsSync(script)) spawnSync(process.execPath, [script], { cwd: ROOT, stdio: 'ignore', timeout: 300_000 });
}

if (!binary()) fetchBinary();
const program = binary();
if (!program) {
  console.error(
    "Electron's program is not here and could not be fetched. The same program runs in a browser: npm run serve",
  );
  process.exit(3);
}
for (const text of misspeltVariables()) console.error(text);
build(() => console.error('Building ...'));
const child = spawn(program, [ROOT, ...process.argv.slice(2)], { stdio: 'inherit' });
child.on('exit', (code) => process.exit(code ?? 1));
