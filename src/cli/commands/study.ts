import { join, parse, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { duration } from '../../core/duration.ts';
import { DecileError } from '../../shared/errors.ts';
import type { StudyDefinition } from '../../study/definition.ts';
import type { StudyPlan } from '../../study/plan.ts';
import type { StudyOutcome } from '../../study/run-study.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, Progress, result } from '../output.ts';
import { userPath } from '../place.ts';
import type { StudyFlags } from '../study-cluster.ts';

export function studyCommand(): Command {
  return new Command('study')
    .description(
      'compare methods, numbers of labelled cases and seeds on one cohort or several; tables, plots and pictures',
    )
    .argument(
      '<STUDY...>',
      'study files, .json or .yaml (docs/reference/study-file.md); several are run one after another',
    )
    .requiredOption('--out <DIR>', 'folder of runs and results; a study goes on where it stopped')
    .option('--data <DIR>', "what the study's folders are relative to, in the place of the study file's own folder")
    .option('--jobs <N>', 'jobs at once', wholeNumber, 1)
    .addOption(new Option('--executor <WHERE>', 'what runs the jobs').choices(['local', 'slurm']).default('local'))
    .option('--sbatch <OPTION>', 'a further option for sbatch, e.g. --sbatch=--gres=gpu:1; may be repeated', append, [])
    .option('--no-wait', 'with slurm: submit and leave; --collect writes the tables later')
    .option('--collect', 'write the tables from what is finished, run nothing')
    .option('--only <JOB>', 'run this job alone, without tables; may be repeated', append, [])
    .action(async (files: string[], flags: StudyFlags) => {
      const { readStudy } = await import('../../study/definition.ts');
      const data = flags.data === undefined ? undefined : resolve(userPath(flags.data));
      const out = resolve(userPath(flags.out));
      // All are read before the first one starts: a fault in the last must not cost a night.
      const studies = placesOf(files.map(userPath), out).map((place) => ({
        ...place,
        definition: readStudy(place.file, data),
      }));
      const { studyOnCluster } = await import('../study-cluster.ts');
      const plans: { plan: StudyPlan; out: string }[] = [];
      for (const study of studies) {
        if (flags.executor === 'slurm' || flags.collect) plans.push(await studyOnCluster(study, data, flags));
        else plans.push(await studyHere(study, flags));
      }
      if (plans.length > 1) {
        const { reportCohorts } = await import('../../study/run-study.ts');
        const written = reportCohorts(plans, out);
        if (written.length > 0) notice(flags, written.join('\n'));
      }
    });
}

interface Place {
  file: string;
  out: string;
}

/** One study lies in the folder itself, several in folders of their own, named like their files. */
function placesOf(files: readonly string[], out: string): Place[] {
  if (files.length === 1) return [{ file: files[0], out }];
  const names = files.map((file) => parse(file).name);
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice !== undefined)
    throw new DecileError(
      'study/invalid',
      `Study files that run together must have names of their own, got ${twice} twice.`,
      'Rename one.',
    );
  return files.map((file, n) => ({ file, out: join(out, names[n]) }));
}

async function studyHere(
  { definition, out }: Place & { definition: StudyDefinition },
  flags: StudyFlags,
): Promise<{ plan: StudyPlan; out: string }> {
  const { runStudy } = await import('../../app.ts');
  const abort = new AbortController();
  const preparing = new Progress(flags, 'Preparing');
  const unwatch = onInterrupt(() => abort.abort());
  try {
    const outcome = await runStudy({
      ...{ definition, out, parallel: flags.jobs, signal: abort.signal },
      only: flags.only.length > 0 ? flags.only : undefined,
      onNotice: (message) => notice(flags, message),
      onPrepared: (done, total) => preparing.update(done, total),
      onJob: (job, state, done, total, secondsLeft) => {
        const left = secondsLeft === null ? '' : `, about ${duration(secondsLeft)} left`;
        notice(flags, `${job.id}: ${state} (${done} of ${total} done${left})`);
      },
      onEvent: (job, event) => {
        if (event.type === 'started' && event.step > 0) notice(flags, `${job.id}: goes on after step ${event.step}`);
        if (event.type === 'notice') notice(flags, `${job.id}: ${event.message}`);
        if (event.type === 'step' && event.step % 100 === 0)
          notice(flags, `${job.id}: step ${event.step} of ${event.steps}, loss ${event.losses.total.toFixed(4)}`);
      },
    });
    report(flags, outcome, out);
    return { plan: outcome.plan, out };
  } finally {
    unwatch();
  }
}

function report(flags: StudyFlags, { plan, done, failed, stopped, files }: StudyOutcome, out: string): void {
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

const append = (value: string, before: string[]): string[] => [...before, value];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1.');
  return value;
}
