import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costFrom, stepCost } from '../../src/core/train/step-cost.ts';
import { StepClock } from '../../src/trainer/worker/step-clock.ts';

const run = { steps: 100, method: 'bcp', labelledPerStep: 1, unlabelledPerStep: 1, unlabelledFrom: 0.25 } as const;

const close = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) < 1e-9, `${value}, not ${wanted}`);

test('steps that read labelled patches alone count by what they read: three for a patch with gradient, one for another', () => {
  // Two labelled patches; two mixed ones and the teacher's.
  close(stepCost(24, run), 6 / 7);
  assert.equal(stepCost(25, run), 1);
  close(costFrom(0, run), (25 * 6) / 7 + 75);
  close(costFrom(20, run), (5 * 6) / 7 + 75);
  assert.equal(costFrom(100, run), 0);
  // Four labelled patches; six mixed ones and the teacher's.
  close(stepCost(0, { ...run, labelledPerStep: 3 }), 12 / 19);
  // CPCL's student reads them all.
  assert.equal(stepCost(0, { ...run, method: 'cpcl' }), 1);
  close(stepCost(0, { ...run, method: 'cpcl', unlabelledBranch: 'teacher', meanTeacherTerm: 'off' }), 6 / 4);
});

test('a method without unlabelled scans has whole steps alone, and so has a run that says nothing of its first ones', () => {
  assert.equal(costFrom(0, { ...run, method: 'supervised' }), 100);
  assert.equal(costFrom(0, { ...run, unlabelledFrom: undefined }), 100);
});

test('steps at half the resolution count half, whichever part ends first', () => {
  for (const coarseShare of [0.1, 0.25, 0.6]) {
    const options = { ...run, coarseShare };
    const sum = (from: number) =>
      Array.from({ length: 100 - from }, (_, n) => stepCost(from + n, options)).reduce((a, b) => a + b, 0);
    for (const from of [0, 5, 10, 30, 60, 99]) assert.ok(Math.abs(costFrom(from, options) - sum(from)) < 1e-9);
  }
});

test('the time left is the same whether it is told by cheap steps or by whole ones', () => {
  let now = 0;
  const clock = new StepClock(run, () => now);
  clock.begin();
  for (let done = 1; done <= 30; done++) {
    now += 2000 * stepCost(done - 1, run);
    const { secondsPerStep, secondsLeft } = clock.tick(done);
    close(secondsPerStep, 2 * stepCost(done - 1, run));
    close(secondsLeft, 2 * costFrom(done, run));
  }
});
