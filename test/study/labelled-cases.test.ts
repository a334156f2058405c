import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { lockPlan } from '../../src/study/lock.ts';
import type { JobResult, Score } from '../../src/study/run-job.ts';
import { studyRows } from '../../src/study/statistics.ts';
import { planOf } from './planned.ts';

const namesOf = (cases: readonly { name: string }[]) => cases.map(({ name }) => name);

test('a method may name its labelled cases; the rest of the list follows in its order', async (t) => {
  const { plan } = await planOf(t, [
    { name: 'chosen', method: 'supervised', labelledCases: ['d', 'b'] },
    { name: 'one', method: 'supervised', labelledCases: ['c'] },
    { name: 'glob', method: 'supervised', labelledCases: ['[cd]'] },
  ]);
  const lists = Object.fromEntries(plan.jobs.map(({ method, train }) => [method, namesOf(train)]));
  assert.deepEqual(lists, {
    first: ['a', 'b', 'c', 'd'],
    chosen: ['d', 'b', 'a', 'c'],
    one: ['c', 'a', 'b', 'd'],
    glob: ['c', 'd', 'a', 'b'],
  });
});

test('only training cases may be labelled, and all scans of a patient or none', async (t) => {
  const chosen = (...labelledCases: string[]) => [{ name: 'chosen', method: 'supervised', labelledCases }];
  await assert.rejects(planOf(t, chosen('e')), {
    code: 'study/unknown-case',
    message: /labelledCases of chosen must name cases of the training list, got e/,
  });
  const patient = { patient: '^([ab]|[cd]|e|f)', split: { train: ['a..d'], test: ['e', 'f'] } };
  await planOf(t, chosen('d', 'c'), patient);
  const halves = { patient: '^(?:a|c)()', split: { train: ['a..d'], test: ['e', 'f'] } };
  await assert.rejects(planOf(t, chosen('a', 'b'), halves), { code: 'study/no-labelled' });
});

test('what is wrong with a method is said by its field', async (t) => {
  await assert.rejects(planOf(t, [{ name: 'chosen', method: 'supervised', labelledCases: 'd' }]), {
    code: 'study/invalid',
    message: /a valid methods\.1\.labelledCases, got: .*expected array/,
  });
});

test('a study that goes on keeps the labelled cases of each method', async (t) => {
  const chosen = (...labelledCases: string[]) => [{ name: 'chosen', method: 'supervised', labelledCases }];
  const { plan, out } = await planOf(t, chosen('d', 'b'));
  mkdirSync(out);
  lockPlan(out, plan);
  lockPlan(out, plan);
  const other = await planOf(t, chosen('d', 'c'));
  assert.throws(() => lockPlan(out, other.plan), {
    code: 'study/changed',
    message: /other labelled cases for chosen-2-1/,
  });
});

test('tests pair the cases that both methods scored', async (t) => {
  const { plan } = await planOf(t, [{ name: 'chosen', method: 'supervised', labelledCases: ['d', 'b'] }]);
  const result = (method: string, dice: Record<string, number>): JobResult => ({
    ...{ id: `${method}-2-1`, method, labelled: 2, seed: 1, seconds: 1 },
    scores: Object.entries(dice).map(([name, value]): Score => {
      return { case: name, label: 1, dice: value, jaccard: value, hd95: 1, asd: 1, emptyPrediction: false };
    }),
  });
  const [, row] = studyRows(plan, [
    result('first', { c: 80, d: 10, e: 70, f: 60 }),
    result('chosen', { a: 99, c: 81, e: 72, f: 63 }),
  ]);
  assert.deepEqual([row.cells.dice.test?.pairs, row.cells.dice.test?.meanDifference], [3, 2]);
  assert.equal(row.cells.dice.cases, 4, 'the mean is of all that were scored');
});
