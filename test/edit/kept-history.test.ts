import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protect, Recorder } from '../../src/core/edit/edit.ts';
import { History } from '../../src/core/edit/history.ts';
import { encodeHistory, restoreHistory } from '../../src/core/edit/kept-history.ts';
import { type LabelMap, lpsPoint, spacingMm } from '../../src/core/volume.ts';

const emptyMask = (): LabelMap => ({
  size: [7, 5, 3],
  spacing: spacingMm(1, 1, 1),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  data: new Uint8Array(105),
});

function draw(history: History, mask: LabelMap, voxels: number[], value: number): void {
  const recorder = new Recorder(mask, protect([]));
  for (const voxel of voxels) recorder.write(voxel, value);
  history.push(recorder.finish(`paint ${value}`)!);
}

test('undo and redo go on after their steps were kept and brought back, on the same mask alone', () => {
  const [history, mask] = [new History(), emptyMask()];
  const states = [mask.data.slice()];
  for (const [value, voxels] of [
    [1, [0, 1, 2, 50]],
    [2, [2, 3, 104]],
    [3, [50, 51]],
  ] as const) {
    draw(history, mask, [...voxels], value);
    states.push(mask.data.slice());
  }
  history.undo(mask);
  const bytes = encodeHistory(history, mask)!;

  const again = new History();
  assert.equal(restoreHistory(again, { ...mask, data: mask.data.slice().fill(9, 7, 8) }, bytes), false);
  assert.equal(restoreHistory(again, mask, bytes.subarray(0, bytes.length - 1)), false);
  assert.equal(restoreHistory(again, mask, new Uint8Array(3)), false);
  assert.equal(again.canUndo || again.canRedo, false);

  assert.equal(restoreHistory(again, mask, bytes), true);
  assert.deepEqual(again.steps, { names: ['paint 1', 'paint 2', 'paint 3'], current: 2 });
  const seen: Uint8Array[] = [];
  again.redo(mask);
  seen.push(mask.data.slice());
  for (let n = 0; n < 3; n++) {
    again.undo(mask);
    seen.push(mask.data.slice());
  }
  assert.deepEqual(seen, [states[3], states[2], states[1], states[0]]);
});

test('without steps there is nothing to keep', () => {
  assert.equal(encodeHistory(new History(), emptyMask()), null);
});
