import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaseEditor } from '../../src/renderer/viewer/case-editor.ts';
import { CLICK_EDIT, drawnByHand } from '../../src/renderer/viewer/drawn-by-hand.ts';
import { GRID, maskOf, scanOf } from '../services/helpers.ts';

test('what a hand drew is its own, also where a click’s mask was before and was undone', () => {
  const grid = { ...GRID, size: [8, 1, 1] as const };
  const mask = maskOf(1, [0, 0, 0], [0, 0, 0], grid);
  const editor = new CaseEditor({ scan: scanOf(1, grid), mask, prediction: null }, { painted() {}, changed() {} });
  const set = (name: string, voxels: number[], value = 1) =>
    editor.apply(name, (recorder) => {
      for (const v of voxels) recorder.write(v, value);
    });
  set(CLICK_EDIT, [1, 2, 3]);
  assert.deepEqual([...drawnByHand(editor)], [0, 0, 0, 0, 0, 0, 0, 0]);
  set('Brush', [3, 4], 2);
  assert.deepEqual([...drawnByHand(editor)], [0, 0, 0, 1, 1, 0, 0, 0]);
  editor.undo();
  editor.undo();
  set('Brush', [2]);
  assert.deepEqual([...drawnByHand(editor)], [0, 0, 1, 0, 0, 0, 0, 0]);
});
