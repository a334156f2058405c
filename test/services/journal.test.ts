import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openJournal, readJournal } from '../../src/project/services/drawing/journal.ts';
import { journalFile, openWorkingMask } from '../../src/project/services/drawing/working-mask.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';
import { GRID, projectWith, temporaryFolder } from './helpers.ts';

const HEAD = { base: null, size: GRID.size };
const stroke = (i: number, value = 1) =>
  encodeBoxes([{ start: [i, 0, 0], size: [1, 1, 1], values: Uint8Array.of(value) }]);
const any = () => true;

/** A journal of three strokes; where each record begins. */
function written(t: TestContext): { path: string; starts: number[]; bytes: Buffer } {
  const path = join(temporaryFolder(t), 'masks', '1', 'manual.journal');
  const journal = openJournal(path, HEAD, null);
  for (const i of [1, 2, 3]) journal.append(stroke(i));
  journal.close();
  const bytes = readFileSync(path);
  const first = bytes.indexOf(10) + 1;
  return { path, bytes, starts: [0, 1, 2].map((n) => first + n * (8 + 28)) };
}

const voxels = (records: Uint8Array[]) => records.map((record) => record[0]);
const aside = (path: string) => readdirSync(dirname(path)).filter((name) => name !== basename(path));

test('a damaged record costs that record alone, wherever it is damaged', (t) => {
  const { path, starts, bytes } = written(t);
  for (const at of [starts[1], starts[1] + 2, starts[1] + 5, starts[1] + 8, starts[1] + 30]) {
    const damaged = Buffer.from(bytes);
    damaged[at] ^= 0x40;
    writeFileSync(path, damaged);
    const found = readJournal(path, any);
    assert.deepEqual([voxels(found!.records), found!.lost], [[1, 3], 1], `byte ${at}`);
  }
  assert.equal(aside(path).length, 5, 'each damaged journal is kept for whoever can read more of it');
});

test('what follows the last whole record is cut off; a last record of other content is named', (t) => {
  const { path, starts, bytes } = written(t);
  for (let end = starts[2]; end < bytes.length; end++) {
    writeFileSync(path, bytes.subarray(0, end));
    const found = readJournal(path, any)!;
    assert.deepEqual([voxels(found.records), found.lost, found.end], [[1, 2], 0, starts[2]]);
  }
  assert.deepEqual(aside(path), []);
  const damaged = Buffer.from(bytes);
  damaged[bytes.length - 2] ^= 1;
  writeFileSync(path, damaged);
  assert.deepEqual([readJournal(path, any)!.lost, aside(path)], [1, ['manual.journal.damaged']]);
});

test('strokes go on behind a damaged journal', (t) => {
  const { path, starts, bytes } = written(t);
  bytes[starts[1] + 9] ^= 1;
  writeFileSync(path, bytes);
  const journal = openJournal(path, HEAD, readJournal(path, any));
  journal.append(stroke(5));
  journal.close();
  const found = readJournal(path, any)!;
  assert.deepEqual(voxels(found.records), [1, 3, 5]);
});

test('a journal without a head is put aside, and drawing begins anew', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 0);
  const [{ id }] = store.scans.list();
  const path = store.path(journalFile(id, 'manual'));
  (await openWorkingMask(store, id, 'manual')).edit(stroke(1));
  const bytes = readFileSync(path);
  bytes.fill(0, 0, 10);
  writeFileSync(path, bytes);
  const mask = await openWorkingMask(store, id, 'manual');
  mask.edit(stroke(2));
  assert.equal(mask.data[2], 1);
  await mask.commit();
  assert.equal(existsSync(path), false);
  assert.deepEqual(readFileSync(`${path}.damaged`), bytes);
});

test('journals of the first format open with every stroke, and go on in it', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 0);
  const [{ id }] = store.scans.list();
  const path = store.path(journalFile(id, 'manual'));
  const framed = (record: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(record.length);
    return Buffer.concat([length, record]);
  };
  (await openWorkingMask(store, id, 'manual')).edit(stroke(7));
  const old = [Buffer.from(`${JSON.stringify(HEAD)}\n`), framed(stroke(1)), framed(stroke(2))];
  writeFileSync(path, Buffer.concat([...old, framed(stroke(4)).subarray(0, 20)]));
  const mask = await openWorkingMask(store, id, 'manual');
  assert.deepEqual([...mask.data.subarray(0, 8)], [0, 1, 1, 0, 0, 0, 0, 0]);
  mask.edit(stroke(3));
  mask.close();
  const again = await openWorkingMask(store, id, 'manual');
  assert.deepEqual([...again.data.subarray(0, 8)], [0, 1, 1, 1, 0, 0, 0, 0]);
  await again.commit();
  assert.equal(existsSync(path), false);
});

test('a journal whose version has gone is drawn on what is there', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 1);
  const [{ id }] = store.scans.list();
  const first = await openWorkingMask(store, id, 'manual');
  first.edit(stroke(1));
  const gone = await first.commit();
  first.edit(stroke(2));
  first.close();
  store.masks.remove(gone!.id);
  const mask = await openWorkingMask(store, id, 'manual');
  assert.equal(mask.data[2], 1);
});
