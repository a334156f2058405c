import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { createProject, openProject } from '../../src/project/store/index.ts';
import { addRun, addScan, newProject, temporaryFolder } from './helpers.ts';

const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected, String(error));
  return true;
};

test('a project holds what it was made with after it was closed and opened again', (t) => {
  const folder = join(temporaryFolder(t), 'kidneys');
  const made = createProject(folder, {
    preset: 'ct-kidney',
    labels: [{ name: 'kidney', colour: '#FF0000' }, { name: 'tumour' }],
  });
  made.close();
  const store = openProject(folder);
  t.after(() => store.close());
  assert.equal(store.project.get().name, 'kidneys');
  assert.equal(store.project.get().preset, 'ct-kidney');
  assert.deepEqual(store.labels.classes(), ['background', 'kidney', 'tumour']);
  assert.equal(store.labels.list()[0].colour, '#ff0000');
  assert.deepEqual(
    readdirSync(folder)
      .filter((name) => ['masks', 'runs', 'volumes'].includes(name))
      .sort(),
    ['masks', 'runs', 'volumes'],
  );
});

test('a folder with a project is not made into a project again', (t) => {
  const store = newProject(t);
  assert.throws(() => createProject(store.folder, { preset: 'mr', labels: [{ name: 'x' }] }), code('project/exists'));
});

test('a project that cannot be made whole leaves no database behind', (t) => {
  const folder = temporaryFolder(t);
  assert.throws(
    () => createProject(folder, { preset: 'mr', labels: [{ name: 'a' }, { name: 'A' }] }),
    code('label/invalid'),
  );
  assert.equal(existsSync(join(folder, 'project.sqlite')), false);
  const store = createProject(folder, { preset: 'mr', labels: [{ name: 'a' }] });
  store.close();
});

test('a second writer gets project/in-use while a reader may look', (t) => {
  const store = newProject(t);
  addScan(store, 'one');
  assert.throws(() => openProject(store.folder), code('project/in-use'));
  const reader = openProject(store.folder, 'read');
  assert.deepEqual(
    reader.scans.list().map((scan) => scan.name),
    ['one'],
  );
  reader.close();
});

