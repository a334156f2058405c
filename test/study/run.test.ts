/** Running a study: what is done, goes on, fails and is told, with a trainer that only notes its jobs. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { hostEnvironment } from '../../src/engine/machine/environment.ts';
import type { StartTrainer } from '../../src/shared/trainer.ts';
import type { TrainerEvent } from '../../src/shared/training.ts';
import { parseStudy, readStudy } from '../../src/study/definition.ts';
import { secondsOf } from '../../src/study/job-queue.ts';
import { lockPlan } from '../../src/study/lock.ts';
import { planStudy } from '../../src/study/plan.ts';
import { finishedResult, type JobResult, jobFolder } from '../../src/study/run-job.ts';
import { runStudy } from '../../src/study/run-study.ts';
import { slurmScript } from '../../src/study/slurm.ts';
import { checkpointPath } from '../../src/trainer/worker/files.ts';
import { onDisk, recorder, STUDY } from './balls.ts';

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
