import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paintAt, paintLine } from '../../src/core/edit/brush.ts';
import { type Edit, protect, Recorder, record, redoEdit, undoEdit } from '../../src/core/edit/edit.ts';
import { History, KEPT_STEPS } from '../../src/core/edit/history.ts';
import { MaskStatistics } from '../../src/core/edit/statistics.ts';
import { change, drawn, emptyMask, picture, randomFrom } from './helpers.ts';

test('an edit undone and redone gives back both masks exactly', () => {
  const mask = drawn([['11..2', '.3.22']]);
  const before = mask.data.slice();
  const edit = change(mask, (r) => {
    for (let v = 1; v < 8; v++) r.write(v, 4);
  });
  const after = mask.data.slice();
  undoEdit(mask, edit);
  assert.deepEqual(mask.data, before);
  redoEdit(mask, edit);
  assert.deepEqual(mask.data, after);
  assert.equal(edit.changed, 7);
});

test('an edit names the smallest box of each slice that it changed', () => {
  const mask = emptyMask([6, 5, 4]);
  const edit = change(mask, (r) => {
    for (const [i, j, k] of [
      [1, 1, 0],
      [3, 2, 0],
      [4, 4, 3],
    ])
      r.write(i + 6 * (j + 5 * k), 1);
  });
  assert.deepEqual(edit.boxes, [
    { k: 0, i0: 1, i1: 3, j0: 1, j1: 2 },
    { k: 3, i0: 4, i1: 4, j0: 4, j1: 4 },
  ]);
});

test('a voxel written and written back is no edit', () => {
  const recorder = new Recorder(emptyMask([4, 4, 1]));
  recorder.write(5, 1);
  recorder.write(5, 0);
  assert.equal(recorder.finish('nothing'), null);
});

test('a locked label survives every stroke over it', () => {
  const mask = drawn([['.11.', '.22.']]);
  record(mask, protect([2]), 'paint', (r) => paintAt(r, [1.5, 0.5, 0], { radius: 9, normal: 2 }, 3));
  assert.deepEqual(picture(mask), ['3333', '3223']);
});

test('a cancelled stroke leaves the mask as it was', () => {
  const mask = drawn([['1.2', '...']]);
  const before = mask.data.slice();
  const recorder = new Recorder(mask);
  paintAt(recorder, [1, 0, 0], { radius: 2, normal: 2 }, 5);
  assert.notDeepEqual(mask.data, before);
  recorder.cancel();
  assert.deepEqual(mask.data, before);
});

test('what was written before a cancelled stroke is no part of the next', () => {
  const mask = drawn([['....', '....']]);
  const recorder = new Recorder(mask);
  recorder.write(1, 1);
  recorder.cancel();
  mask.data[2] = 7;
  recorder.write(3, 2);
  const edit = recorder.finish('after');
  assert.deepEqual([edit?.changed, [...(edit?.starts ?? [])]], [1, [3]]); // biome-ignore format: a pair
});

test('beyond fifty steps the oldest go where all take over 64 MB, and beyond five hundred always', () => {
  const edit = (runs: number, n: number): Edit => ({
    ...{ name: `${n}`, starts: { length: runs } as Uint32Array, lengths: new Uint32Array(0), changed: 1, boxes: [] },
    ...{ before: new Uint8Array(0), after: new Uint8Array(0) },
  });
  const kept = (count: number, runs: number) => {
    const history = new History();
    for (let n = 0; n < count; n++) history.push(edit(runs, n));
    return history.steps.names.length;
  };
  const megabyte = 2 ** 20 / 10;
  assert.deepEqual([kept(60, megabyte), kept(64, megabyte), kept(65, megabyte), kept(70, 2 * megabyte)], [60, 64, 64, 50]); // biome-ignore format: a table
  assert.deepEqual([kept(500, 1), kept(501, 1)], [500, 500]);
});

test('undo goes back through sixty strokes and redo forward again', () => {
  const mask = emptyMask([32, 32, 8]);
  const random = randomFrom(3);
  const history = new History();
  const states = [mask.data.slice()];
  while (states.length <= 60) {
    const recorder = new Recorder(mask);
    const at = [random() * 31, random() * 31, random() * 7] as const;
    paintAt(recorder, at, { radius: 1 + random() * 4, normal: random() < 0.5 ? 2 : null }, Math.floor(random() * 4));
    const edit = recorder.finish('stroke');
    if (!edit) continue;
    history.push(edit);
    states.push(mask.data.slice());
  }
  for (let n = 59; n >= 0; n--) {
    assert.ok(history.undo(mask));
    assert.deepEqual(mask.data, states[n]);
  }
  assert.equal(history.undo(mask), null);
  for (let n = 1; n <= 60; n++) {
    history.redo(mask);
    assert.deepEqual(mask.data, states[n]);
  }
});

test('a new stroke after an undo forgets what was undone', () => {
  const mask = emptyMask([4, 1, 1]);
  const history = new History();
  for (const v of [0, 1]) history.push(change(mask, (r) => r.write(v, 1)));
  history.undo(mask);
  history.push(change(mask, (r) => r.write(3, 2)));
  assert.equal(history.canRedo, false);
  assert.deepEqual(history.steps, { names: ['change', 'change'], current: 2 });
});

test('fifty steps are kept however large they are', () => {
  const mask = emptyMask([512, 512, 4]);
  const history = new History();
  for (let n = 0; n < KEPT_STEPS + 5; n++) {
    history.push(
      change(mask, (r) => {
        for (let v = n % 2; v < mask.data.length; v += 2) r.write(v, 1 + (n % 3));
      }),
    );
  }
  assert.ok(history.steps.current >= KEPT_STEPS);
});

test('counts that follow edits equal counts made afresh', () => {
  const mask = emptyMask([20, 18, 6], [0.7, 0.7, 5]);
  const statistics = new MaskStatistics(mask);
  const random = randomFrom(9);
  const history = new History();
  for (let n = 0; n < 40; n++) {
    if (random() < 0.3) {
      const undone = history.undo(mask);
      if (undone) statistics.follow(undone, -1);
      continue;
    }
    const edit = record(mask, protect([]), 'stroke', (r) =>
      paintLine(
        r,
        [random() * 19, random() * 17, random() * 5],
        [random() * 19, random() * 17, random() * 5],
        { radius: 2, normal: null },
        Math.floor(random() * 3),
      ),
    );
    if (!edit) continue;
    history.push(edit);
    statistics.follow(edit, 1);
  }
  const fresh = new MaskStatistics(mask);
  assert.deepEqual(statistics.total, fresh.total);
  assert.deepEqual(statistics.perSlice, fresh.perSlice);
  assert.ok(Math.abs(fresh.volumeMl(1) - (fresh.total[1] * 0.7 * 0.7 * 5) / 1000) < 1e-12);
});
