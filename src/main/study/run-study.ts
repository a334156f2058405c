/** Runs the jobs of a study, one after another or several at once, and writes what has been found so far. */
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import { usableCores } from '../../engine/environment.ts';
import { DecileError } from '../../shared/errors.ts';
import type { TrainerEvent } from '../../shared/training.ts';
import type { StartTrainer } from '../services/trainer-process.ts';
import type { StudyDefinition } from './definition.ts';
import { jobsAtOnce, type SizedJob, sizeJobs } from './memory.ts';
import { lockPlan, planStudy, type StudyJob, type StudyPlan } from './plan.ts';
import { collectResults } from './results.ts';
import { finishedResult, isComplete, type JobResult, runJob } from './run-job.ts';
import { writeStudyReport } from './study-report.ts';

export interface StudyRequest {
  definition: StudyDefinition;
  out: string;
  startTrainer: StartTrainer;
  /** Jobs at once. */
  parallel?: number;
  /** Runs these jobs alone (a cluster's array task); writes no report. */
  only?: readonly string[];
  onNotice?: (message: string) => void;
  /** A data set in its own layout is preprocessed once, before the first job. */
  onPrepared?: (done: number, total: number) => void;
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

export interface StudyOutcome {
  plan: StudyPlan;
  done: number;
  /** Jobs that failed, with the reason; the others ran. */
  failed: { id: string; error: unknown }[];
  stopped: boolean;
  /** Files written: tables and the page. */
  files: string[];
}

/** @throws what the definition, the split and the lock throw; a failing job is reported, not thrown */
export async function runStudy(request: StudyRequest): Promise<StudyOutcome> {
  const { definition, out, signal, onJob = () => {} } = request;
  const plan = planStudy(definition, out);
  if (!request.only) {
    mkdirSync(out, { recursive: true });
    lockPlan(out, plan);
  }
  for (const text of plan.cohort.notices) request.onNotice?.(text);
  const unknown = request.only?.find((id) => plan.jobs.every((job) => job.id !== id));
  if (unknown !== undefined)
    throw new DecileError(
      'study/unknown-job',
      `--only must name a job of the study, got ${unknown}.`,
      'The study file may have changed since the job was submitted; DIR/study.lock.json lists the jobs.',
    );
  await plan.cohort.prepare(request.onPrepared, signal);
  if (signal?.aborted) return { plan, done: 0, failed: [], stopped: true, files: [] };
  const sized = await sizeJobs(plan);
  const jobs = request.only ? sized.filter(({ id }) => request.only!.includes(id)) : sized;
  const failed: StudyOutcome['failed'] = [];
  const waiting: SizedJob[] = [];
  const finished: JobResult[] = [];
  let done = 0;
  for (const job of jobs) {
    const result = finishedResult(out, job.id);
    if (result) finished.push(result);
    if (result && isComplete(result, definition)) onJob(job, 'done before', ++done, jobs.length, null);
    else waiting.push(job);
  }
  let atOnce = 1;
  let threads: number | undefined;
  const running = new Set<StudyJob>();
  const secondsLeft = () => {
    const seconds = secondsOf([...waiting, ...running], finished);
    return seconds === null ? null : seconds / atOnce;
  };
  const startTrainer: StartTrainer = (task, onEvent) => request.startTrainer({ ...task, threads }, onEvent);
  const work = async () => {
    for (let job = waiting.shift(); job && !signal?.aborted; job = waiting.shift()) {
      const own = job;
      running.add(own);
      onJob(own, 'started', done, jobs.length, secondsLeft());
      try {
        const result = await runJob(plan, own, out, startTrainer, (event) => request.onEvent?.(own, event), signal);
        if (result) finished.push(result);
        onJob(own, result ? 'done' : 'stopped', result ? ++done : done, jobs.length, null);
      } catch (error) {
        failed.push({ id: own.id, error });
        onJob(own, 'failed', done, jobs.length, null);
      } finally {
        running.delete(own);
      }
    }
  };
  if (waiting.length > 0) {
    const most = Math.max(...waiting.map(({ bytes }) => bytes));
    const { jobs: fitting, notice } = jobsAtOnce(request.parallel ?? 1, most, os.freemem(), os.totalmem());
    atOnce = fitting;
    if (notice) request.onNotice?.(notice);
    // Jobs beside each other share the cores out: threads of one that wait for threads of another would lose most of the time.
    if (atOnce > 1) threads = Math.max(1, Math.floor(usableCores() / atOnce));
    await Promise.all(Array.from({ length: atOnce }, work));
  }
  const files = request.only ? [] : await reportStudy(plan, out);
  return { plan, done, failed, stopped: signal?.aborted ?? false, files };
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

/** Collects what is finished and writes tables and page anew. */
export async function reportStudy(plan: StudyPlan, out: string): Promise<string[]> {
  const results = collectResults(out, plan.jobs);
  return results.length === 0 ? [] : writeStudyReport(plan, results, out);
}
