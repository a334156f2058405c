/** Mean ranks over cohorts, patients as the units of tests, and folders given on the command line. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parseStudy, patientOf } from '../../src/study/definition.ts';
import { rankingCsv, rankingMarkdown, rankMethods } from '../../src/study/ranks.ts';
import type { JobResult } from '../../src/study/run-job.ts';
import { studyRows } from '../../src/study/statistics.ts';

const cohort = (name: string, dice: Record<string, number>, labelled = 8) => ({
  name,
  rows: Object.entries(dice).map(([method, value]) => ({ method, labelled, dice: value })),
});

test('methods that all cohorts have are ranked, equal ones share the mean of their ranks', () => {
  const ranking = rankMethods([
    cohort('heart', { a: 90, b: 80, c: 85, onlyHere: 99 }),
    cohort('brain', { a: 70, b: 75, c: 75 }),
  ]);
  assert.deepEqual(ranking.columns, ['heart, 8 labelled', 'brain, 8 labelled']);
  assert.deepEqual(
    ranking.methods.map(({ method, meanRank }) => [method, meanRank]),
    [
      ['c', (2 + 1.5) / 2],
      ['a', (1 + 3) / 2],
      ['b', (3 + 1.5) / 2],
    ],
  );
  assert.match(rankingMarkdown(ranking), /\| c \| 1\.75 \| 85\.00 \(2\) \| 75\.00 \(1\.5\) \|/);
  assert.match(rankingCsv(ranking), /^c,1\.75,"brain, 8 labelled",75,1\.5$/m);
});

test('a number of labelled cases that not every shared method was run with is no column', () => {
  const [heart] = [cohort('heart', { a: 90, b: 80 })];
  heart.rows.push({ method: 'a', labelled: 70, dice: 95 });
  assert.deepEqual(rankMethods([heart, cohort('brain', { a: 1, b: 2 })]).columns, [
    'heart, 8 labelled',
    'brain, 8 labelled',
  ]);
});

const STUDY = {
  name: 'Hearts',
  images: 'images',
  labels: 'labels',
  preset: 'mr',
  classes: ['left', 'right'],
  split: { train: ['p1_a'], test: ['p2_a'] },
  methods: ['supervised', 'cpcl'],
  labelled: [1],
  seeds: [1],
};

test('folders are relative to the data folder where one is given, lists to the study file', () => {
  assert.deepEqual(parseStudy(STUDY, '/studies').images, [resolve('/studies/images')]);
  assert.equal(parseStudy(STUDY, '/studies', '/data').labels, resolve('/data/labels'));
});

test('a patient is what the expression says, and an expression without a group is refused', () => {
  const of = patientOf('^(patient[0-9]+)_');
  assert.equal(of('patient001_frame02'), 'patient001');
  assert.equal(of('other'), 'other');
  for (const wrong of ['patient', '(a)(b)', '('])
    assert.throws(() => parseStudy({ ...STUDY, patient: wrong }, '/'), { code: 'study/invalid', message: /one group/ });
});

test('scans and labels of one patient are one unit of a test', () => {
  const definition = parseStudy({ ...STUDY, patient: '^(p[0-9]+)_' }, '/');
  const jobs = ['supervised', 'cpcl'].map((method) => ({ method, labelled: 1, seed: 1, id: method }));
  // Differences by patient: p1 (1 + 2 + 3 + 4) / 4, p2 (5 + 7) / 2, p3 (3 + 3) / 2.
  const gains: [string, number, number][] = [
    ['p1_a', 1, 1],
    ['p1_a', 2, 2],
    ['p1_b', 1, 3],
    ['p1_b', 2, 4],
    ['p2_a', 1, 5],
    ['p2_a', 2, 7],
    ['p3_a', 1, 3],
    ['p3_a', 2, 3],
  ];
  const result = (method: string, sign: number) =>
    ({
      ...{ id: method, method, labelled: 1, seed: 1, seconds: 90 },
      scores: gains.map(([name, label, gain]) => ({
        case: name,
        label,
        dice: 80 + sign * gain,
        jaccard: 70,
        hd95: 1,
        asd: 1,
      })),
    }) as unknown as JobResult;
  const rows = studyRows({ definition, jobs } as never, [result('supervised', 1), result('cpcl', 0)]);
  const supervised = rows.find(({ method }) => method === 'supervised');
  const { test: paired } = supervised?.cells.dice ?? {};
  assert.equal(supervised?.minutes, 1.5);
  const byPatient = [2.5, 6, 3];
  const mean = byPatient.reduce((a, b) => a + b) / 3;
  assert.ok(paired && Math.abs(paired.meanDifference - mean) < 1e-9, `${paired?.meanDifference}`);
  const sd = Math.sqrt(byPatient.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 2);
  // t(0.975, 2 degrees of freedom) = 4.302653
  assert.ok(Math.abs(paired.interval[1] - (mean + (4.302653 * sd) / Math.sqrt(3))) < 1e-4);
});
