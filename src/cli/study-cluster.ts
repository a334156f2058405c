/** `decile study --executor slurm` and `--collect`: submits the jobs that are open, waits for the array, writes the tables. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../disk/index.ts';
import type { StudyDefinition } from '../study/definition.ts';
import { lockPlan } from '../study/lock.ts';
import { planStudy, type StudyPlan } from '../study/plan.ts';
import { finishedResult } from '../study/run-job.ts';
import { reportStudy, settleJobs } from '../study/run-study.ts';
import { logOfJob, runningArray, slurmTasksLeft, submitToSlurm } from '../study/slurm.ts';
import { EXIT, Exit, notice, type Output, Progress, result } from './output.ts';

export interface StudyFlags extends Output {
  out: string;
  data?: string;
  jobs: number;
  executor: 'local' | 'slurm';
  sbatch: string[];
  wait: boolean;
  collect?: boolean;
  only: string[];
}

const POLL_MS = 5000;

export async function studyOnCluster(
  { file: study, out, definition }: { file: string; out: string; definition: StudyDefinition },
  data: string | undefined,
  flags: StudyFlags,
): Promise<{ plan: StudyPlan; out: string }> {
  const plan = planStudy(definition, out);
  makeFolder(out);
  lockPlan(out, plan);
  for (const text of plan.notices) notice(flags, text);
  const preparing = new Progress(flags, 'Preparing');
  await plan.cohort.prepare((done, total) => preparing.update(done, total));
  preparing.end();
  await settleJobs(plan, out, true);
  const open = () => plan.jobs.filter(({ id }) => !finishedResult(out, id));
  if (!flags.collect && open().length > 0) {
    // Two tasks must never train in one folder: an array that is still there is waited for, not submitted again.
    let id = runningArray(out);
    if (id !== null) notice(flags, `Job array ${id} of this study is still in the queue.`);
    else {
      const source = fileURLToPath(new URL('../../bin/decile.mjs', import.meta.url));
      id = submitToSlurm({
        out,
        study: resolve(study),
        data,
        jobs: open(),
        program: [process.execPath, existsSync(source) ? source : process.argv[1]],
        parallel: flags.jobs > 1 ? flags.jobs : undefined,
        sbatchOptions: flags.sbatch,
      });
      notice(flags, `Job array ${id} of ${open().length} jobs submitted.`);
    }
    if (!flags.wait) {
      result(flags, { slurm: id, jobs: open().length, out }, `Later: decile study ${study} --out ${out} --collect`);
      return { plan, out };
    }
    await untilEmpty(id, flags);
  }
  const files = await reportStudy(plan, out);
  const undone = open().map(({ id }) => id);
  for (const id of flags.collect ? [] : undone) {
    const log = logOfJob(out, id);
    notice(flags, `${id} is not done${log ? `; its log is ${log}` : ''}.`);
  }
  const done = plan.jobs.length - undone.length;
  const facts = { jobs: plan.jobs.length, done, failed: undone, stopped: false, out, files };
  result(flags, facts, `${done} of ${plan.jobs.length} jobs done.\n${files.join('\n')}`);
  if (undone.length > 0) throw new Exit(EXIT.partly);
  return { plan, out };
}

async function untilEmpty(id: string, flags: StudyFlags): Promise<void> {
  let left = slurmTasksLeft(id);
  while (left !== 0) {
    await new Promise((done) => setTimeout(done, POLL_MS));
    const now = slurmTasksLeft(id);
    if (now !== left) notice(flags, now === null ? 'The scheduler does not answer; waiting.' : `${now} tasks left.`);
    left = now;
  }
}
