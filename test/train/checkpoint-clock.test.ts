import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckpointClock } from '../../src/trainer/worker/step-clock.ts';

/** When each checkpoint is made, s, for steps that take so long. */
function saves(steps: number[]): number[] {
  let now = 0;
  const clock = new CheckpointClock(() => now * 1000);
  const made: number[] = [];
  for (const seconds of steps) {
    now += seconds;
    if (!clock.due()) continue;
    made.push(now);
    clock.saved();
  }
  return made;
}

test('a killed run loses at most a minute, or one step where steps take longer', () => {
  for (const seconds of [0.5, 1, 7, 25, 31, 59, 61, 300]) {
    const steps = new Array<number>(Math.ceil(900 / seconds)).fill(seconds);
    const made = [0, ...saves(steps), seconds * steps.length];
    const gaps = made.slice(1).map((at, n) => at - made[n]);
    assert.ok(Math.max(...gaps) <= Math.max(60, seconds) + 1e-9, `${seconds} s: ${Math.max(...gaps)}`);
    if (seconds < 20) assert.ok(made.length < 20, 'and it is not saved all the time');
  }
});
