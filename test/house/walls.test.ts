import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ROOM_NAMES, ROOMS } from '../../scripts/walls/rooms.ts';
import { BREAKS } from './breaks.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What lint reads, beside what is installed. */
const COPIED = [
  ...['src', 'scripts', 'test', 'bench', 'bin', 'package.json', 'tsconfig.json', 'electron.vite.config.ts'],
  ...['biome.json', 'knip.json', '.dependency-cruiser.mjs', '.gitignore'],
];

const copy = mkdtempSync(join(tmpdir(), 'decile-walls-'));
after(() => rmSync(copy, { recursive: true, force: true }));
for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
for (const { file, text } of BREAKS) {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), text);
}

const lint = spawnSync(process.execPath, [join(copy, 'scripts', 'lint.ts')], { encoding: 'utf8', cwd: copy });
const said = lint.stdout + lint.stderr;
/** What is said of a file: lines that name it, and the words that Biome puts below such a line. */
const lines = said.split('\n').map((line, n, all) => (line.includes(' lint/') ? all.slice(n, n + 3).join(' ') : line));

test('lint fails on a tree with breaks', () => {
  assert.equal(lint.status, 1);
  assert.ok(lines.length > BREAKS.length, said);
});

for (const { file, named } of BREAKS) {
  test(`lint names ${file}`, () => {
    const about = lines.filter((line) => line.includes(file));
    assert.ok(
      about.some((line) => named.test(line.replaceAll(file, ''))),
      `lint said of it: ${about.join('\n') || 'nothing'}`,
    );
  });
}

test('lint says what to do instead', () => {
  assert.match(said.replace(/\s+/g, ' '), /core imports nothing of Node: core is arithmetic that runs anywhere/);
});

test('lint refuses nothing but what was planted', () => {
  const files = new Set(BREAKS.map(({ file }) => file));
  // A circle that a planted file closes runs through others.
  const refused = lines
    .filter((line) => !line.includes('no-circular'))
    .map((line) => /^\s*(?:error [\w-]+: )?(src\/[\w./-]+\.(?:ts|svelte))\b/.exec(line)?.[1]);
  assert.deepEqual(
    refused.filter((file) => file && !files.has(file)),
    [],
  );
});

test('the architecture page shows the rooms as lint knows them', () => {
  const page = readFileSync(join(ROOT, 'docs', 'explanation', 'architecture.md'), 'utf8');
  const shown = [...page.matchAll(/^\| `(src[^`]*)` \| [^|]+ \| ([^|]+) \|/gm)].map(([, at, on]) => ({ at, on }));
  const known = ROOM_NAMES.map((name) => ({ at: ROOMS[name].at, on: ROOMS[name].on.join(', ') || 'nothing' }));
  assert.deepEqual(shown, known);
  const descriptions = [...page.matchAll(/^\| `src[^`]*` \| ([^|]+) \|/gm)].map(([, text]) => text);
  assert.equal(descriptions.length, ROOM_NAMES.length);
});
