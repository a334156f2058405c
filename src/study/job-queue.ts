/** Runs the jobs of a study, one after another or several at once. */
import os from 'node:os';
import { fitOf } from '../core/train/fit-patch.ts';
import { usableCores } from '../engine/machine/environment.ts';
import { compareEngines } from '../project/services/train/measured-steps.ts';
import type { StartTrainer } from '../shared/trainer.ts';
import type { TrainerEvent } from '../shared/training.ts';
import { jobsAtOnce, type SizedJob } from './memory.ts';
import type { StudyJob, StudyPlan } from './plan.ts';
import { finishedResult, isComplete, type JobResult, runJob } from './run-job.ts';

export interface RunRequest {
  out: string;
  startTrainer: StartTrainer;
  /** Jobs at once; 1 without it. */
  parallel?: number;
  onNotice?: (message: string) => void;
  onJob?: (
    job: StudyJob,
    state: 'done before' | 'started' | 'done' | 'stopped' | 'failed',
    done: number,
    total: number,
    /** Until the last job, by the jobs that are done; null before the first. */
    secondsLeft: number | null,
  ) => void;
  onEvent?: (job: StudyJob, event: TrainerEvent) => void;
  signal?: AbortSignal;
}

export interface RunOutcome {
  done: number;
  /** Jobs that failed, with the reason; the others ran. */
  failed: { id: string; error: unknown }[];
}

/** Runs what is not done yet, `auto` on the engine that is measured to be the fastest; a job that fails does not keep the others from running. */
export async function runJobs(
  plan: StudyPlan,
  jobs: readonly SizedJob[],
  { out, parallel = 1, signal, onJob = () => {}, onEvent, onNotice, startTrainer }: RunRequest,
): Promise<RunOutcome> {
  const failed: RunOutcome['failed'] = [];
  const waiting: SizedJob[] = [];
  const finished: JobResult[] = [];
  let done = 0;
  for (const job of jobs) {
    const result = finishedResult(out, job.id);
    if (result) finished.push(result);
    if (result && isComplete(result, plan.definition)) onJob(job, 'done before', ++done, jobs.length, null);
    else waiting.push(job);
  }
  if (waiting.length === 0) return { done, failed };

  const most = Math.max(...waiting.map(({ bytes }) => bytes));
  const { jobs: atOnce, notice } = jobsAtOnce(parallel, most, os.freemem(), os.totalmem());
  if (notice) onNotice?.(notice);
  // Jobs beside each other share the cores out: threads of one that wait for threads of another would lose most of the time.
  const threads = atOnce > 1 ? Math.max(1, Math.floor(usableCores() / atOnce)) : undefined;
  const start: StartTrainer = (task, listener) => startTrainer({ ...task, threads }, listener);
  const open = waiting.find(({ options }) => options.engine === 'auto');
  if (open) {
    const fit = () => fitOf(open.options, [], Number.POSITIVE_INFINITY);
    await compareEngines(start, open.options, fit, plan.definition.classes.length + 1, onNotice, threads);
  }
  const running = new Set<StudyJob>();
  const secondsLeft = () => {
    const seconds = secondsOf([...waiting, ...running], finished);
    return seconds === null ? null : seconds / atOnce;
  };
  const work = async () => {
    for (let next = waiting.shift(); next && !signal?.aborted; next = waiting.shift()) {
      const job = next;
      running.add(job);
      onJob(job, 'started', done, jobs.length, secondsLeft());
      try {
        const result = await runJob(plan, job, out, start, (event) => onEvent?.(job, event), signal);
        if (result) finished.push(result);
        onJob(job, result ? 'done' : 'stopped', result ? ++done : done, jobs.length, null);
      } catch (error) {
        failed.push({ id: job.id, error });
        onJob(job, 'failed', done, jobs.length, null);
      } finally {
        running.delete(job);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { done, failed };
}

/**
 * Seconds that these jobs will take one after another: each as long as the mean of its method's finished jobs, else of all.
 * @returns null where none is finished
 */
export function secondsOf(jobs: readonly StudyJob[], finished: readonly JobResult[]): number | null {
  if (finished.length === 0) return null;
  const mean = (results: readonly JobResult[]) => results.reduce((sum, r) => sum + r.seconds, 0) / results.length;
  return jobs.reduce((sum, job) => {
    const alike = finished.filter(({ method }) => method === job.method);
    return sum + mean(alike.length > 0 ? alike : finished);
  }, 0);
}
