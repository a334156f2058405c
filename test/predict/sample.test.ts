import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSample, lot, SAMPLE_EVERY, withSample } from '../../src/core/predict/sample.ts';

test('lots draw a fifth of the scans, others in each run, and the same ones each time', () => {
  const drawn = (run: number) => Array.from({ length: 2000 }, (_, scan) => scan).filter((scan) => inSample(run, scan));
  assert.ok(Math.abs(drawn(1).length - 400) < 60, `${drawn(1).length} of 2000`);
  assert.deepEqual(drawn(1), drawn(1));
  const both = drawn(1).filter((scan) => inSample(2, scan)).length;
  assert.ok(both > 40 && both < 130, `${both} in both runs: runs draw apart`);
  const lots = Array.from({ length: 1000 }, (_, scan) => lot(3, scan));
  assert.equal(new Set(lots).size, 1000);
  assert.ok(lots.every((value) => value >= 0 && value < 1));
});

test('every fifth place goes to the sample, all others to the most worth a look, and nobody is lost', () => {
  const order = Array.from({ length: 20 }, (_, n) => n);
  const members = [7, 12, 18, 19];
  const made = withSample(
    order,
    (n) => members.includes(n),
    (n) => -n,
  );
  assert.deepEqual(made.slice(0, 5), [0, 1, 2, 3, 19]);
  assert.deepEqual([made[4], made[9], made[14]], [19, 18, 12]);
  assert.deepEqual(
    [...made].sort((a, b) => a - b),
    order,
  );
  assert.deepEqual(
    withSample(
      order,
      () => false,
      () => 0,
    ),
    order,
    'without a sample nothing moves',
  );
  assert.deepEqual(
    withSample(
      [1, 2],
      () => true,
      (n) => -n,
    ),
    [1, 2],
    `fewer than ${SAMPLE_EVERY} stay as they are`,
  );
});
