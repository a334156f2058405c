import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costFrom, stepCost } from '../../src/core/train/step-cost.ts';
import { StepClock } from '../../src/trainer/worker/step-clock.ts';

const run = { steps: 100, method: 'bcp', labelledPerStep: 1, unlabelledPerStep: 1, unlabelledFrom: 0.25 } as const;

test('steps that read labelled patches alone count by their share of the patches', () => {
  assert.equal(stepCost(24, run), 0.5);
  assert.equal(stepCost(25, run), 1);
  assert.equal(costFrom(0, run), 12.5 + 75);
  assert.equal(costFrom(20, run), 2.5 + 75);
  assert.equal(costFrom(100, run), 0);
  assert.equal(costFrom(0, { ...run, labelledPerStep: 3 }), 18.75 + 75);
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
    assert.equal(secondsPerStep, 2 * stepCost(done - 1, run));
    assert.equal(secondsLeft, 2 * costFrom(done, run));
  }
});
