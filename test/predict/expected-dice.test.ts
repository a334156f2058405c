import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  basisWords,
  expectedDice,
  expectedWords,
  leftToReview,
  ownDice,
  type Reviewed,
} from '../../src/core/predict/expected-dice.ts';
import { Random } from '../../src/core/random.ts';

test('a prediction that is sure of itself has a Dice of 100 of its own, an even one the Dice of chance, none 0', () => {
  assert.equal(ownDice(50, 50, 50), 100);
  // Four voxels of 0.6 in the mask, four of 0.4 outside: 2 * 2.4 / (4 + 4).
  assert.ok(Math.abs(ownDice(4 * 0.6, 4, 4 * 0.6 + 4 * 0.4) - 60) < 1e-9);
  assert.equal(ownDice(0, 0, 3), 0);
});

const eight = Array.from({ length: 8 }, (): Reviewed => ({ own: 90, dice: 70 }));

test('below three reviewed cases the value is what the prediction says, rough and without interval', () => {
  const none = { value: 91, low: null, high: null, rough: true };
  assert.deepEqual(expectedDice(91, eight.slice(0, 2), { earlier: eight.slice(0, 2) }), {
    ...none,
    reviewed: 2,
    calibrated: 0,
  });
  assert.equal(expectedWords(expectedDice(91, [])), 'expected 91, rough');
});

test('from three cases on the median difference moves it, still rough; with fewer, that of an earlier run', () => {
  const moved = { value: 71, low: null, high: null, rough: true };
  assert.deepEqual(expectedDice(91, eight), { ...moved, reviewed: 8, calibrated: 0 });
  const better = [98, 97, 96].map((dice): Reviewed => ({ own: 60, dice }));
  assert.equal(expectedDice(55, eight.slice(0, 2), { earlier: better }).value, 92);
  assert.equal(expectedDice(91, eight.slice(0, 3), { earlier: better }).value, 71);
  assert.equal(expectedDice(91, [], { earlier: eight }).reviewed, 0);
});

test('before the first review the calibration moves it, rough below nine scans; with them it makes the interval', () => {
  const none = { low: null, high: null, rough: true, reviewed: 0 };
  assert.deepEqual(expectedDice(91, [], { calibration: eight }), { ...none, value: 71, calibrated: 8 });
  const better = [98, 97, 96].map((dice): Reviewed => ({ own: 60, dice }));
  assert.equal(expectedDice(91, [], { calibration: eight, earlier: better }).value, 71, 'its own run goes first');
  const one = [{ own: 90, dice: 60 }];
  const nine = expectedDice(91, one, { calibration: eight });
  assert.deepEqual(nine, { value: 71, low: 61, high: 100, rough: false, reviewed: 1, calibrated: 8 });
});

test('nine reviewed cases stand alone: the calibration is of weaker networks', () => {
  const reviewed = Array.from({ length: 9 }, (): Reviewed => ({ own: 90, dice: 95 }));
  const found = expectedDice(80, reviewed, { calibration: eight });
  assert.deepEqual(found, { value: 85, low: 75, high: 85, rough: false, reviewed: 9, calibrated: 0 });
});

test('from nine cases on the value is moved by the median difference, and the interval by the largest of nine', () => {
  const differences = [-10, -9, -8, -7, -6, -5, -4, -3, -2];
  const found = expectedDice(
    90,
    differences.map((d) => ({ own: 90, dice: 90 + d })),
  );
  assert.deepEqual(found, { value: 84, low: 80, high: 100, rough: false, reviewed: 9, calibrated: 0 });
  assert.equal(expectedWords(found), 'expected 84, 80 to 100');
});

test('from nineteen cases on the interval lies between the smallest and the largest difference', () => {
  const reviewed = Array.from({ length: 19 }, (_, n): Reviewed => ({ own: 90, dice: 70 + n }));
  assert.deepEqual(expectedDice(80, reviewed), {
    value: 69,
    low: 60,
    high: 78,
    rough: false,
    reviewed: 19,
    calibrated: 0,
  });
});

test('an interval covers at least 90 % of new cases like the reviewed ones', () => {
  const generator = new Random(7);
  const random = () => generator.uint32() / 2 ** 32;
  const one = (): Reviewed => {
    const own = 70 + 25 * random();
    return { own, dice: own - 12 * random() + 6 * (random() - 0.5) };
  };
  let [covered, all] = [0, 0];
  for (let trial = 0; trial < 400; trial++) {
    const reviewed = Array.from({ length: trial % 2 ? 19 : 9 }, one);
    const next = one();
    const { low, high } = expectedDice(next.own, reviewed);
    all++;
    if (low !== null && high !== null && next.dice >= low && next.dice <= high) covered++;
  }
  // Binomial: 0.9 less 2.33 standard errors of 400.
  assert.ok(covered / all > 0.9 - 2.33 * Math.sqrt((0.9 * 0.1) / 400), `${covered} of ${all}`);
});

test('it keeps to 0..100', () => {
  const reviewed = Array.from({ length: 9 }, (_, n): Reviewed => ({ own: 90, dice: 90 + n }));
  const { value, high } = expectedDice(99, reviewed);
  assert.deepEqual([value, high], [100, 100]);
});

test('cases to review until 95 % are expected at 90 or better', () => {
  // 20 cases, 4 decided, 10 of 16 expected well: 19 needed, 14 there.
  const open = [...Array.from({ length: 10 }, () => 92), ...Array.from({ length: 6 }, () => 80)];
  assert.equal(leftToReview(open, 4), 5);
  assert.equal(leftToReview([95, 95], 2), 0);
  assert.equal(leftToReview([], 0), 0);
});

test('what an expected Dice stands on is said in words, and that it stands on nothing', () => {
  assert.equal(basisWords({ reviewed: 1, calibrated: 8 }), '1 reviewed case of this run and 8 labelled scans');
  assert.equal(basisWords({ reviewed: 0, calibrated: 2 }), '2 labelled scans');
  assert.equal(basisWords({ reviewed: 0, calibrated: 0 }), 'nothing but the predictions themselves');
});
