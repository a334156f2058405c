/** A variable of the environment that nobody reads is said once, on stderr, with the name that was meant. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unknownVariables, VARIABLES } from '../../src/core/environment-names.ts';
import { createProject } from '../../src/project/store/index.ts';
import { temporaryFolder } from '../services/helpers.ts';
import { decile } from './run.ts';

const ROOT = join(import.meta.dirname, '../..');
const known = Object.fromEntries(VARIABLES.map((name) => [name, '']));

test('a misspelt variable is said once on stderr, and the command does what it does without it', async (t) => {
  const env = { ...known, DECILE_THREAD: 'two-secret' };
  const project = join(temporaryFolder(t), 'project');
  createProject(project, { preset: 'mr', labels: [{ name: 'organ' }] }).close();
  for (const args of [
    ['status', project],
    ['status', project, '--json'],
  ]) {
    const [plain, said] = [await decile(args, { env: known }), await decile(args, { env })];
    assert.equal(said.status, plain.status);
    assert.equal(said.stderr.match(/DECILE_THREAD\b/g)?.length, 1, said.stderr);
    assert.match(said.stderr, /got DECILE_THREAD, which says nothing: is it DECILE_THREADS\?/);
    assert.doesNotMatch(said.stdout + said.stderr, /two-secret/);
    assert.doesNotMatch(said.stdout, /DECILE_THREAD\b/);
    if (args.includes('--json')) assert.equal(typeof said.json(), 'object');
    assert.doesNotMatch(plain.stderr, /says nothing/);
  }
});

test('an error as JSON, help and --quiet say nothing of it on stdout', async () => {
  const env = { ...known, DECILE_THREAD: '2' };
  const failed = await decile(['status', join(tmpdir(), 'no project'), '--json'], { env });
  assert.equal(typeof (failed.json() as { error: { code: string } }).error.code, 'string');
  assert.match(failed.stderr, /DECILE_THREADS/);
  const help = await decile(['--help'], { env });
  assert.deepEqual([help.status, help.stderr], [0, '']);
  const quiet = await decile(['status', join(tmpdir(), 'no project'), '--quiet'], { env });
  assert.doesNotMatch(quiet.stdout + quiet.stderr, /DECILE_/);
});

test('the nearest name is told where one is near, otherwise all', () => {
  const [said] = unknownVariables(['DECILE_TRHEADS', 'PATH', 'DECILE_CACHE']);
  assert.match(said, /is it DECILE_THREADS\?/);
  assert.match(unknownVariables(['decile_cache'])[0], /is it DECILE_CACHE\?/);
  assert.deepEqual(unknownVariables(['decile_cache'], true), []);
  assert.match(unknownVariables(['DECILE_COLOUR_OF_LABELS'])[0], /known are DECILE_CACHE, /);
});

test('every variable that is read anywhere is known and told of in the reference', () => {
  const reference = readFileSync(join(ROOT, 'docs/reference/cli.md'), 'utf8');
  const rows = [...reference.matchAll(/^\| `(DECILE_[A-Z_]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(rows.sort(), [...VARIABLES].sort());
  const read = new Set<string>();
  for (const folder of ['src', 'scripts', 'test', 'bench', 'bin'])
    for (const path of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }))
      if (/\.(ts|mjs|svelte)$/.test(path))
        for (const [, name] of readFileSync(join(ROOT, folder, path), 'utf8').matchAll(
          /process\.env\.(DECILE_[A-Z_]+)/g,
        ))
          read.add(name);
  assert.deepEqual(
    [...read].filter((name) => !VARIABLES.includes(name)),
    [],
  );
});
