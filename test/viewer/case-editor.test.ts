import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DirtyBox } from '../../src/core/edit/edit.ts';
import { CaseEditor } from '../../src/renderer/viewer/case-editor.ts';
import { emptyMask } from '../edit/helpers.ts';

const SIZE = [8, 6, 4] as const;
const offset = (i: number, j: number, k: number) => i + SIZE[0] * (j + SIZE[1] * k);

function editor() {
  const painted: (readonly DirtyBox[])[] = [];
  const saved: (readonly DirtyBox[])[] = [];
  const made = new CaseEditor(
    { scan: emptyMask(SIZE), mask: emptyMask(SIZE), prediction: null },
    { painted: (boxes) => painted.push(boxes), changed: (boxes) => saved.push(boxes) },
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
