import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readStudy } from '../../src/study/definition.ts';
import { planStudy } from '../../src/study/plan.ts';
import { temporaryFolder } from '../store/helpers.ts';

const studies = fileURLToPath(new URL('../../bench/studies', import.meta.url));
const data = fileURLToPath(new URL('../../../shared/data/left-atrium', import.meta.url));
const read = (name: string) => readStudy(join(studies, `${name}.yaml`));

test("the studies of the paper's tables have its methods, fractions, sizes and training", () => {
  const brats = read('brats2019');
  const kits = read('kits19');
  for (const { methods, options, stride } of [brats, kits]) {
    assert.deepEqual(methods.flatMap(({ name, options }) => (name === options.method ? [name] : [])).sort(), [
      'cpcl',
      'dan',
      'dtml',
      'entropy',
      'ict',
      'mean-teacher',
      'supervised',
      'ua-mt',
    ]);
    assert.deepEqual([options.steps, options.width, options.patch, stride], [20_000, 16, [96, 96, 96], [64, 64, 64]]);
    assert.deepEqual([options.learningRate, options.lambdaRamp, options.augmentation], [0.01, 1, 'turns']);
  }
  assert.deepEqual([brats.split, brats.labelled], [{ seed: 1, validation: 25, test: 60 }, [0.1, 0.3, 0.5]]);
  assert.deepEqual([kits.split, kits.labelled], [{ seed: 1, validation: 10, test: 50 }, [0.05, 0.1]]);
  assert.deepEqual(
    brats.methods.flatMap(({ options: { beta } }) => beta ?? []),
    [1, 5, 15, 20],
  );
});

for (const file of readdirSync(studies))
  test(`the study ${file} can be read`, () => assert.ok(readStudy(join(studies, file)).methods.length));

test('a row without a method takes that of the options, and says so where there is none', (t) => {
  const file = join(temporaryFolder(t), 'study.yaml');
  const write = (options: string) =>
    writeFileSync(
      file,
      `{name: a, images: i, labels: l, preset: mr, classes: [x], split: {train: [a], test: [b]}, labelled: [2], seeds: [1], methods: [{name: all, diceClasses: all}, {name: mine, method: cpcl}], options: ${options}}`,
    );
  write('{method: bcp}');
  assert.deepEqual(
    readStudy(file).methods.map(({ options }) => options.method),
    ['bcp', 'cpcl'],
  );
  write('{}');
  assert.throws(() => readStudy(file), { code: 'study/invalid', message: /^The method all must say which it is/ });
});

const cohorts = fileURLToPath(new URL('../../../shared/data', import.meta.url));
for (const [name, folder, train, test_, labelled] of [
  ['hippocampus', 'hippocampus', 100, 40, [8, 100]],
  ['vertebrae', 'vertebrae', 20, 8, [4, 20]],
  ['cardiac-cine', 'acdc', 30, 10, [6, 30]],
  ['sarcoma', 'sarcoma-t1-ct-pet', 12, 4, [4, 12]],
  ['left-atrium-native', 'left-atrium', 70, 10, [8, 70]],
] as const) {
  test(`the study ${name} has ${train} training and ${test_} test cases`, {
    skip: existsSync(join(cohorts, folder)) ? false : `the cohort ${folder} is not here`,
  }, (t) => {
    const plan = planStudy(readStudy(join(studies, `${name}.yaml`), cohorts), join(temporaryFolder(t), 'out'));
    assert.deepEqual([plan.split.train.length, plan.split.test.length], [train, test_]);
    assert.deepEqual([...new Set(plan.jobs.map((job) => job.labelled))], labelled);
  });
}

test('choices are made on cases that no reported list holds', {
  skip: existsSync(join(cohorts, 'hippocampus')) ? false : 'the cohort hippocampus is not here',
}, (t) => {
  const plan = (name: string) =>
    planStudy(readStudy(join(studies, `${name}.yaml`), cohorts), join(temporaryFolder(t), name)).split;
  const [reported, choices] = [plan('hippocampus'), plan('hippocampus-choices')];
  assert.equal(choices.validation.length, 30);
  const shown = new Set([...reported.test, ...reported.train].map(({ name }) => name));
  assert.deepEqual(
    choices.validation.filter(({ name }) => shown.has(name)),
    [],
  );
});

test('a patient whose scans are in two lists, or half labelled, is refused', {
  skip: existsSync(join(cohorts, 'acdc')) ? false : 'the cohort acdc is not here',
}, (t) => {
  const study = readStudy(join(studies, 'cardiac-cine.yaml'), cohorts);
  const out = temporaryFolder(t);
  const split = { train: ['patient001_frame01..patient052_frame01'], validation: [], test: ['patient052_frame02'] };
  assert.throws(() => planStudy({ ...study, split }, out), { code: 'study/two-lists', message: /patient052/ });
  assert.throws(() => planStudy({ ...study, labelled: [5], methods: study.methods.slice(1) }, out), {
    code: 'study/no-labelled',
    message: /patient007_frame02/,
  });
});

test("a method's own numbers of labelled cases and seeds stand in the place of the study's", {
  skip: existsSync(data) ? false : 'the left-atrium scans are not here',
}, (t) => {
  const folder = temporaryFolder(t);
  symlinkSync(data, join(folder, 'left-atrium'));
  const planOf = (name: string) => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, readFileSync(join(studies, `${name}.yaml`)));
    const plan = planStudy(readStudy(file), join(folder, 'out'));
    rmSync(file);
    return plan;
  };
  const all = planOf('left-atrium');
  assert.deepEqual([all.split.train.length, all.split.test.length], [70, 10]);
  assert.equal(
    all.jobs.length,
    2 * (5 * 3 + 10) + 2 * 3,
    'two numbers of labelled cases; five rows with three seeds, ten with one; two with three seeds and 8 alone',
  );
  const seeds = (method: string) => all.jobs.filter((j) => j.method === method && j.labelled === 8).map((j) => j.seed);
  assert.deepEqual([seeds('cpcl'), seeds('dan')], [[1, 2, 3], [1]]);
  const efficiency = planOf('left-atrium-efficiency').jobs.map(({ method, labelled }) => `${method} ${labelled}`);
  assert.deepEqual(
    efficiency.filter((job) => job.endsWith(' 70')),
    ['supervised 70', 'supervised 70', 'supervised 70'],
  );
  assert.equal(efficiency.length, 3 * (4 * 2 + 1));
  const choices = planOf('left-atrium-choices');
  assert.equal(choices.jobs.length, 3 * 3 + 2 * (2 * 3) + 13 + 3 + 5 + 3 + 2 * 3 + 2 + 4);
  const trained = new Set(choices.split.train.map(({ name }) => name));
  assert.ok([...choices.split.validation, ...choices.split.test].every(({ name }) => !trained.has(name)));
});
