/** The set-up asks for npm alone: no compiler, no Python. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { optional?: boolean; gypfile?: boolean }>;
};

// npm ci reads package-lock.json and not a package's own "gypfile": false, and would run node-gyp on every package with a
// binding.gyp. npm install writes the lock without the entry: put it back.
test('npm ci compiles nothing', () => {
  const compiled = Object.entries(packages)
    .filter(([path, entry]) => path && !entry.optional && entry.gypfile !== false)
    .map(([path]) => path)
    .filter((path) => existsSync(join(ROOT, path, 'binding.gyp')));
  assert.deepEqual(compiled, [], 'these need "gypfile": false in package-lock.json');
  assert.equal(packages['node_modules/better-sqlite3'].gypfile, false);
});