test('the lock of a killed process is gone and its runs are interrupted, a paused one too', async (t) => {
  const store = newProject(t);
  addRun(store, 'killed');
  addRun(store, 'held');
  store.close();
  const script = `import { openProject } from ${JSON.stringify(new URL('../../src/project/store/index.ts', import.meta.url).href)};
    const store = openProject(${JSON.stringify(store.folder)});
    store.runs.update(store.runs.find('killed').id, { state: 'running' });
    store.runs.update(store.runs.find('held').id, { state: 'paused' });
    console.log('open');
    // Held: a store that nothing refers to is collected, and its lock with it.
    setInterval(() => store.folder, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => other.kill('SIGKILL'));
  await new Promise((resolve) => other.stdout.once('data', resolve));
  assert.throws(
    () => openProject(store.folder),
    (error: Error) => code('project/in-use')(error) && error.message.includes(`process ${other.pid}`),
  );
  const gone = new Promise((resolve) => other.once('exit', resolve));
  other.kill('SIGKILL');
  await gone;
  const again = openProject(store.folder);
  t.after(() => again.close());
  assert.deepEqual(again.interrupted, ['killed', 'held']);
  assert.deepEqual(
    again.runs.list().map(({ state }) => state),
    ['interrupted', 'interrupted'],
  );
});

test('a project made by a newer version is refused and left as it is', (t) => {
  const store = newProject(t);
  store.close();
  const path = join(store.folder, 'project.sqlite');
  const db = new Database(path);
  db.pragma('user_version = 9999');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  const before = readFileSync(path);
  assert.throws(() => openProject(store.folder), code('project/newer'));
  assert.throws(() => openProject(store.folder, 'read'), code('project/newer'));
  assert.deepEqual(readFileSync(path), before);
});

test('a missing, foreign, overwritten or cut database is told apart', (t) => {
  const folder = temporaryFolder(t);
  assert.throws(() => openProject(folder), code('project/not-found'));
  assert.throws(() => openProject(join(folder, 'nowhere'), 'read'), code('project/not-found'));
  const path = join(folder, 'project.sqlite');
  writeFileSync(path, 'this is no database, however long one looks at it. '.repeat(100));
  assert.throws(() => openProject(folder), code('project/corrupt'));
  writeFileSync(path, '');
  const foreign = new Database(path);
  foreign.exec('CREATE TABLE t (x)');
  foreign.close();
  assert.throws(() => openProject(folder), code('project/corrupt'));
  const store = newProject(t);
  for (let n = 0; n < 200; n++) addScan(store, `scan ${n}`);
  store.close();
  truncateSync(join(store.folder, 'project.sqlite'), 20_000);
  assert.throws(() => openProject(store.folder), code('project/corrupt'));
});

test('a full disk is said so and the transaction leaves nothing', (t) => {
  const store = newProject(t);
  addScan(store, 'before');
  store.close();
  // SQLite itself reports a full disk at its page limit: the same error as from the file system.
  const db = new Database(join(store.folder, 'project.sqlite'));
  const pages = db.pragma('page_count', { simple: true }) as number;
  db.close();
  const limited = openProject(store.folder);
  t.after(() => limited.close());
  limited.limitPages(pages);
  assert.throws(
    () =>
      limited.transaction(() => {
        for (let n = 0; n < 500; n++) addScan(limited, `after ${n}`);
      }),
    code('disk/full'),
  );
  assert.deepEqual(
    limited.scans.list().map((scan) => scan.name),
    ['before'],
  );
});

test('what killed processes left is swept when the project is opened for writing, and nothing else', (t) => {
  const store = newProject(t);
  store.close();
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const make = (path: string) => {
    mkdirSync(join(store.folder, dirname(path)), { recursive: true });
    writeFileSync(join(store.folder, path), 'half');
    return path;
  };
  const left = [
    'masks/1/1.nii.gz.abc.part',
    'volumes/.1.nii.0123456789ab.part',
    `cache/1-aa.f32.part-${dead}`,
    `runs/1/checkpoint.safetensors.part-${dead}`,
    'runs/1/predictions-a1B2c3/1.nii.gz',
    '.incoming-a1B2c3/0001/image.dcm',
  ].map(make);
  const kept = [
    `cache/2-bb.f32.part-${process.pid}`, // of a live process
    'cache/2-aa.f32',
    'masks/1/manual.journal',
    'download.part', // beside the project's own folders: not ours
    '.incoming-calls/list.txt',
  ].map(make);
  openProject(store.folder, 'read').close();
  assert.ok(
    left.every((path) => existsSync(join(store.folder, path))),
    'a reader removes nothing',
  );
  openProject(store.folder).close();
  assert.deepEqual(
    [left, kept].map((paths) => paths.filter((path) => existsSync(join(store.folder, path)))),
    [[], kept],
  );
});

test('a path in the database cannot leave the project folder', (t) => {
  const store = newProject(t);
  assert.equal(store.path('volumes/1.nii'), join(store.folder, 'volumes', '1.nii'));
  assert.throws(() => store.path('../../etc/passwd'), code('project/corrupt'));
});

test('a name that no model, table or window takes whole is refused wherever names are given', (t) => {
  const long = 'n'.repeat(201);
  const store = newProject(t);
  const refused = (give: () => unknown) => assert.throws(give, code('name/too-long'));
  refused(() => store.project.rename(long));
  refused(() => store.labels.add({ name: long }));
  refused(() => store.labels.update(1, { name: long }));
  refused(() => store.channels.set([{ name: long, kind: 'mr' }]));
  refused(() => addRun(store, long));
  refused(() => {
    store.person.name = long;
  });
  const folder = join(temporaryFolder(t), 'made');
  refused(() => createProject(folder, { name: long, preset: 'mr', labels: [{ name: 'x' }] }));
  refused(() => createProject(folder, { preset: 'mr', labels: [{ name: long }] }));
  createProject(folder, { preset: 'mr', labels: [{ name: 'x' }] }).close();
  store.person.name = ' Li ';
  assert.equal(store.person.name, 'Li');
  assert.equal(addRun(store, ` ${'r'.repeat(200)}`).name.length, 200);
});
