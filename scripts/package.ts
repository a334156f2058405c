/**
 * `npm run package [-- --linux --win --mac --dir]`: installers by electron-builder (electron-builder.yml). The builder is
 * fetched at the version named here when it is first used: it is large, and only whoever makes installers needs it.
 * `npm run package -- --portable`: the command line alone, as one archive with its own Node (portable.ts).
 */
import { spawnSync } from 'node:child_process';
import { build, ROOT } from './build.ts';
import { portable } from './portable.ts';

const BUILDER = 'electron-builder@26.17.0';
/** Signs that a file could not be fetched, which is no fault of the program. */
const NO_NETWORK = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|status code (403|404|407)/;

const run = (program: string, values: string[]): void => {
  const { status, stdout, stderr } = spawnSync(program, values, {
    cwd: ROOT,
    stdio: ['inherit', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    shell: process.platform === 'win32',
  });
  // A stack trace tells nobody what to do.
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => !/^\s+at /.test(line));
  console.log(lines.join('\n').trimEnd());
  if (status === 0) return;
  if (lines.some((line) => NO_NETWORK.test(line))) {
    console.error(
      "Electron's files could not be fetched, so there is no installer. Run this where github.com can be reached, or name a copy of its releases in ELECTRON_MIRROR. The program itself is built in out/; npm run serve opens it in a browser.",
    );
    process.exit(3);
  }
  process.exit(status ?? 1);
};

if (process.argv.includes('--portable')) {
  portable();
  process.exit(0);
}

build(() => console.log('Building ...'));
run('npx', ['--yes', BUILDER, '--config', 'electron-builder.yml', ...process.argv.slice(2)]);
