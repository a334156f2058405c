import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { listFolder, type WalkOptions, walkFiles, walkFilesSync } from '../../src/disk/index.ts';

const base = mkdtempSync(join(tmpdir(), 'decile-walk-'));
after(() => rmSync(base, { recursive: true, force: true }));
const root = join(base, 'scans');
for (const path of [
  'b.nii',
  'a.nii',
  'sub/c.nii',
  'sub/deep/d.nii',
  '.hidden/e.nii',
  '.f.nii',
  '__MACOSX/g.nii',
  '../outside/h.nii',
]) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), '');
}
symlinkSync(root, join(root, 'sub', 'circle'));
symlinkSync(join(root, 'sub', 'deep'), join(root, 'twice'));
symlinkSync(join(base, 'outside'), join(root, 'out'));
symlinkSync(join(root, 'a.nii'), join(root, 'link.nii'));

/** Both ways of walking, which must agree. */
async function walked(options: WalkOptions): Promise<string[]> {
  const names = (paths: string[]) => paths.map((path) => relative(root, path));
  const found = names(await walkFiles(root, options));
  assert.deepEqual(names(walkFilesSync(root, options)), found);
  return found;
}

test('all links: each real folder once, sorted, no circle', async () => {
  assert.deepEqual(await walked({}), ['a.nii', 'b.nii', 'link.nii', 'out/h.nii', 'sub/c.nii', 'sub/deep/d.nii']);
});

test('links inside the folder alone: those that lead out are told', async () => {
  const left: string[] = [];
  const found = await walked({ links: 'inside', onLink: (path) => left.push(relative(root, path)) });
  assert.deepEqual(found, ['a.nii', 'b.nii', 'link.nii', 'sub/c.nii', 'sub/deep/d.nii']);
  assert.deepEqual([...new Set(left)], ['out']);
});

test('no links, a depth, and hidden names', async () => {
  assert.deepEqual(await walked({ links: 'none' }), ['a.nii', 'b.nii', 'sub/c.nii', 'sub/deep/d.nii']);
  assert.deepEqual(await walked({ links: 'none', depth: 0 }), ['a.nii', 'b.nii']);
  assert.deepEqual(await walked({ links: 'none', depth: 1 }), ['a.nii', 'b.nii', 'sub/c.nii']);
  assert.deepEqual(await walked({ links: 'none', depth: 1, hidden: true }), [
    ...['.f.nii', '.hidden/e.nii', '__MACOSX/g.nii', 'a.nii', 'b.nii', 'sub/c.nii'],
  ]);
});

test('what cannot be read is told and the walk goes on; without a listener it ends', async (t) => {
  const dangling = join(root, 'sub', 'gone.nii');
  symlinkSync(join(base, 'nowhere'), dangling);
  t.after(() => rmSync(dangling));
  const failed: string[] = [];
  assert.equal((await walked({ onFailure: (path) => failed.push(path) })).length, 6);
  assert.deepEqual([...new Set(failed)], [dangling]);
  await assert.rejects(walkFiles(root), { code: 'ENOENT' });
  assert.throws(() => walkFilesSync(root), { code: 'ENOENT' });
});

test('a walk that is stopped ends with the reason, not with a failure', async () => {
  const signal = AbortSignal.abort(new Error('stopped'));
  await assert.rejects(walkFiles(root, { signal, onFailure: () => assert.fail('no failure') }), /stopped/);
});

test('a listing is sorted and names links as links', () => {
  assert.deepEqual(
    listFolder(root).map(({ name, kind }) => [name, kind]),
    [
      ['a.nii', 'file'],
      ['b.nii', 'file'],
      ['link.nii', 'link'],
      ['out', 'link'],
      ['sub', 'folder'],
      ['twice', 'link'],
    ],
  );
});

test('links into what the system makes up are told, not followed, even where all are', {
  skip: process.platform === 'linux' ? false : 'there is no /proc',
}, async () => {
  const here = join(base, 'system');
  mkdirSync(here);
  writeFileSync(join(here, 'a.nii'), '');
  symlinkSync('/proc/self', join(here, 'process'));
  const left: string[] = [];
  const found = await walkFiles(here, { links: 'all', onLink: (path) => left.push(relative(here, path)) });
  assert.deepEqual([found.map((path) => relative(here, path)), left], [['a.nii'], ['process']]);
});
