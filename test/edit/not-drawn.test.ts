import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareLabel } from '../../src/core/edit/changes.ts';
import { labelledBySlice } from '../../src/core/edit/count.ts';
import { protect, Recorder } from '../../src/core/edit/edit.ts';
import { drawnApart } from '../../src/core/edit/gaps.ts';
import { interpolateSlices } from '../../src/core/edit/interpolate.ts';
import { allDrawn, drawnByStroke, onlyDrawnSlices } from '../../src/core/edit/not-drawn.ts';
import { MaskStatistics } from '../../src/core/edit/statistics.ts';
import { type LabelMap, NOT_DRAWN } from '../../src/core/volume.ts';
import { CaseEditor } from '../../src/renderer/viewer/case-editor.ts';
import { change, drawn, scanOf } from './helpers.ts';

const EMPTY = ['...', '...', '...'];
const ONE = ['...', '.1.', '...'];
const apart = () => drawn([EMPTY, ONE, EMPTY, EMPTY, ONE]);
const slice = (mask: LabelMap, k: number) => [...mask.data.subarray(9 * k, 9 * (k + 1))];
const OPEN = new Array(9).fill(NOT_DRAWN);

test('slices without a label become "not drawn", those with one count wholly, and one undo brings all back', () => {
  const mask = apart();
  const before = mask.data.slice();
  const edit = change(mask, (recorder) => assert.equal(onlyDrawnSlices(recorder, 2), 2));
  assert.deepEqual(
    [0, 2, 3].map((k) => slice(mask, k)),
    [OPEN, OPEN, OPEN],
  );
  assert.deepEqual(slice(mask, 1), [0, 0, 0, 0, 1, 0, 0, 0, 0]);
  assert.equal(edit.changed, 27);
  const statistics = new MaskStatistics(mask);
  assert.deepEqual([statistics.foreground(0), statistics.foreground(1), statistics.notDrawn(0)], [0, 1, 9]);
  assert.deepEqual(labelledBySlice(mask), [0, 1, 0, 0, 1]);
  change(mask, allDrawn);
  assert.deepEqual(mask.data, before);
});

test('in a mask that is drawn in part, slices that were said to be empty stay so', () => {
  const mask = apart();
  change(mask, (recorder) => onlyDrawnSlices(recorder, 2));
  mask.data.fill(0, 27, 36);
  mask.data[0] = 1;
  change(mask, (recorder) => assert.equal(onlyDrawnSlices(recorder, 2), 4));
  assert.deepEqual(slice(mask, 3), new Array(9).fill(0));
  assert.deepEqual(slice(mask, 0), [1, 0, 0, 0, 0, 0, 0, 0, 0], 'a slice with a label counts wholly');
  assert.deepEqual(slice(mask, 2), OPEN);
});

test('a stroke on a slice that nobody drew makes it a drawn one, one on a slice drawn in part changes itself alone', () => {
  const mask = apart();
  change(mask, (recorder) => onlyDrawnSlices(recorder, 2));
  const editor = new CaseEditor(
    { scan: scanOf(mask.size, () => 0), mask, prediction: null },
    { painted() {}, changed() {} },
  );
  editor.beginStroke();
  editor.paint((recorder) => recorder.write(22, 1));
  assert.equal(editor.endStroke('Brush')?.changed, 9);
  assert.deepEqual(slice(mask, 2), [0, 0, 0, 0, 1, 0, 0, 0, 0]);
  editor.undo();
  assert.deepEqual(slice(mask, 2), OPEN);
  mask.data[18] = 0;
  const scribbled = new Recorder(mask);
  scribbled.write(22, 1);
  drawnByStroke(scribbled);
  assert.equal(scribbled.finish('Brush')?.changed, 1);
});

test('slices drawn singly are told from a whole drawing, along any axis', () => {
  assert.equal(drawnApart(apart(), [1]), 2);
  assert.equal(drawnApart(drawn([EMPTY, ONE, ONE, EMPTY]), [1]), 1, 'two neighbours across k are one slice across j');
  const block = ['11.', '11.', '...'];
  assert.equal(drawnApart(drawn([block, block, EMPTY]), [1]), null);
  assert.equal(drawnApart(drawn([EMPTY, EMPTY]), [1]), null, 'nothing is drawn');
  const mask = apart();
  change(mask, (recorder) => onlyDrawnSlices(recorder, 2));
  assert.equal(drawnApart(mask, [1]), 2, 'what nobody drew is no label');
});

test('tools that write over background write over what nobody drew, and changes there are no corrections', () => {
  const mask = apart();
  change(mask, (recorder) => onlyDrawnSlices(recorder, 2));
  const before: LabelMap = { ...mask, data: new Uint8Array(mask.data.length).fill(1) };
  const { addedMl, removedMl, metrics } = compareLabel(before, mask, 1);
  assert.deepEqual([addedMl, removedMl, metrics.hd95, metrics.surfaceDice], [0, 16 / 1000, null, null]);
  assert.ok(Math.abs(metrics.dice - (100 * 2 * 2) / (18 + 2)) < 1e-9, 'Dice of the two drawn slices');
  assert.equal(protect([], 'empty')[NOT_DRAWN], 0);
  change(mask, (recorder) => assert.equal(interpolateSlices(recorder, 1, 2), 2));
  assert.deepEqual([mask.data[22], mask.data[31]], [1, 1]);
});

test('no rule of what may be painted over, and no range of intensities, keeps a slice from being drawn or not', () => {
  const mask = apart();
  const scan = scanOf(mask.size, (v) => v % 2);
  const editor = new CaseEditor({ scan, mask, prediction: null }, { painted() {}, changed() {} });
  editor.setPaintOver({ label: 2 }, 1);
  editor.setLimit([1, 1]);
  editor.apply('Only drawn slices', (recorder) => onlyDrawnSlices(recorder, 2), true);
  assert.deepEqual([slice(mask, 0), slice(mask, 1)], [OPEN, [0, 0, 0, 0, 1, 0, 0, 0, 0]]);
  editor.setPaintOver('all', 1);
  editor.beginStroke(true);
  editor.paint((recorder) => recorder.write(19, 1));
  editor.endStroke('Brush');
  assert.deepEqual(
    slice(mask, 2),
    [0, 1, 0, 0, 0, 0, 0, 0, 0],
    'around the stroke is background, whatever its intensity',
  );
});
