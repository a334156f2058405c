/** A command starts with its own modules alone: the store, the readers and the window's contract would double the time of each. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const CLI = join(import.meta.dirname, '../../src/cli/index.ts');

test('usage alone loads neither the store nor a reader of images nor a library of the window', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-start-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const hook = join(folder, 'hook.mjs');
  const list = join(folder, 'list');
  writeFileSync(
    hook,
    `import { writeFileSync } from 'node:fs'; import { registerHooks } from 'node:module'; const seen = [];
     registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) });
     process.on('exit', () => writeFileSync(${JSON.stringify(list)}, seen.join('\\n')));`,
  );
  const { status } = spawnSync(process.execPath, ['--import', hook, CLI, '--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  const loaded = readFileSync(list, 'utf8').split('\n');
  assert.ok(loaded.some((url) => url.endsWith('src/cli/program.ts')));
  const heavy =
    /src\/(project|engine|trainer|server|api|study)\/|src\/imaging\/index|node_modules\/(zod|better-sqlite3|dcmjs|@tensorflow)/;
  assert.deepEqual(
    loaded.filter((url) => heavy.test(url)),
    [],
  );
});
