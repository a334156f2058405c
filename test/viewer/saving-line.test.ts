/** What the line beside the tools says of the disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { savingLine } from '../../src/renderer/screens/annotate/saving-line.ts';
import { DecileError } from '../../src/shared/errors.ts';

const NOW = 1_000_000;

test('the line says how long ago the last change was kept', () => {
  assert.equal(savingLine({ kind: 'saved', at: null }, NOW, null).text, 'all changes saved');
  assert.equal(savingLine({ kind: 'saved', at: NOW - 4200 }, NOW, null).text, 'saved 4.2 s ago');
  assert.equal(savingLine({ kind: 'saved', at: NOW - 60_000 }, NOW, null).text, 'saved 60 s ago');
  assert.equal(savingLine({ kind: 'saved', at: NOW - 120_000 }, NOW, null).text, 'saved 2 min ago');
});

test('an edit that is still worked out is not called saved', () => {
  for (const at of [null, NOW - 4200])
    assert.deepEqual(savingLine({ kind: 'saved', at }, NOW, 'Interpolate'), {
      text: 'not saved yet: Interpolate …',
      kind: 'saving',
    });
});

test('what could not be saved is said before anything else', () => {
  const error = new DecileError('disk/full', 'The disk must have room, got none.', 'Free some.');
  const said = savingLine({ kind: 'failed', error }, NOW, 'Interpolate');
  assert.deepEqual(said, { text: 'not saved: The disk must have room, got none. Free some.', kind: 'failed' });
});
