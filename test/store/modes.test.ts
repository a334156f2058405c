import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openProject } from '../../src/project/store/index.ts';
import { addScan, newProject } from './helpers.ts';

let umask = 0;
before(() => {
  umask = process.umask(0);
});
after(() => process.umask(umask));

test('the database, what SQLite puts beside it and the lock are their owner’s alone, in projects made before too', {
  skip: process.platform === 'win32' ? 'Windows has the rights of the user’s folders' : false,
}, (t) => {
  const store = newProject(t);
  const { folder } = store;
  const others = () => readdirSync(folder).filter((name) => statSync(join(folder, name)).mode & 0o077);
  addScan(store, 'a');
  assert.ok(readdirSync(folder).some((name) => name.endsWith('-wal')));
  assert.deepEqual(others(), []);
  store.close();
  for (const name of readdirSync(folder))
    if (statSync(join(folder, name)).isFile()) chmodSync(join(folder, name), 0o644);
  const again = openProject(folder);
  addScan(again, 'b');
  assert.deepEqual(
    others().filter((name) => !name.endsWith('.holder')),
    [],
  );
  again.close();
});
