/** The portable archive, unpacked where nothing else is: no Node on the path, no packages beside it, no network needed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addSoftwareAdapter } from '../../bench/software-adapter.ts';
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
