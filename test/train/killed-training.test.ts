/** A training that is killed the hard way at random moments ends with the very weights of one left alone: `bench -- resume`, in short. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killedTrainings } from '../../bench/resume.ts';

test('after kill -9 at random moments, a training that goes on ends bit-equal to one that was left alone', {
  skip: process.platform === 'win32' && 'there are no signals on Windows',
}, async () => {
  const count = await killedTrainings(4, 7);
  assert.deepEqual(count, { kills: 4, runs: count.runs, equal: count.runs, different: 0 });
});
