import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobResult } from '../../src/study/run-job.ts';
import { type Milestone, milestonesOf, qualityMarkdown, timeToQuality } from '../../src/study/time-to-quality.ts';

const step = (step: number, secondsPerStep: number) => JSON.stringify({ type: 'step', step, secondsPerStep });
const validation = (step: number, dice: number) => JSON.stringify({ type: 'validation', step, dice, perClass: [dice] });

test('minutes are those of the steps, at the pace that each line tells', () => {
  const curve = [step(1, 6), step(2, 6), validation(2, 50), step(3, 3), step(4, 3), validation(4, 60)].join('\n');
  assert.deepEqual(milestonesOf(`${curve}\n`), [
    { step: 2, minutes: 0.2, dice: 50 },
    { step: 4, minutes: 0.3, dice: 60 },
  ]);
});

test('a line that a killed run left unfinished, and steps told twice after it went on, do not count', () => {
  const curve = [step(1, 60), '{"type":"ste', '', step(1, 60), step(2, 60), validation(2, 10), validation(2, 10)];
  assert.deepEqual(milestonesOf(curve.join('\n')), [{ step: 2, minutes: 2, dice: 10 }]);
});

const result = (method: string, seed: number, labelled = 8): JobResult => ({
  ...{ id: `${method}-${seed}-${labelled}`, method, labelled, seed, seconds: 1, scores: [] },
});
const milestones = (...dice: number[]): Milestone[] =>
  dice.map((d, n) => ({ step: 100 * (n + 1), minutes: n + 1, dice: d }));

const RUNS: Record<string, Milestone[]> = {
  'old-1-8': milestones(60, 70, 79, 80),
  'old-2-8': milestones(60, 70, 83, 82),
  'new-1-8': milestones(81, 85),
  'new-2-8': milestones(70, 82),
  'none-1-8': milestones(10, 20),
  'silent-1-8': [],
};
const RESULTS = [
  result('old', 1),
  result('old', 2),
  result('new', 1),
  result('new', 2),
  result('none', 1),
  result('silent', 1),
];

test('what to reach is what the other method ended with, or the Dice that the study names', () => {
  const rows = timeToQuality({ against: 'old' }, RESULTS, (id) => RUNS[id]);
  assert.deepEqual(
    rows.map(({ method, target, reached, seeds, steps, minutes, best }) => [
      method,
      target,
      reached,
      seeds,
      steps,
      minutes,
      best,
    ]),
    [
      // 81: one seed of the old method was above it on the way, the other never.
      ['old', 81, 1, 2, 300, 3, 81.5],
      ['new', 81, 2, 2, 150, 1.5, 83.5],
      ['none', 81, 0, 1, null, null, 20],
    ],
  );
  const named = timeToQuality({ against: 'old', reach: 70 }, RESULTS, (id) => RUNS[id]);
  assert.deepEqual(
    named.map(({ minutes }) => minutes),
    [2, 1, null],
  );
  assert.match(qualityMarkdown(rows, 'old'), /\| 8 \| new \| 81\.00 \| 2 of 2 \| 150 \| 1\.5 \| 0\.50 \| 83\.50 \|/);
  assert.match(qualityMarkdown(rows, 'old'), /\| 8 \| none \| 81\.00 \| 0 of 1 \| - \| - \| - \| 20\.00 \|/);
});

test('without a target or validations there is no table', () => {
  assert.deepEqual(
    timeToQuality({ against: 'absent' }, RESULTS, (id) => RUNS[id]),
    [],
  );
  assert.equal(qualityMarkdown([], 'old'), '');
});
