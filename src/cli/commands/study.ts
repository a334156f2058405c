import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { StudyOutcome } from '../../main/study/run-study.ts';
import { DecileError } from '../../shared/errors.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result } from '../output.ts';
import { userPath } from '../place.ts';

interface Flags extends Output {
  out: string;
  jobs: number;
  executor: 'local' | 'slurm';
  sbatch: string[];
  wait: boolean;
  collect?: boolean;
  only: string[];
}

export function studyCommand(): Command {
  return new Command('study')
    .description('compare methods, numbers of labelled cases and seeds on one cohort; tables, plots and pictures')
    .argument('<STUDY>', 'the study file, .json or .yaml (docs/reference/study-file.md)')
    .requiredOption('--out <DIR>', 'folder of runs and results; a study goes on where it stopped')
    .option('--jobs <N>', 'jobs at once', wholeNumber, 1)
    .addOption(new Option('--executor <WHERE>', 'what runs the jobs').choices(['local', 'slurm']).default('local'))
    .option('--sbatch <OPTION>', 'a further option for sbatch, e.g. --sbatch=--gres=gpu:1; may be repeated', append, [])
    .option('--no-wait', 'with slurm: submit and leave; --collect writes the tables later')
    .option('--collect', 'write the tables from what is finished, run nothing')
    .option('--only <JOB>', 'run this job alone, without tables; may be repeated', append, [])
    .action(async (file: string, flags: Flags) => {
      const { readStudy } = await import('../../main/study/definition.ts');
      const study = userPath(file);
      const definition = readStudy(study);
      const out = resolve(userPath(flags.out));
      if (flags.executor === 'slurm' || flags.collect) return onCluster(study, out, flags);
      const { runStudy } = await import('../../main/study/run-study.ts');
      const { startTrainer } = await import('../../main/trainer/index.ts');
      const abort = new AbortController();
      const preparing = new Progress(flags, 'Preparing');
      const unwatch = onInterrupt(() => abort.abort());
      try {
        const outcome = await runStudy({
          ...{ definition, out, startTrainer, parallel: flags.jobs, signal: abort.signal },
          only: flags.only.length > 0 ? flags.only : undefined,
          onNotice: (message) => notice(flags, message),
          onPrepared: (done, total) => preparing.update(done, total),
          onJob: (job, state, done, total) => notice(flags, `${job.id}: ${state} (${done} of ${total} done)`),
          onEvent: (job, event) => {
            if (event.type === 'started' && event.step > 0)
              notice(flags, `${job.id}: goes on after step ${event.step}`);
            if (event.type === 'notice') notice(flags, `${job.id}: ${event.message}`);
            if (event.type === 'step' && event.step % 100 === 0)
              notice(flags, `${job.id}: step ${event.step} of ${event.steps}, loss ${event.losses.total.toFixed(4)}`);
          },
        });
        report(flags, outcome, out);
      } finally {
        unwatch();
      }
    });
}

function report(flags: Flags, { plan, done, failed, stopped, files }: StudyOutcome, out: string): void {
  for (const { id, error } of failed) {
    const { code, message, cure } =
      error instanceof DecileError ? error : { code: 'study/job-failed', message: String(error), cure: '' };
    notice(flags, `${id} failed: ${code}: ${message} ${cure}`);
  }
  const total = flags.only.length > 0 ? flags.only.length : plan.jobs.length;
  const facts = { jobs: total, done, failed: failed.map(({ id }) => id), stopped, out, files };
  result(flags, facts, `${done} of ${total} jobs done.${files.length > 0 ? `\n${files.join('\n')}` : ''}`);
  if (stopped) throw new Exit(EXIT.interrupted);
  if (failed.length > 0) throw new Exit(EXIT.partly);
}

async function onCluster(study: string, out: string, flags: Flags): Promise<void> {
  const { readStudy } = await import('../../main/study/definition.ts');
  const { planStudy, lockPlan } = await import('../../main/study/plan.ts');
  const { finishedResult } = await import('../../main/study/run-job.ts');
  const { reportStudy } = await import('../../main/study/run-study.ts');
  const { submitToSlurm, slurmTasksLeft } = await import('../../main/study/slurm.ts');
  const { mkdirSync } = await import('node:fs');
  const plan = planStudy(readStudy(study), out);
  mkdirSync(out, { recursive: true });
  lockPlan(out, plan);
  const preparing = new Progress(flags, 'Preparing');
  await plan.cohort.prepare((done, total) => preparing.update(done, total));
  preparing.end();
  const open = () => plan.jobs.filter(({ id }) => !finishedResult(out, id));
  if (!flags.collect && open().length > 0) {
    const source = fileURLToPath(new URL('../../../bin/decile.mjs', import.meta.url));
    const program = [process.execPath, existsSync(source) ? source : process.argv[1]];
    const parallel = flags.jobs > 1 ? flags.jobs : undefined;
    const id = submitToSlurm({
      out,
      study: resolve(study),
      jobs: open(),
      program,
      parallel,
      sbatchOptions: flags.sbatch,
    });
    notice(flags, `Job array ${id} of ${open().length} jobs submitted.`);
    if (!flags.wait)
      return result(
        flags,
        { slurm: id, jobs: open().length, out },
        `Later: decile study ${study} --out ${out} --collect`,
      );
    let left = slurmTasksLeft(id);
    while (left !== 0) {
      await new Promise((done) => setTimeout(done, 5000));
      const now = slurmTasksLeft(id);
      if (now !== left) notice(flags, now === null ? 'The scheduler does not answer; waiting.' : `${now} tasks left.`);
      left = now;
    }
  }
  const files = await reportStudy(plan, out);
  const undone = open().map(({ id }) => id);
  const facts = {
    jobs: plan.jobs.length,
    done: plan.jobs.length - undone.length,
    failed: undone,
    stopped: false,
    out,
    files,
  };
  result(flags, facts, `${facts.done} of ${facts.jobs} jobs done.\n${files.join('\n')}`);
  if (undone.length > 0) throw new Exit(EXIT.partly);
}

const append = (value: string, before: string[]): string[] => [...before, value];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1.');
  return value;
}
