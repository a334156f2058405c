/** An edit whose voxels are worked out beside the window stands in the row of steps where it was asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHistory, restoreHistory } from '../../src/core/edit/kept-history.ts';
import { MaskStatistics } from '../../src/core/edit/statistics.ts';
import { CaseEditor } from '../../src/renderer/viewer/case-editor.ts';
import { emptyMask } from '../edit/helpers.ts';

const SIZE = [8, 6, 4] as const;
const editor = () =>
  new CaseEditor(
    { scan: emptyMask(SIZE), mask: emptyMask(SIZE), prediction: null },
    { painted: () => {}, changed: () => {} },
  );
const voxels = ({ mask }: CaseEditor) => [...mask.data.subarray(0, 6)];
const draw = (made: CaseEditor, name: string, value: number, at: number[]) =>
  made.apply(name, (recorder) => at.forEach((voxel) => void recorder.write(voxel, value)));
const arrive = (made: CaseEditor, place: ReturnType<CaseEditor['expect']>, value: number, at: number[]) =>
  made.arrive(place, (recorder) => at.forEach((voxel) => void recorder.write(voxel, value)));
const counted = (made: CaseEditor) => {
  const { total, perSlice } = new MaskStatistics(made.mask);
  assert.deepEqual([made.statistics.total, made.statistics.perSlice], [total, perSlice]);
};

test('an edit that was undone before is not redone beneath one that comes', () => {
  const made = editor();
  draw(made, 'first', 1, [0]);
  made.undo();
  const place = made.expect('Click');
  assert.equal(made.redo(), null, 'a new step ends what could be redone');
  assert.equal(arrive(made, place, 2, [0, 1])?.changed, 2);
  assert.deepEqual([voxels(made), made.history.steps], [[2, 2, 0, 0, 0, 0], { names: ['Click'], current: 1 }]);
  counted(made);
});

test('undone before it came it is not in the mask, and redo brings it, before it came or after', () => {
  for (const early of [true, false]) {
    const made = editor();
    draw(made, 'first', 1, [0]);
    const place = made.expect('Click');
    made.undo();
    made.undo();
    assert.deepEqual(voxels(made), [0, 0, 0, 0, 0, 0]);
    if (early) [made.redo(), made.redo()];
    arrive(made, place, 2, [0, 1]);
    counted(made);
    if (!early) {
      assert.deepEqual(voxels(made), [0, 0, 0, 0, 0, 0]);
      [made.redo(), made.redo()];
    }
    assert.deepEqual(voxels(made), [2, 2, 0, 0, 0, 0]);
    assert.deepEqual(made.history.steps, { names: ['first', 'Click'], current: 2 });
    made.undo();
    assert.deepEqual(voxels(made), [1, 0, 0, 0, 0, 0]);
    counted(made);
  }
});

test('what is drawn meanwhile is later: it lies over what comes, is undone first and can be redone', () => {
  const made = editor();
  const place = made.expect('Click');
  draw(made, 'Brush', 3, [1, 2]);
  draw(made, 'Eraser', 0, [2]);
  made.undo();
  arrive(made, place, 2, [0, 1, 2]);
  assert.deepEqual(voxels(made), [2, 3, 3, 0, 0, 0]);
  assert.deepEqual(made.history.steps, { names: ['Click', 'Brush', 'Eraser'], current: 2 });
  const seen = [];
  for (const step of ['redo', 'undo', 'undo', 'undo'] as const) {
    made[step]();
    counted(made);
    seen.push(voxels(made).join(''));
  }
  assert.deepEqual(seen, ['230000', '233000', '222000', '000000']);
});

test('what took its place in the row is not followed by it', () => {
  const made = editor();
  const place = made.expect('Click');
  made.undo();
  draw(made, 'Brush', 3, [1]);
  assert.equal(arrive(made, place, 2, [0]), undefined);
  assert.deepEqual([voxels(made), made.history.steps.names], [[0, 3, 0, 0, 0, 0], ['Brush']]);
});

test('one that came to nothing, was given up or failed leaves the row as it was, with what could be redone', () => {
  for (const end of ['nothing', 'given up', 'failed']) {
    const made = editor();
    draw(made, 'first', 1, [0]);
    draw(made, 'second', 1, [1]);
    made.undo();
    const place = made.expect('Click');
    if (end === 'nothing') assert.equal(arrive(made, place, 1, [0]), null);
    else if (end === 'given up') made.giveUp(place);
    else
      assert.throws(
        () =>
          made.arrive(place, (recorder) => {
            recorder.write(4, 1);
            throw new Error('half way');
          }),
        /half way/,
      );
    assert.deepEqual(made.history.steps, { names: ['first', 'second'], current: 1 }, end);
    made.redo();
    assert.deepEqual(voxels(made), [1, 1, 0, 0, 0, 0], end);
    counted(made);
  }
});

test('given up after it was undone, with the step before, it leaves both to be redone that were there', () => {
  const made = editor();
  draw(made, 'first', 1, [0]);
  draw(made, 'second', 1, [1]);
  made.undo();
  const place = made.expect('Click');
  [made.undo(), made.undo()];
  made.giveUp(place);
  assert.deepEqual(made.history.steps, { names: ['first', 'second'], current: 0 });
});

test('it comes after the stroke that is open, and is not kept before it came', () => {
  const made = editor();
  draw(made, 'first', 1, [0]);
  const place = made.expect('Click');
  made.beginStroke();
  assert.throws(() => arrive(made, place, 2, [1]), { code: 'edit/stroke-open' });
  made.endStroke('Brush');
  const again = editor();
  again.mask.data.set(made.mask.data);
  assert.ok(restoreHistory(again.history, again.mask, encodeHistory(made.history, made.mask)!));
  assert.deepEqual(again.history.steps.names, ['first']);
  arrive(made, place, 2, [1]);
  assert.deepEqual(voxels(made), [1, 2, 0, 0, 0, 0]);
});
