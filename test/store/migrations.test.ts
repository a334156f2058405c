import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { APPLICATION_ID, migrate } from '../../src/project/store/database.ts';
import { openProject } from '../../src/project/store/index.ts';
import { lockProject } from '../../src/project/store/lock.ts';
import { LATEST_VERSION, MIGRATIONS } from '../../src/project/store/migrations/index.ts';
import { temporaryFolder } from './helpers.ts';

/** SHA-256 of each released migration: a released migration is never edited, later changes are later migrations. */
const RELEASED: Record<number, string> = {
  1: '8892dfb7b17c89278450e16c697ce83478289decfc6604ab437949bab4fc72dd',
  2: 'ce3aec80e7a720b246885b8b84fb20576c82c61bf34d56dc42546ea840d96759',
  3: '2d4685408ab5a7ef18f02fc23f741b4cdd3695b821f396eb535cd2e69ff32ab2',
  4: 'cf7f1746ec9372f2c76f739fafc73fc39ddda9e76aa108e129dcab903c5ec5cb',
  5: '950723064d0c0ad83a4a5289ef57e5ed745354b5831f23efbaecb36e844d886d',
  6: '5352399ec3aaf347358f02ee5a963cd565ae51652bc262fdd39177bc67ea8cbe',
  7: 'fd69cdebebcb7c8c7a024cb06d68e411272202458ac35e14021f00901ac0eca4',
  8: '5829ead63a1916450e2501129dd6a42f50fb38ec3b12094b2058e03ccc63795f',
  9: '49c02f45e847e9cc884ff8739047fddf52d71d203f4a6c6f963f102704ace19c',
  10: '6e2ed5c12237e9528edb7acad84fb0db9d03fb16ca4ee35be1d26b7ec9781f71',
  11: 'c7dff9e37d7cbf221f585b8d0ac30a143d3a3d78e7f6ad558d1584ecbb6618ae',
  12: 'ebff9323d98f8443195218cd35675d58b32ed6bee2135e52777a41d171c35124',
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

/** A project as version 1 left it, with a scan and its mask. */
function projectOfVersion1(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const db = new Database(join(folder, 'project.sqlite'));
  db.pragma(`application_id = ${APPLICATION_ID}`);
  migrate(db, false, 1);
  db.exec(`
    INSERT INTO project VALUES (1, 'old', 'mr', '2026-01-01T00:00:00Z', '0.1.0');
    INSERT INTO labels (value, name, colour) VALUES (1, 'organ', '#112233');
    INSERT INTO scans (name, modality, size, spacing, origin, direction, volume_file, source_path, content_hash, imported_at)
      VALUES ('a', 'MR', '[2,2,2]', '[1,1,1]', '[0,0,0]', '[1,0,0,0,1,0,0,0,1]', 'volumes/1.nii', '/a', 'h', '2026-01-01T00:00:00Z');
    INSERT INTO masks (scan, version, origin, file, accepted, labels, created_at) VALUES (1, 1, 'manual', 'masks/1/1.nii.gz', 1, '[]', '2026-01-01T00:00:00Z');`);
  db.close();
}

test('a project of version 1 is brought up to date with everything in it, by a writer and by a reader', (t) => {
  for (const mode of ['write', 'read'] as const) {
    const folder = join(temporaryFolder(t), mode);
    projectOfVersion1(folder);
    const store = openProject(folder, mode);
    assert.deepEqual(
      [store.project.get().name, store.scans.list()[0].name, store.masks.reference(1)?.version],
      ['old', 'a', 1],
    );
    store.close();
    const db = new Database(join(folder, 'project.sqlite'), { readonly: true });
    assert.equal(db.pragma('user_version', { simple: true }), LATEST_VERSION);
    db.close();
  }
});

test('an older project that somebody is writing is not changed by a reader', (t) => {
  const folder = temporaryFolder(t);
  projectOfVersion1(folder);
  const lock = lockProject(folder);
  assert.throws(() => openProject(folder, 'read'), { code: 'project/older' });
  lock.release();
  openProject(folder, 'read').close();
});
