/** What a study file says: its lists of cases, its methods and their options. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStudy } from '../../src/study/definition.ts';
import { labelledCount, splitCases, studyLists } from '../../src/study/split.ts';
import { cohort, STUDY } from './balls.ts';

test('a case in two lists is refused with its name and both lists', () => {
  assert.throws(() => splitCases(cohort(6), { train: ['case_*'], validation: [], test: ['case_05'] }), {
    code: 'study/two-lists',
    message: /case_05 in train and test/,
  });
  assert.throws(() => splitCases(cohort(6), { train: ['case_01', 'case_0?'], validation: [], test: ['case_06'] }), {
    code: 'study/two-lists',
  });
});

test('names, ranges and globs make the lists; an unknown name is refused', () => {
  const { train, validation, test } = splitCases(cohort(12), {
    train: ['case_02..case_04', 'case_11'],
    validation: ['case_{06,08}', 'case_1[!12]'],
    test: ['case_12'],
  });
  assert.deepEqual(
    train.map((c) => c.name),
    ['case_02', 'case_03', 'case_04', 'case_11'],
  );
  assert.deepEqual(
    validation.map((c) => c.name),
    ['case_06', 'case_08', 'case_10'],
  );
  assert.deepEqual(
    test.map((c) => c.name),
    ['case_12'],
  );
  assert.throws(() => splitCases(cohort(3), { train: ['case_09'], validation: [], test: ['case_01'] }), {
    code: 'study/unknown-case',
  });
});

test('a seeded split is the same every time, covers the cohort and has no case twice', () => {
  const draw = (seed: number) => splitCases(cohort(20), { seed, validation: 3, test: 5 });
  const { train, validation, test } = draw(7);
  assert.deepEqual(draw(7), { train, validation, test });
  assert.notDeepEqual(draw(8).test, test);
  assert.equal(new Set([...train, ...validation, ...test].map((c) => c.name)).size, 20);
});

test('training lists take no test case by type, and hide the masks beyond the labelled cases', () => {
  const { train, validation, test } = splitCases(cohort(6), {
    train: ['case_01..case_04'],
    validation: ['case_05'],
    test: ['case_06'],
  });
  // @ts-expect-error a test case is no training case
  studyLists(test, validation, 1);
  // @ts-expect-error a test case is no validation case
  studyLists(train, test, 1);
  const lists = studyLists(train, validation, 1);
  assert.deepEqual(
    lists.labelled.map((c) => c.maskPath),
    ['/cohort/0-mask.nii'],
  );
  assert.ok(lists.unlabelled.length === 3 && lists.unlabelled.every((c) => !('maskPath' in c)));
});

test('a share or a number of labelled cases must leave at least one', () => {
  assert.equal(labelledCount(0.1, 70), 7);
  assert.equal(labelledCount(8, 70), 8);
  assert.equal(labelledCount(1, 70), 70);
  for (const wrong of [0.001, 71, 2.5]) assert.throws(() => labelledCount(wrong, 70), { code: 'study/no-labelled' });
});

test('an unknown method or option is refused before anything runs', () => {
  assert.throws(() => parseStudy({ ...STUDY, methods: ['cpcl', 'cpl'] }, '/'), {
    code: 'study/unknown-method',
    message: /ua-mt.*got cpl/,
  });
  assert.throws(() => parseStudy({ ...STUDY, options: { stepz: 3 } }, '/'), { code: 'option/unknown' });
  assert.throws(() => parseStudy({ ...STUDY, seeds: [] }, '/'), { code: 'study/invalid', message: /seeds/ });
  assert.throws(() => parseStudy({ ...STUDY, against: 'supervized' }, '/'), {
    code: 'study/invalid',
    message: /one of its methods \(supervised, cpcl\), got supervized/,
  });
  assert.equal(parseStudy({ ...STUDY, methods: ['supervised'] }, '/').against, 'cpcl');
});

test("the paper's ablations and the beta sweep are methods", () => {
  const { methods } = parseStudy({ ...STUDY, methods: ['cpcl', 'f-pcl', 'mt-c-pcl'], betas: [1, 5] }, '/');
  assert.deepEqual(
    methods.map((m) => m.options),
    [
      { method: 'cpcl' },
      { method: 'cpcl', processes: 'forward' },
      { method: 'cpcl', meanTeacherTerm: 'on' },
      { method: 'cpcl', beta: 1 },
      { method: 'cpcl', beta: 5 },
    ],
  );
});
