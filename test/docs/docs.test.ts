/** What the prose promises must exist: files, functions, npm scripts, commands, flags. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OPTIONS } from '../../src/core/options.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', ...globSync('docs/{tutorials,how-to,explanation}/*.md', { cwd: ROOT })];
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
/** Headings as GitHub names their anchors. */
const anchors = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

for (const page of PAGES) {
  const text = read(page);

  test(`${page}: every link inside the project leads somewhere`, () => {
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      assert.ok(existsSync(join(ROOT, file)), `${target} is not there`);
      if (anchor) assert.ok(anchors(read(file)).includes(anchor), `${file} has no heading #${anchor}`);
    }
  });

  test(`${page}: every npm script, decile command and training flag exists`, () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script] of text.matchAll(/npm run ([\w:]+)/g)) assert.ok(scripts[script], `npm run ${script}`);
    const commands = globSync('src/cli/commands/*.ts', { cwd: ROOT }).map(read).join('\n');
    const known = new Set([...commands.matchAll(/new Command\('(\w+)'\)/g)].map(([, name]) => name));
    for (const [line, command, rest] of text.matchAll(/(?:npm run decile --|`decile) (\w+)([^\n`]*)/g)) {
      assert.ok(known.has(command), `decile ${command} in: ${line}`);
      const flags = [...commands.matchAll(/'(?:-\w, )?--([\w-]+)/g)].map(([, flag]) => flag);
      for (const [, flag] of rest.matchAll(/ --([\w-]+)/g)) {
        assert.ok([...flags, ...OPTIONS.map((o) => o.flag)].includes(flag), `--${flag} in: ${line}`);
      }
    }
  });
}

test('each function that the CPCL page names is in the file that it links', () => {
  const rows = [
    ...read('docs/explanation/cpcl.md').matchAll(/`([\w.]+)` in\s+\[[^\]]+\]\(\.\.\/\.\.\/(src\/[^)]+)\)/g),
  ];
  assert.ok(rows.length >= 15, `${rows.length} links`);
  for (const [, name, file] of rows) {
    const [top, member] = name.split('.');
    const source = read(file);
    assert.match(source, new RegExp(`export (?:async )?(?:function|const|class) ${top}\\b`), `${top} in ${file}`);
    if (member) assert.match(source, new RegExp(`^  ${member}\\(`, 'm'), `${name} in ${file}`);
  }
});

/** Folders of src/ that are rooms, each by its own folder: those that hold rooms are looked into. */
const ROOMS = [
  ...globSync('src/*/', { cwd: ROOT }).filter((path) => !/src.(project|trainer|renderer)\b/.test(path)),
  ...globSync('src/{trainer/*/,project/{store,report}/,project/services/*/,renderer/{viewer,screens}/}', { cwd: ROOT }),
].map((path) => `${path.replaceAll('\\', '/').replace(/\/$/, '')}/`);

test('the three walks of the architecture page enter each room once', () => {
  const walks = read('docs/explanation/architecture.md').split('## Three walks')[1];
  const steps = [...walks.matchAll(/^\d+\. [\s\S]*?(?=^\d+\. |^#|$(?![\s\S]))/gm)].map(([step]) => step);
  const entered = steps.map((step) => /\]\(\.\.\/\.\.\/(src\/[^)]+)\)/.exec(step)?.[1] ?? '');
  assert.ok(ROOMS.length >= 20, `${ROOMS.length} rooms`);
  const visits = [...ROOMS, 'src/app.ts'].map((room) => [room, entered.filter((path) => path.startsWith(room)).length]);
  assert.deepEqual(
    visits.filter(([, count]) => count !== 1),
    [],
  );
  assert.equal(entered.length, visits.length, 'every step enters a room');
});

test('the licence is Apache-2.0 and the notice says research use', () => {
  assert.match(read('LICENSE'), /Apache License\s+Version 2\.0, January 2004/);
  assert.match(read('NOTICE'), /Research use only/);
  assert.match(read('README.md'), /not a certified medical device/);
});
