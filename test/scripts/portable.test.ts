/** The portable archive, unpacked where nothing else is: no Node on the path, no packages beside it, no network needed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addSoftwareAdapter } from '../../bench/software-adapter.ts';
import { ROOT } from '../../scripts/build.ts';
import { portable } from '../../scripts/portable.ts';
import { cohort, SMALL } from '../cli/cohort.ts';

const skip = process.platform === 'win32' && 'the archive is made on Linux or macOS';
let root = '';
let unpacked = '';

before(() => {
  if (skip) return;
  root = realpathSync(mkdtempSync(join(tmpdir(), 'decile-portable-')));
  mkdirSync(join(root, 'made'));
  mkdirSync(join(root, 'elsewhere'));
  const archive = portable(join(root, 'made'));
  const { status, stderr } = spawnSync('tar', ['-xf', archive, '-C', join(root, 'elsewhere')], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  rmSync(join(root, 'made'), { recursive: true });
  unpacked = join(root, 'elsewhere', readdirSync(join(root, 'elsewhere'))[0]);
});

after(() => {
  if (root) rmSync(root, { recursive: true, force: true });
});

/** Runs `./decile` with an environment that has nothing of this one. */
function run(...args: string[]): string {
  addSoftwareAdapter();
  const { VK_ADD_DRIVER_FILES } = process.env;
  const { status, stdout, stderr } = spawnSync(join(unpacked, 'decile'), args, {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', HOME: root, ...(VK_ADD_DRIVER_FILES && { VK_ADD_DRIVER_FILES }) },
  });
  assert.equal(status, 0, `decile ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

test('says its version and which engines compute', { skip }, () => {
  assert.match(run('--version'), /^\d+\.\d+\.\d+/);
  const report = JSON.parse(run('engines', '--json')) as object;
  assert.match(JSON.stringify(report), /"simd"/);
});

test('makes a project, trains and predicts', { skip }, async () => {
  const folder = await cohort(join(root, 'cohort'));
  const project = join(root, 'project');
  run('new', project, '--preset', 'mr', '--label', 'organ');
  run('import', project, join(folder, 'scans'), '--labels', join(folder, 'masks'));
  run('train', project, '--method', 'supervised', '--steps', '2', ...SMALL);
  run('predict', project, '--scans', 'all');
  assert.match(run('status', project, '--json'), /"finished"/);
});

/** Packages that a Node in a folder cannot load, of those that the program stands on. */
function notLoading(node: string, folder: string): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object };
  const script = `const failed = []; console.log = () => {};
for (const name of ${JSON.stringify(Object.keys(dependencies))}) await import(name).catch(() => failed.push(name));
process.stdout.write('failed ' + JSON.stringify(failed)); process.exit(0);`;
  const { stdout } = spawnSync(node, ['--input-type=module', '-e', script], { cwd: folder, encoding: 'utf8' });
  return JSON.parse(stdout.slice(stdout.lastIndexOf('failed ') + 7)) as string[];
}

test('every package that loads here loads from the archive too', { skip }, () => {
  assert.deepEqual(notLoading(join(unpacked, 'node'), unpacked), notLoading(process.execPath, ROOT));
});

test('the steps in PyTorch find all that they import of the reference', { skip }, () => {
  const folders = ['bench/pytorch', 'test/reference'];
  for (const folder of folders)
    for (const file of readdirSync(join(unpacked, folder))) {
      const text = readFileSync(join(unpacked, folder, file), 'utf8');
      for (const [, name] of text.matchAll(/^(?:from|import) (\w+)/gm)) {
        const own = `test/reference/${name}.py`;
        if (existsSync(join(ROOT, own))) assert.ok(existsSync(join(unpacked, own)), `${file} imports ${name}`);
      }
    }
});
