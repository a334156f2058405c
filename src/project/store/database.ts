/** Opens project.sqlite: identity, integrity, migrations. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { ownFile } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { explainFailure } from './failures.ts';
import { LATEST_VERSION, MIGRATIONS } from './migrations/index.ts';

export type Db = Database.Database;

/** 'DCIL' in the file header: tells our databases from other SQLite files. */
export const APPLICATION_ID = 0x4443494c;

/**
 * Opens the database and brings it to the newest version (writers) or checks that it can be read (readers).
 * @throws project/not-found, project/corrupt, project/newer, project/older (read only), project/in-use, disk/full
 */
export function openDatabase(path: string, mode: 'create' | 'write' | 'read'): Db {
  if (mode !== 'create' && !existsSync(path)) {
    throw new DecileError(
      'project/not-found',
      `The folder must hold a project, got no ${path}.`,
      'Make one with `decile new DIR --label NAME --preset PRESET`, or check the path.',
    );
  }
  try {
    return openOnce(path, mode, false);
  } catch (error) {
    const explained = explainFailure(error, `Opening ${path}`);
    if (mode !== 'write' || !(explained instanceof DecileError) || !explained.code.startsWith('disk/')) throw explained;
  }
  try {
    // Without the index that readers share: a full disk has no room for it, and must not keep work shut away.
    return openOnce(path, mode, true);
  } catch (error) {
    throw explainFailure(error, `Opening ${path}`);
  }
}

function openOnce(path: string, mode: 'create' | 'write' | 'read', alone: boolean): Db {
  // SQLite makes files by the umask, and those beside the database as the database is.
  if (mode !== 'read') ownFile(path);
  const db = new Database(path, { readonly: mode === 'read', timeout: 5000 });
  try {
    if (alone) db.pragma('locking_mode = EXCLUSIVE');
    if (mode === 'create') db.pragma(`application_id = ${APPLICATION_ID}`);
    else checkIdentity(db, path);
    if (mode !== 'read') {
      db.pragma('journal_mode = WAL');
      // A row is on the disk when its transaction returns: a journal of strokes is removed for it.
      db.pragma('synchronous = FULL');
    }
    db.pragma('foreign_keys = ON');
    migrate(db, mode === 'read');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const statements = new WeakMap<Db, Map<string, Database.Statement>>();

/** The prepared statement of this text, made once a database: lists of 1,000 scans ask the same question 1,000 times. */
export function prepared(db: Db, sql: string): Database.Statement {
  let known = statements.get(db);
  if (!known) {
    known = new Map();
    statements.set(db, known);
  }
  let statement = known.get(sql);
  if (!statement) {
    statement = db.prepare(sql);
    known.set(sql, statement);
  }
  return statement;
}

function checkIdentity(db: Db, path: string): void {
  if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new DecileError(
      'project/corrupt',
      `${path} must be a Decile project, got another kind of database.`,
      'Choose another folder, or restore the project from a backup.',
    );
  }
  const check = db.pragma('quick_check(1)', { simple: true });
  if (check !== 'ok') {
    throw new DecileError(
      'project/corrupt',
      `${path} must be whole, got ${String(check)}.`,
      'Restore the project folder from a backup; masks/ and volumes/ hold readable NIfTI files.',
    );
  }
}

/** Applies the missing migrations, each in a transaction of its own, up to `target`. */
export function migrate(db: Db, readOnly: boolean, target: number = LATEST_VERSION): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > LATEST_VERSION) {
    throw new DecileError(
      'project/newer',
      `The project's version must be at most ${LATEST_VERSION}, got ${version}: it was made by a newer Decile.`,
      'Update Decile; the project was not changed.',
    );
  }
  if (readOnly && version < target) {
    throw new DecileError(
      'project/older',
      `The project's version must be ${target} to be read, got ${version}.`,
      'Open it once for writing (for instance `decile import`): that brings it up to date.',
    );
  }
  for (const migration of MIGRATIONS) {
    if (migration.version <= version || migration.version > target) continue;
    db.transaction(() => {
      db.exec(migration.sql);
      db.pragma(`user_version = ${migration.version}`);
    }).immediate();
  }
}
