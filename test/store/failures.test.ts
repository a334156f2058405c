import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { explainFailure, LOCK_FILE, openProject } from '../../src/project/store/index.ts';
import { addRun, addScan, newProject } from './helpers.ts';

test('every kind of failure that SQLite knows has a code, its extended codes too', () => {
  const codeOf = (code: string) =>
    (explainFailure(new Database.SqliteError('said so', code), 'Saving') as { code: string }).code;
  const expected: Record<string, string[]> = {
    'disk/full': ['SQLITE_FULL'],
    'disk/read-only': ['SQLITE_READONLY', 'SQLITE_READONLY_DBMOVED', 'SQLITE_CANTOPEN_ISDIR', 'SQLITE_PERM'],
    'disk/failed': ['SQLITE_IOERR', 'SQLITE_IOERR_FSYNC', 'SQLITE_NOMEM', 'SQLITE_NOLFS'],
    'project/in-use': ['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'],
    'project/corrupt': ['SQLITE_CORRUPT_INDEX', 'SQLITE_NOTADB', 'SQLITE_ERROR', 'SQLITE_FORMAT', 'SQLITE_SCHEMA'],
  };
  for (const [code, all] of Object.entries(expected)) for (const one of all) assert.equal(codeOf(one), code, one);
});

test('a row that is not as it was written is project/corrupt, whoever asks', (t) => {
  const store = newProject(t);
  const scan = addScan(store, 'a');
  addRun(store);
  const { folder } = store;
  store.close();
  const write = (sql: string) => {
    const db = new Database(join(folder, 'project.sqlite'));
    db.exec(`PRAGMA ignore_check_constraints = ON; ${sql}`);
    db.close();
  };
  const whole = readFileSync(join(folder, 'project.sqlite'));
  for (const sql of [
    'UPDATE runs SET options = \'{"method"\'',
    "UPDATE runs SET options = '[]'",
    "UPDATE runs SET classes = '{}'",
    "UPDATE scans SET size = '[1,2]'",
    `UPDATE scans SET spacing = '[1,"a",3]'`,
    "UPDATE scans SET notices = '7'",
    'ALTER TABLE runs RENAME COLUMN state TO other',
  ]) {
    writeFileSync(join(folder, 'project.sqlite'), whole);
    write(sql);
    assert.throws(
      () => {
        const opened = openProject(folder);
        try {
          opened.runs.list();
          opened.scans.get(scan.id);
          opened.runs.latestFinished();
        } finally {
          opened.close();
        }
      },
      { code: 'project/corrupt' },
      sql,
    );
  }
});

test('a damaged lock file does not keep a project shut, and is a lock again', (t) => {
  const store = newProject(t);
  const { folder } = store;
  store.close();
  const lock = join(folder, LOCK_FILE);
  writeFileSync(lock, 'SQLite format 3\0 and what damage made of it '.repeat(200));
  const opened = openProject(folder);
  assert.throws(() => openProject(folder), { code: 'project/in-use' });
  opened.close();
});
