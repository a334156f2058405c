import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DirtyBox } from '../../src/core/edit/edit.ts';
import { MaskStatistics } from '../../src/core/edit/statistics.ts';
import { CaseEditor } from '../../src/renderer/viewer/case-editor.ts';
import { emptyMask } from '../edit/helpers.ts';

const SIZE = [8, 6, 4] as const;
const offset = (i: number, j: number, k: number) => i + SIZE[0] * (j + SIZE[1] * k);

function editor() {
  const painted: (readonly DirtyBox[])[] = [];
  const saved: (readonly DirtyBox[])[] = [];
  const made = new CaseEditor(
    { scan: emptyMask(SIZE), mask: emptyMask(SIZE), prediction: null },
    { painted: (boxes) => painted.push(boxes), changed: ({ boxes }) => saved.push(boxes) },
  );
  return { made, painted, saved };
}

test('every move of a stroke tells the screen the voxels that it wrote, and its end tells the disk the voxels', () => {
  const { made, painted, saved } = editor();
  made.beginStroke();
  made.paint((recorder) => recorder.write(offset(2, 1, 3), 1));
  made.paint((recorder) => recorder.write(offset(4, 5, 0), 1));
  made.paint((recorder) => {
    for (const [i, j] of [
      [5, 1],
      [3, 1],
      [3, 2],
    ])
      recorder.write(offset(i, j, 3), 1);
  });
  made.paint((recorder) => recorder.write(offset(3, 2, 3), 1));
  assert.deepEqual(painted, [
    [{ k: 3, i0: 2, i1: 2, j0: 1, j1: 1 }],
    [{ k: 0, i0: 4, i1: 4, j0: 5, j1: 5 }],
    [{ k: 3, i0: 3, i1: 5, j0: 1, j1: 2 }],
  ]);
  assert.equal(saved.length, 0);
  made.endStroke('Brush');
  assert.deepEqual(
    saved[0].map(({ k, i0, i1 }) => [k, i0, i1]),
    [
      [0, 4, 4],
      [3, 2, 5],
    ],
  );
});

/** Counts by label and slice as a pass over the mask gives them. */
const counted = (editor: CaseEditor) => {
  const { total, perSlice } = new MaskStatistics(editor.mask);
  return { total, perSlice };
};
const kept = ({ statistics: { total, perSlice } }: CaseEditor) => ({ total, perSlice });

test('the counts follow every edit, undo and redo, and equal a count of the mask', () => {
  const { made } = editor();
  made.apply('first', (recorder) => [2, 3, 40].forEach((at) => void recorder.write(at, 1)));
  made.apply('second', (recorder) => [3, 4, 150].forEach((at) => void recorder.write(at, 2)));
  assert.deepEqual([made.statistics.total[1], made.statistics.total[2]], [2, 3]);
  for (const [step, ones, twos] of [
    ['undo', 3, 0],
    ['undo', 0, 0],
    ['redo', 3, 0],
    ['redo', 2, 3],
  ] as const) {
    made[step]();
    assert.deepEqual([made.statistics.total[1], made.statistics.total[2]], [ones, twos], step);
    assert.deepEqual(kept(made), counted(made));
  }
  assert.equal(made.statistics.foreground(0), 4);
  assert.equal(made.statistics.foreground(3), 1, 'voxel 150 lies on slice 3 of 48 voxels each');
});

test('undo, redo and a whole operation wait for the end of a stroke', () => {
  const { made, saved } = editor();
  made.apply('first', (recorder) => recorder.write(5, 1));
  made.apply('second', (recorder) => recorder.write(6, 1));
  made.undo();
  made.beginStroke();
  made.paint((recorder) => recorder.write(7, 1));
  assert.deepEqual([made.undo(), made.redo(), made.painting], [null, null, true]);
  assert.throws(() => made.apply('other', (recorder) => recorder.write(8, 1)), { code: 'edit/stroke-open' });
  assert.deepEqual([...made.mask.data.subarray(5, 9)], [1, 0, 1, 0]);
  assert.equal(made.endStroke('Brush')?.changed, 1);
  assert.deepEqual(
    made.history.steps,
    { names: ['first', 'Brush'], current: 2 },
    'a new edit ends what could be redone',
  );
  made.undo();
  assert.deepEqual([...made.mask.data.subarray(5, 9)], [1, 0, 0, 0]);
  assert.equal(saved.length, 5, 'first, second, its undo, the stroke, its undo');
});

test('a second start of a stroke goes on with the first', () => {
  const { made } = editor();
  made.beginStroke();
  made.paint((recorder) => recorder.write(7, 1));
  made.beginStroke();
  made.paint((recorder) => recorder.write(8, 1));
  assert.equal(made.endStroke('Brush')?.changed, 2);
  assert.equal(made.endStroke('Brush'), null);
});

test('no edit of any kind overwrites a locked label', () => {
  const { made } = editor();
  made.apply('first', (recorder) => recorder.write(5, 3));
  made.setLocked([3]);
  assert.deepEqual([made.isLocked(3), made.isLocked(1)], [true, false]);
  assert.equal(
    made.apply('over', (recorder) => recorder.write(5, 1)),
    null,
  );
  made.beginStroke();
  made.paint((recorder) => recorder.write(5, 1));
  assert.equal(made.endStroke('Brush'), null);
  assert.equal(made.mask.data[5], 3);
});

test('an operation that fails leaves mask, history and counts as they were', () => {
  const { made, saved } = editor();
  const fail = () =>
    made.apply('broken', (recorder) => {
      recorder.write(5, 1);
      throw new Error('half way');
    });
  assert.throws(fail, /half way/);
  assert.deepEqual([made.mask.data[5], made.history.canUndo, saved.length], [0, false, 0]);
  assert.deepEqual(kept(made), counted(made));
});

test('a stroke given up is told to the screen, not to the disk, and leaves the mask as it was', () => {
  const { made, painted, saved } = editor();
  made.beginStroke();
  made.paint((recorder) => recorder.write(offset(2, 1, 3), 1));
  made.cancelStroke();
  assert.deepEqual(
    painted.at(-1)?.map((box) => box.k),
    [3],
  );
  assert.deepEqual(saved, []);
  assert.ok(made.mask.data.every((value) => value === 0));
});
