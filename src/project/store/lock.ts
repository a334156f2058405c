/**
 * One writer per project. The lock is an exclusive SQLite transaction on an empty file: the operating system drops it when
 * the process dies, however it dies, so no stale lock can remain and a copied folder is never locked.
 */

import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FILE_MODE, ownFile } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { explainFailure } from './failures.ts';
import { LOCK_FILE } from './paths.ts';

export interface ProjectLock {
  release(): void;
}

/** Takes the lock; throws `project/in-use` naming the holder when another process (or this one) has it. */
export function lockProject(folder: string): ProjectLock {
  const path = join(folder, LOCK_FILE);
  const holder = `${path}.holder`;
  let held: Database.Database;
  try {
    held = takenLock(path);
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new DecileError(
        'project/in-use',
        `The project must be written by one program at a time, got one in use${describeHolder(holder)}.`,
        'Close the other window or wait for its command to end; reading (status, export) is possible meanwhile.',
      );
    }
    throw explainFailure(error, `Opening ${folder} for writing`);
  }
  try {
    writeFileSync(holder, JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() }), {
      mode: FILE_MODE,
    });
  } catch {
    // Only the message of the next program's error gets poorer.
  }
  return {
    release() {
      if (held.open) {
        held.exec('ROLLBACK');
        held.close();
      }
    },
  };
}

/** The open transaction. Whatever damage put into the file is taken out of it: emptied, not made anew, it stays locked by who has it. */
function takenLock(path: string, again = false): Database.Database {
  let database: Database.Database | undefined;
  try {
    ownFile(path);
    database = new Database(path, { timeout: 0 });
    // Nothing is ever written: the mutex needs no room on the disk.
    database.pragma('journal_mode = MEMORY');
    // In a plain journal mode an exclusive transaction keeps readers out too: it is a pure mutex.
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if (again || !/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test(String((error as { code?: string }).code))) throw error;
    truncateSync(path, 0);
    return takenLock(path, true);
  }
}

function describeHolder(path: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; host: string; since: string };
    return ` (process ${pid} on ${host} since ${since})`;
  } catch {
    return '';
  }
}
