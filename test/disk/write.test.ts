import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  copyFileAtomic,
  isLeftover,
  makeFolder,
  moveIntoPlace,
  streamFileAtomic,
  sweepLeftovers,
  temporaryFolder,
  temporaryPath,
  writeAll,
  writeFileAtomic,
} from '../../src/disk/index.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'decile-disk-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Started and in mid-write. */
async function writer(t: TestContext, path: string, size: number | 'hold'): Promise<ChildProcess> {
  const child = spawn(process.execPath, [WRITER, path, String(size)], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** What the file system was asked for, in order: each call as it goes through to the disk. */
async function callsOf(t: TestContext, work: () => unknown): Promise<string[]> {
  const calls: string[] = [];
  const open = new Map<number, string>();
  const spy = (owner: object, name: string, note: (args: unknown[], result: unknown) => string | null) => {
    const real = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
    t.mock.method(
      owner as Record<string, (...args: unknown[]) => unknown>,
      name,
      function (this: unknown, ...args: unknown[]) {
        const result = Reflect.apply(real, this, args);
        const line = note(args, result);
        if (line) calls.push(line);
        return result;
      },
    );
  };
  const kind = (path: string) => (path.endsWith('.part') ? 'temporary' : basename(path));
  spy(fs, 'openSync', ([path], fd) => {
    open.set(fd as number, kind(String(path)));
    return null;
  });
  spy(fs, 'writeSync', ([fd]) => `write ${open.get(fd as number)}`);
  spy(fs, 'fsyncSync', ([fd]) => `flush ${open.get(fd as number)}`);
  spy(fs, 'renameSync', ([from, to]) => `rename ${kind(String(from))} ${kind(String(to))}`);
  spy(promises, 'rename', ([from, to]) => `rename ${kind(String(from))} ${kind(String(to))}`);
  const handle = await promises.open(WRITER);
  const ofHandle = Object.getPrototypeOf(handle) as object;
  await handle.close();
  spy(ofHandle, 'write', () => 'write temporary');
  spy(ofHandle, 'sync', () => 'flush temporary');
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
  return calls;
}

test('a file is written beside its place, flushed, renamed, and then its folder is flushed', async (t) => {
  const folder = scratch(t);
  const order = ['write temporary', 'flush temporary', 'rename temporary a.txt', `flush ${basename(folder)}`];
  const path = join(folder, 'a.txt');
  assert.deepEqual(await callsOf(t, () => writeFileAtomic(path, 'text')), order);
  const streamed = callsOf(t, () => streamFileAtomic(path, (handle) => writeAll(handle, Buffer.from('text'))));
  assert.deepEqual(await streamed, order);
  assert.deepEqual(await callsOf(t, () => copyFileAtomic(WRITER, path)), order);
  assert.equal(readFileSync(path, 'utf8'), readFileSync(WRITER, 'utf8'));
});

test('what can be made again is renamed whole, without a flush', async (t) => {
  const path = join(scratch(t), 'a.txt');
  const calls = await callsOf(t, () => writeFileAtomic(path, 'text', { flush: false }));
  assert.deepEqual(calls, ['write temporary', 'rename temporary a.txt']);
});

test('a move and a new folder are flushed where their names stand', {
  skip: process.platform === 'win32',
}, async (t) => {
  const folder = scratch(t);
  const from = join(folder, 'a.txt');
  writeFileSync(from, 'text');
  const calls = await callsOf(t, () => moveIntoPlace(from, join(folder, 'one', 'two', 'b.txt')));
  assert.deepEqual(calls, [
    'flush one',
    `flush ${basename(folder)}`,
    'rename a.txt b.txt',
    'flush two',
    `flush ${basename(folder)}`,
  ]);
});

test('files and folders are readable by their owner alone', { skip: process.platform === 'win32' }, async (t) => {
  const folder = scratch(t);
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  const path = join(folder, 'one', 'two', 'a.txt');
  writeFileAtomic(path, 'text');
  assert.deepEqual([path, dirname(path), dirname(dirname(path))].map(mode), ['600', '700', '700']);
  writeFileSync(join(folder, 'open.txt'), 'text', { mode: 0o644 });
  copyFileAtomic(join(folder, 'open.txt'), join(folder, 'copy.txt'));
  await streamFileAtomic(join(folder, 'stream.txt'), async () => {});
  assert.deepEqual(
    ['copy.txt', 'stream.txt'].map((name) => mode(join(folder, name))),
    ['600', '600'],
  );
  assert.equal(mode(temporaryFolder(folder, 'incoming')), '700');
  writeFileAtomic(join(folder, 'page.html'), 'text', { mode: 0o644 });
  assert.equal(mode(join(folder, 'page.html')), '644');
});

test('a write that fails leaves the old file and no temporary one', async (t) => {
  const folder = scratch(t);
  const path = join(folder, 'value.json');
  writeFileAtomic(path, 'old');
  const broken = streamFileAtomic(path, async (handle) => {
    await writeAll(handle, Buffer.from('half'));
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  });
  await assert.rejects(broken, { code: 'file/disk-full' });
  assert.throws(() => copyFileAtomic(join(folder, 'absent'), path), { code: 'file/missing' });
  makeFolder(join(folder, 'taken', 'inside'));
  assert.throws(() => writeFileAtomic(join(folder, 'taken'), 'x'), { code: 'file/is-folder' });
  assert.deepEqual(readdirSync(folder).sort(), ['taken', 'value.json']);
  assert.equal(readFileSync(path, 'utf8'), 'old');
});

test('a folder that cannot be made is refused, not tried for ever; a file that is named into none says so', async (t) => {
  const folder = scratch(t);
  makeFolder(join(folder, 'a', 'b', 'c'));
  makeFolder(join(folder, 'a', 'b'));
  assert.ok(statSync(join(folder, 'a', 'b', 'c')).isDirectory());
  writeFileSync(join(folder, 'file'), '');
  for (const path of ['file', 'file/inside', 'file/inside/more'])
    assert.throws(() => makeFolder(join(folder, path)), { code: 'file/missing' }, path);
  // There, but nothing can be made in it, and the system says "no such file": as an automounter does.
  if (process.platform === 'linux') assert.throws(() => makeFolder('/proc/decile/out'), { code: 'file/missing' });
  await assert.rejects(
    streamFileAtomic(join(folder, 'absent', 'm.onnx'), async () => {}),
    { code: 'file/missing', message: /absent must be a folder to write m\.onnx into/ },
  );
});

test('a reader never sees half a file, also where the writer is killed', async (t) => {
  const folder = scratch(t);
  const path = join(folder, 'value.bin');
  const SIZE = 1 << 20;
  for (let round = 0; round < 5; round++) {
    const child = await writer(t, path, SIZE);
    for (let n = 0; n < 40; n++) {
      const bytes = readFileSync(path);
      assert.equal(bytes.length, SIZE);
      assert.ok(
        bytes.every((byte) => byte === bytes[0]),
        'one content, not two',
      );
    }
    await killed(child);
    const bytes = readFileSync(path);
    assert.ok(bytes.length === SIZE && bytes.every((byte) => byte === bytes[0]));
  }
  sweepLeftovers(folder);
  assert.deepEqual(readdirSync(folder), ['value.bin']);
});

test('what a live process is writing stays; once it is killed, it is swept', async (t) => {
  const folder = scratch(t);
  const child = await writer(t, join(folder, 'a.bin'), 'hold');
  const parts = () => readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.part'));
  assert.equal(parts().length, 2);
  assert.deepEqual(sweepLeftovers(folder, { depth: 1, alone: true, unmarked: /\.part$/ }), []);
  await killed(child);
  assert.equal(parts().length, 2);
  assert.equal(sweepLeftovers(folder, { depth: 1 }).length, 2);
  assert.deepEqual(parts(), []);
});

test('a name tells its process: another machine’s is left alone, an earlier process of this number is gone', () => {
  const mine = basename(temporaryPath('/data/a.nii'));
  assert.equal(isLeftover(mine, { alone: true }), false);
  const [, host, token] = /\.([0-9a-f]{8})-\d+-([0-9a-f]{8})-\d+\.part$/.exec(mine) ?? [];
  assert.equal(isLeftover(mine.replace(token, '00000000')), true);
  const foreign = mine.replace(host, '00000000');
  assert.equal(isLeftover(foreign), false);
  assert.equal(isLeftover(foreign, { alone: true }), true);
  assert.equal(isLeftover('scan.part'), false);
  assert.equal(isLeftover('scan.part', { alone: true }), false);
});

test('a link is not followed by the sweep, and a folder that cannot be read stops nothing', (t) => {
  const [folder, other] = [scratch(t), scratch(t)];
  writeFileSync(join(other, 'a.part'), '');
  fs.symlinkSync(other, join(folder, 'link'));
  fs.symlinkSync(other, join(folder, 'b.part'));
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'c.part'), '');
  assert.deepEqual(sweepLeftovers(folder, { depth: 9, unmarked: /\.part$/ }), [join(folder, 'sub', 'c.part')]);
  assert.ok(existsSync(join(other, 'a.part')));
  assert.deepEqual(sweepLeftovers(join(folder, 'absent')), []);
});
