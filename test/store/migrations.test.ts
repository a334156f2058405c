import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { migrate } from '../../src/main/store/database.ts';
import { LATEST_VERSION, MIGRATIONS } from '../../src/main/store/migrations/index.ts';

/** SHA-256 of each released migration: a released migration is never edited, later changes are later migrations. */
const RELEASED: Record<number, string> = {
  1: '8892dfb7b17c89278450e16c697ce83478289decfc6604ab437949bab4fc72dd',
};

test('migrations are numbered 1, 2, 3 without a gap', () => {
  assert.deepEqual(
    MIGRATIONS.map((m) => m.version),
    MIGRATIONS.map((_, index) => index + 1),
  );
});

test('no released migration was edited', () => {
  for (const { version, sql } of MIGRATIONS) {
    assert.equal(createHash('sha256').update(sql).digest('hex'), RELEASED[version], `migration ${version}`);
  }
});

test('each migration runs on a database of the version before and leaves foreign keys whole', () => {
  const db = new Database(':memory:');
  db.pragma('foreign_keys = ON');
  for (const { version } of MIGRATIONS) {
    migrate(db, false, version);
    assert.equal(db.pragma('user_version', { simple: true }), version);
    assert.deepEqual(db.pragma('foreign_key_check'), []);
  }
  assert.equal(db.pragma('user_version', { simple: true }), LATEST_VERSION);
  db.close();
});

test('every table is STRICT', () => {
  const db = new Database(':memory:');
  migrate(db, false);
  const tables = db.pragma('table_list') as { schema: string; name: string; strict: number }[];
  const own = tables.filter((table) => table.schema === 'main' && !table.name.startsWith('sqlite_'));
  assert.ok(own.length >= 12);
  assert.deepEqual(
    own.filter((table) => table.strict !== 1).map((table) => table.name),
    [],
  );
  db.close();
});
