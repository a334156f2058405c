import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { protect, Recorder, record, undoEdit } from '../../src/core/edit/edit.ts';
import { Autosave, type SaveState } from '../../src/renderer/viewer/autosave.ts';
import { applyBoxes, type MaskBox } from '../../src/shared/contract/index.ts';
import { DecileError } from '../../src/shared/errors.ts';
import { emptyMask } from '../edit/helpers.ts';

/** A disk that takes a while, and fails when told to. */
function setup(delay = 5) {
  const mask = emptyMask([16, 12, 6]);
  const disk = new Uint8Array(mask.data.length);
  const states: SaveState['kind'][] = [];
  const server = { failures: 0, calls: 0 };
  const send = async (boxes: MaskBox[]) => {
    server.calls++;
    await wait(delay);
    if (server.failures-- > 0) throw new DecileError('disk/full', 'The disk must have room, got none.', 'Free some.');
    applyBoxes(disk, mask.size, boxes);
  };
  const autosave = new Autosave(mask, send, (state) => states.push(state.kind));
  const paint = (offset: number, value = 1) => {
    const recorder = new Recorder(mask);
    recorder.write(offset, value);
    autosave.note(recorder.finish('stroke') ?? { starts: new Uint32Array(), lengths: new Uint32Array() });
  };
  return { mask, disk, states, server, autosave, paint };
}

test('saved is said only when everything is on disk', async () => {
  const { mask, disk, states, autosave, paint } = setup();
  for (let n = 0; n < 40; n++) {
    paint((n * 37) % 1000, 1 + (n % 3));
    if (n % 7 === 0) await wait(2);
    if (states.at(-1) === 'saved') assert.deepEqual(disk, mask.data);
  }
  await autosave.flush();
  assert.equal(states.at(-1), 'saved');
  assert.deepEqual(disk, mask.data);
  assert.equal(autosave.pending, false);
});

test('strokes made during a save go together in the next one', async () => {
  const { server, autosave, paint } = setup(30);
  paint(0);
  while (server.calls === 0) await wait(1);
  for (let n = 1; n < 20; n++) paint(n * 50);
  await autosave.flush();
  assert.equal(server.calls, 2);
});

test('what is done and undone at once is never sent', async () => {
  const mask = emptyMask([16, 12, 6]);
  const disk = new Uint8Array(mask.data.length);
  const sent: number[] = [];
  const autosave = new Autosave(
    mask,
    async (boxes) => {
      applyBoxes(disk, mask.size, boxes);
      sent.push(disk[40]);
    },
    () => {},
  );
  const edit = record(mask, protect([]), 'region', (recorder) => recorder.write(40, 1))!;
  autosave.note(edit);
  undoEdit(mask, edit);
  autosave.note(edit);
  await autosave.flush();
  assert.deepEqual(sent, [0]);
});

test('a failed save is said, kept and tried again', async () => {
  const { mask, disk, states, server, paint, autosave } = setup();
  server.failures = 1;
  paint(5);
  await wait(60);
  assert.equal(states.at(-1), 'failed');
  assert.equal(autosave.pending, true);
  paint(700);
  assert.equal(states.at(-1), 'failed', 'a new stroke does not hide the failure');
  await wait(800);
  assert.equal(states.at(-1), 'saved');
  assert.deepEqual(disk, mask.data);
});

test('leaving a case with a failing disk throws the reason and keeps the strokes', async () => {
  const { mask, disk, server, paint, autosave } = setup();
  server.failures = 2;
  paint(5);
  await wait(30);
  await assert.rejects(autosave.flush(), { code: 'disk/full' });
  assert.equal(autosave.pending, true);
  await autosave.flush();
  assert.deepEqual(disk, mask.data);
});

test('what another window drew between two voxels of this one stays', async () => {
  const { mask, disk, paint, server, autosave } = setup();
  const at = (i: number, j: number) => i + 16 * (j + 12 * 3);
  // The other window's stroke lies in the box around both ends of this one's, and this window does not know it.
  for (let n = 2; n < 9; n++) disk[at(n, 10 - n)] = 2;
  paint(at(1, 1));
  server.failures = 1;
  paint(at(9, 9));
  await wait(30);
  paint(at(9, 1));
  await autosave.flush().catch(() => autosave.flush());
  const expected = mask.data.slice();
  for (let n = 2; n < 9; n++) expected[at(n, 10 - n)] = 2;
  assert.deepEqual(disk, expected);
});
