import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { boxPlotOf } from '../../src/core/box-plot.ts';
import { type LabelMap, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { hostEnvironment } from '../../src/engine/machine/environment.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import type { StartTrainer } from '../../src/shared/trainer.ts';
import type { PredictJob, TrainerEvent, TrainJob } from '../../src/shared/training.ts';
import { chartFile, efficiencyChart } from '../../src/study/charts.ts';
import { parseStudy, readStudy } from '../../src/study/definition.ts';
import { secondsOf } from '../../src/study/job-queue.ts';
import { lockPlan, planStudy } from '../../src/study/plan.ts';
import { finishedResult, type JobResult, jobFolder } from '../../src/study/run-job.ts';
import { runStudy } from '../../src/study/run-study.ts';
import { slurmScript } from '../../src/study/slurm.ts';
import { labelledCount, type StudyCase, splitCases, studyLists } from '../../src/study/split.ts';
import { studyRows } from '../../src/study/statistics.ts';
import { latexTable, markdownTable } from '../../src/study/tables.ts';
import { checkpointPath } from '../../src/trainer/worker/files.ts';

const cohort = (n: number): StudyCase[] =>
  Array.from({ length: n }, (_, scan) => ({
    scan,
    name: `case_${String(scan + 1).padStart(2, '0')}`,
    volumePath: `/cohort/${scan}.nii`,
    maskPath: `/cohort/${scan}-mask.nii`,
  }));

const STUDY = {
  name: 'Balls',
  images: 'images',
  labels: 'labels',
  preset: 'mr',
  classes: ['ball'],
  split: { train: ['case_01..case_04'], test: ['case_05', 'case_06'] },
  methods: ['supervised', 'cpcl'],
  labelled: [0.5],
  seeds: [1, 2],
  options: { steps: 3, width: 1 },
};

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

/** A cohort on disk: six balls, the first four for training. */
async function onDisk(): Promise<{ folder: string; study: string; mask: (scan: number) => LabelMap }> {
  const folder = mkdtempSync(join(tmpdir(), 'decile-study-'));
  const grid = {
    size: [12, 11, 10],
    spacing: spacingMm(1, 1, 2),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  } as const;
  const mask = (scan: number): LabelMap => ({
    ...grid,
    data: Uint8Array.from({ length: 1320 }, (_, v) =>
      ((v % 12) - 6) ** 2 + ((Math.floor(v / 12) % 11) - 5) ** 2 + (Math.floor(v / 132) - 5) ** 2 <= 6 + scan ? 1 : 0,
    ),
  });
  for (const part of ['images', 'labels']) mkdirSync(join(folder, part));
  for (let scan = 0; scan < 6; scan++) {
    const name = `case_0${scan + 1}.nii.gz`;
    await writeNifti(join(folder, 'labels', name), mask(scan));
    await writeNifti(join(folder, 'images', name), { ...grid, data: Int16Array.from(mask(scan).data, (v) => 100 * v) });
  }
  const study = join(folder, 'study.json');
  writeFileSync(study, JSON.stringify(STUDY));
  return { folder, study, mask };
}

/** Stands in for the trainer's process: notes its jobs, "predicts" the next case's mask; `fails` names a run to break. */
function recorder(mask: (scan: number) => LabelMap, fails?: string) {
  const jobs: ((TrainJob | PredictJob) & { threads?: number })[] = [];
  const start: StartTrainer = (job, onEvent) => {
    if (job.kind === 'probe' || job.kind === 'adapter') throw new Error('A study measures no steps.');
    jobs.push(job);
    const run = async (): Promise<TrainerEvent> => {
      if (fails && job.runFolder.endsWith(fails))
        return { type: 'error', code: 'trainer/died', message: 'It died.', cure: '' };
      if (job.kind === 'predict') {
        mkdirSync(job.outputFolder, { recursive: true });
        for (const { scan } of job.cases)
          await writeNifti(
            join(job.outputFolder, `${scan}.nii.gz`),
            mask(job.runFolder.includes('cpcl') ? scan : scan - 3),
          );
      }
      return { type: 'finished', step: 3, seconds: 0 };
    };
    const done = run();
    void done.then(onEvent);
    return { pause() {}, resume() {}, cancel() {}, done };
  };
  return { jobs, start };
}

test('a study runs every job, goes on after a failure, skips what is done, and never shows training a test case', async () => {
  const { folder, study, mask } = await onDisk();
  try {
    const out = join(folder, 'out');
    const definition = readStudy(study);
    const first = recorder(mask, 'cpcl-2-2');
    const broken = await runStudy({ definition, out, startTrainer: first.start });
    assert.deepEqual([broken.done, broken.failed.map((f) => f.id)], [3, ['cpcl-2-2']]);
    for (const job of first.jobs) {
      if (job.kind !== 'train') continue;
      const seen = [...job.lists.labelled, ...job.lists.unlabelled, ...job.lists.validation].map((c) => c.name);
      assert.deepEqual(seen, ['case_01', 'case_02', 'case_03', 'case_04']);
      assert.equal(job.lists.labelled.length, 2);
    }
    const second = recorder(mask);
    const whole = await runStudy({ definition, out, startTrainer: second.start });
    assert.deepEqual(
      [whole.done, second.jobs.length],
      [4, 2],
      'only the failed job ran again: training and prediction',
    );
    const table = readFileSync(join(out, 'tables.md'), 'utf8');
    assert.match(table, /\| 2 \| cpcl \| \*\*100\.00 \(0\.00\)\*\*/);
    assert.match(readFileSync(join(out, 'study.html'), 'utf8'), /<svg[\s\S]*data:image\/png/);
    assert.equal(readFileSync(join(out, 'cases.csv'), 'utf8').trim().split('\n').length, 1 + 4 * 2);

    const changed = parseStudy(
      { ...STUDY, split: { train: ['case_01..case_03'], test: ['case_05', 'case_06'] } },
      folder,
    );
    await assert.rejects(runStudy({ definition: changed, out, startTrainer: second.start }), {
      code: 'study/changed',
      message: /another train list/,
    });
    const slower = parseStudy({ ...STUDY, options: { steps: 9, width: 1 } }, folder);
    await assert.rejects(runStudy({ definition: slower, out, startTrainer: second.start }), {
      code: 'study/changed',
      message: /steps 9 instead of 3/,
    });
    assert.equal(readFileSync(join(out, 'tables.md'), 'utf8'), table, 'nothing is overwritten');
    const more = parseStudy({ ...STUDY, methods: ['supervised', 'cpcl', 'f-pcl'] }, folder);
    await assert.rejects(runStudy({ definition, out, startTrainer: second.start, only: ['cpl-2-1'] }), {
      code: 'study/unknown-job',
    });
    assert.equal(
      (await runStudy({ definition: more, out, startTrainer: second.start })).done,
      6,
      'more methods may come',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a job without a case of its lists fails and names it: it would answer another question', async () => {
  const { folder, study, mask } = await onDisk();
  try {
    const { start } = recorder(mask);
    const leaving: StartTrainer = (job, onEvent) => {
      if (job.kind !== 'train' || !job.runFolder.endsWith('cpcl-2-1')) return start(job, onEvent);
      const lacking = {
        scan: 1,
        name: 'case_02',
        code: 'mask/unknown-value' as const,
        message: 'It has other values.',
        cure: 'Mend it.',
      };
      let cancel = () => {};
      const done = new Promise<TrainerEvent>((resolve) => {
        cancel = () => resolve({ type: 'cancelled', step: 0 });
      });
      setImmediate(() => onEvent({ type: 'left-out', ...lacking }));
      return { pause() {}, resume() {}, cancel: () => cancel(), done };
    };
    const { done, failed } = await runStudy({
      ...{ definition: readStudy(study), out: join(folder, 'out'), startTrainer: leaving },
    });
    assert.deepEqual([done, failed.map(({ id }) => id)], [3, ['cpcl-2-1']]);
    assert.match(String(failed[0].error), /cpcl-2-1, case_02: It has other values/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the time left is told by the jobs that are done, each method by its own', async () => {
  const { folder, study, mask } = await onDisk();
  try {
    const definition = readStudy(study);
    const { jobs } = planStudy(definition, join(folder, 'plan'));
    const done = (method: string, seconds: number) => ({ method, seconds }) as JobResult;
    assert.equal(secondsOf(jobs, []), null);
    assert.equal(secondsOf(jobs, [done('supervised', 10), done('supervised', 20)]), 4 * 15);
    assert.equal(secondsOf(jobs, [done('supervised', 10), done('cpcl', 50)]), 2 * 10 + 2 * 50);
    const left: (number | null)[] = [];
    await runStudy({
      ...{ definition, out: join(folder, 'out'), startTrainer: recorder(mask).start },
      onJob: (_job, state, _done, _total, secondsLeft) => void (state === 'started' && left.push(secondsLeft)),
    });
    assert.equal(left[0], null, 'nothing is known before the first job');
    assert.ok(left.slice(1).every((seconds) => seconds !== null && seconds > 0));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a job that went on from a checkpoint counts all its steps', async () => {
  const { folder, study, mask } = await onDisk();
  try {
    const out = join(folder, 'out');
    const definition = readStudy(study);
    const plain = recorder(mask);
    const startTrainer: StartTrainer = (job, onEvent) => {
      const state = { step: 3, steps: 3, lambda: 0, learningRate: 0, skipped: {}, secondsLeft: 0 };
      if (job.kind === 'train') onEvent({ type: 'step', ...state, losses: { total: 0 }, secondsPerStep: 1000 });
      return plain.start(job, onEvent);
    };
    mkdirSync(out);
    lockPlan(out, planStudy(definition, out));
    const resumed = checkpointPath(jobFolder(out, 'cpcl-2-1'));
    mkdirSync(dirname(resumed), { recursive: true });
    writeFileSync(resumed, '');
    await runStudy({ definition, out, startTrainer });
    const seconds = (id: string) => finishedResult(out, id)!.seconds;
    assert.equal(Math.round(seconds('cpcl-2-1') / 1000), 3);
    assert.ok(seconds('cpcl-2-2') < 1000, 'one from the start is measured by the clock');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('jobs beside each other share the cores; a job alone has them all', async (t) => {
  const { folder, study, mask } = await onDisk();
  const before = process.env.DECILE_THREADS;
  process.env.DECILE_THREADS = '5';
  t.after(() => {
    if (before === undefined) delete process.env.DECILE_THREADS;
    else process.env.DECILE_THREADS = before;
    rmSync(folder, { recursive: true });
  });
  const threadsWith = async (parallel: number) => {
    const { jobs, start } = recorder(mask);
    await runStudy({
      definition: readStudy(study),
      out: join(folder, `out-${parallel}`),
      startTrainer: start,
      parallel,
    });
    return [...new Set(jobs.map(({ threads }) => threads))];
  };
  assert.deepEqual(await threadsWith(1), [undefined]);
  assert.deepEqual(await threadsWith(2), [2]);
  const { DECILE_THREADS, TF_NUM_INTRAOP_THREADS, OMP_NUM_THREADS, PATH } = hostEnvironment(2);
  assert.deepEqual([DECILE_THREADS, TF_NUM_INTRAOP_THREADS, OMP_NUM_THREADS, PATH], ['2', '2', '2', process.env.PATH]);
  assert.equal(hostEnvironment().DECILE_THREADS, '5');
});

test('further lists are scored where the study asks, also after the jobs are done, without training again', async () => {
  const { folder, study, mask } = await onDisk();
  try {
    const out = join(folder, 'out');
    await runStudy({ definition: readStudy(study), out, startTrainer: recorder(mask).start });
    const tested = readFileSync(join(out, 'tables.md'), 'utf8');
    const definition = parseStudy({ ...STUDY, alsoScore: ['unlabelled'] }, folder);
    const later = recorder(mask);
    assert.equal((await runStudy({ definition, out, startTrainer: later.start })).done, 4);
    assert.deepEqual(
      later.jobs.map((job) => (job.kind === 'predict' ? job.cases.map((c) => [c.name, c.maskPath]) : job.kind)),
      Array(4).fill([
        ['case_03', undefined],
        ['case_04', undefined],
      ]),
    );
    const both = readFileSync(join(out, 'tables.md'), 'utf8');
    assert.ok(both.startsWith(tested.slice(0, tested.indexOf('\nMean (SD)'))), 'the test table stays');
    const scores = readFileSync(join(out, 'cases-unlabelled.csv'), 'utf8').trim().split('\n');
    assert.equal(scores.length, 1 + 4 * 2);
    assert.ok(scores.slice(1).every((line) => /case_0[34]/.test(line)));
    const again = recorder(mask);
    await runStudy({ definition, out, startTrainer: again.start });
    assert.equal(again.jobs.length, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('validation cases are scored in tables of their own, to choose by', async () => {
  const { folder, mask } = await onDisk();
  try {
    const out = join(folder, 'out');
    const split = { train: ['case_01..case_03'], validation: ['case_04'], test: ['case_05', 'case_06'] };
    assert.throws(() => planStudy(parseStudy({ ...STUDY, alsoScore: ['validation'] }, folder), out), {
      code: 'study/empty-list',
    });
    const definition = parseStudy({ ...STUDY, split, labelled: [3], alsoScore: ['unlabelled', 'validation'] }, folder);
    await runStudy({ definition, out, startTrainer: recorder(mask).start });
    const scores = readFileSync(join(out, 'cases-validation.csv'), 'utf8').trim().split('\n');
    assert.ok(scores.length === 1 + 4 && scores.slice(1).every((line) => line.includes('case_04')));
    assert.match(readFileSync(join(out, 'tables.md'), 'utf8'), /## On the validation cases/);
    assert.ok(!existsSync(join(out, 'cases-unlabelled.csv')), 'all are labelled');
    const db = new Database(join(out, 'study.sqlite'), { readonly: true });
    try {
      assert.deepEqual(db.prepare('SELECT list, count(*) AS n FROM scores GROUP BY list ORDER BY list').all(), [
        { list: 'test', n: 4 * 2 },
        { list: 'validation', n: 4 },
      ]);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a part of the scored cases has tables of its own, also after the jobs are done; one without scores is refused', async () => {
  const { folder, mask } = await onDisk();
  try {
    const out = join(folder, 'out');
    const whole = { ...STUDY, alsoScore: ['unlabelled'] };
    await runStudy({ definition: parseStudy(whole, folder), out, startTrainer: recorder(mask).start });
    const definition = parseStudy({ ...whole, parts: { 'last of each': ['case_04', 'case_06'] } }, folder);
    const later = recorder(mask);
    await runStudy({ definition, out, startTrainer: later.start });
    assert.equal(later.jobs.length, 0);
    const scores = readFileSync(join(out, 'cases-last-of-each.csv'), 'utf8').trim().split('\n');
    assert.ok(scores.length === 1 + 4 * 2 && scores.slice(1).every((line) => /case_0[46]/.test(line)));
    assert.match(readFileSync(join(out, 'tables.md'), 'utf8'), /## Part last of each\n\n\| Labelled/);
    assert.match(readFileSync(join(out, 'boxes-2-last-of-each.svg'), 'utf8'), /Dice % of cases of last of each/);
    const planned = (parts: object, more = {}) => planStudy(parseStudy({ ...STUDY, ...more, parts }, folder), out);
    assert.throws(() => planned({ some: ['case_04'] }), { code: 'study/unknown-case', message: /got case_04/ });
    assert.throws(() => planned({ some: ['case_99'] }), { code: 'study/unknown-case', message: /part some/ });
    assert.throws(() => planned({ unlabelled: ['case_06'] }), { code: 'study/invalid' });
    assert.throws(() => planned({ 'a b': ['case_06'], 'a-b': ['case_05'] }), { code: 'study/invalid' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('tables mark the best mean and significant differences, seeds averaged case by case', async () => {
  const { folder, study } = await onDisk();
  try {
    const plan = planStudy(readStudy(study), join(folder, 'out'));
    const cases = ['a', 'b', 'c', 'd'];
    const result = (method: string, seed: number, dice: number[]): JobResult => ({
      ...{ id: `${method}-2-${seed}`, method, labelled: 2, seed, seconds: 1 },
      scores: cases.map((name, n) => ({
        case: name,
        label: 1,
        dice: dice[n],
        jaccard: dice[n],
        hd95: n === 0 ? null : 5,
        asd: 1,
        emptyPrediction: false,
      })),
    });
    const runs = [
      result('supervised', 1, [70, 71, 72, 73]),
      result('supervised', 2, [72, 73, 74, 75]),
      result('cpcl', 1, [80, 82, 82, 84]),
    ];
    const rows = studyRows(plan, runs);
    const [supervised, cpcl] = rows;
    assert.deepEqual(supervised.dice, [71, 72, 73, 74]);
    assert.ok(
      supervised.cells.dice.star && !supervised.cells.dice.best && cpcl.cells.dice.best && !cpcl.cells.dice.star,
    );
    assert.equal(
      supervised.cells.dice.test?.meanDifference,
      -10.5,
      'seed 1 against seed 1, not against the mean of both',
    );
    assert.deepEqual([supervised.seeds, supervised.sharedSeeds], [2, 1]);
    const alone = studyRows(plan, [runs[1], runs[2]])[0];
    assert.deepEqual([alone.cells.dice.test, alone.cells.dice.star], [null, false], 'no seed in common, no test');
    const fewer = studyRows(plan, [runs[0], runs[2], result('cpcl', 3, [90, 90, 90, 90])])[0];
    assert.deepEqual(
      [fewer.cells.dice.test?.meanDifference, fewer.cells.dice.test?.pairs, fewer.sharedSeeds],
      [-10.5, 4, 1],
      "the reference's further seed is not compared either",
    );
    assert.equal(supervised.seedSd, Math.SQRT2);
    assert.equal(supervised.cells.hd95.cases, 3);
    assert.match(markdownTable(rows, 'cpcl'), /supervised \| 72\.50 \(1\.29\)\* /);
    assert.match(markdownTable(rows, 'cpcl'), /\| -10\.50 \[-11\.42, -9\.58\], 1 of the seeds \| {2}\| 2 \|/);
    const [both] = studyRows(plan, [...runs, result('cpcl', 2, [73, 74, 76, 75])]);
    assert.deepEqual(
      both.bySeed.map(({ seed, test: { meanDifference } }) => [seed, meanDifference]),
      [
        [1, -10.5],
        [2, -1],
      ],
    );
    assert.match(markdownTable([both], 'cpcl'), /\| -10\.50\*, -1\.00 \|/);
    const chart = efficiencyChart([...rows, { ...supervised, labelled: 4 }], 4, 'test cases')!;
    assert.match(chart.body, /stroke-dasharray[^>]*>.*supervised, all 4 labelled/, 'the line of all labelled');
    assert.equal(efficiencyChart(rows, 4, 'test cases'), null, 'one number of labelled cases is no curve');
    const file = chartFile(chart);
    assert.ok(file.startsWith('<svg xmlns=') && !file.includes('class="chart"') && file.includes('>cpcl</text>'));
    assert.match(latexTable(rows, 'cpcl'), /\\textbf\{82\.00 \(1\.63\)\}/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a box has quartiles, whiskers within 1.5 quartile distances, and outliers beyond', () => {
  assert.deepEqual(boxPlotOf([1, 2, 3, 4, 5, 20]), {
    low: 1,
    lower: 2.25,
    median: 3.5,
    upper: 4.75,
    high: 5,
    outliers: [20],
  });
});

test('the job array runs one job a task, by name, and is requeued', async () => {
  const { folder, study } = await onDisk();
  try {
    const { jobs } = planStudy(readStudy(study), join(folder, 'out'));
    const script = slurmScript({
      out: '/o u/t',
      study,
      jobs,
      program: ['/bin/node', '/app/decile.mjs'],
      parallel: 2,
      sbatchOptions: ['--gres=gpu:1'],
    });
    assert.match(script, /^#!\/bin\/bash\n/);
    for (const line of ['--array=0-3%2', '--requeue', '--gres=gpu:1'])
      assert.ok(script.includes(`#SBATCH ${line}\n`), line);
    assert.ok(script.includes(`exec '/bin/node' '/app/decile.mjs' 'study' '${study}' '--out' '/o u/t' '--only' "$id"`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
