/** A study from its definition to its tables: planned, locked, sized, run, and reported as far as it came. */

import { join } from 'node:path';
import { makeFolder, sweepLeftovers, writeFileAtomic } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';

import type { StudyDefinition } from './definition.ts';
import { type RunOutcome, type RunRequest, runJobs } from './job-queue.ts';
import { lockPatches, lockPlan, readLock, smallFromOf } from './lock.ts';
import { type SizedJob, sizeJobs } from './memory.ts';
import { planStudy, type StudyPlan } from './plan.ts';
import { rankedCohort, rankingCsv, rankingMarkdown, rankMethods } from './ranks.ts';
import { collectResults } from './results.ts';
import { scoredLists } from './scored-lists.ts';
import { writeStudyReport } from './study-report.ts';

export interface StudyRequest extends RunRequest {
  definition: StudyDefinition;
  /** Runs these jobs alone (a cluster's array task); writes no report. */
  only?: readonly string[];
  /** A data set in its own layout is preprocessed once, before the first job. */
  onPrepared?: (done: number, total: number) => void;
}

export interface StudyOutcome extends RunOutcome {
  plan: StudyPlan;
  stopped: boolean;
  /** Files written: tables and the page. */
  files: string[];
}

/** @throws what the definition, the split and the lock throw; a failing job is reported, not thrown */
export async function runStudy(request: StudyRequest): Promise<StudyOutcome> {
  const { definition, out, only, signal } = request;
  const plan = planStudy(definition, out);
  if (!only) {
    makeFolder(out);
    sweepLeftovers(out, { depth: 2 });
    lockPlan(out, plan);
  }
  for (const text of plan.notices) request.onNotice?.(text);
  const unknown = only?.find((id) => plan.jobs.every((job) => job.id !== id));
  if (unknown !== undefined)
    throw new DecileError(
      'study/unknown-job',
      `--only must name a job of the study, got ${unknown}.`,
      'The study file may have changed since the job was submitted; DIR/study.lock.json lists the jobs.',
    );
  await plan.cohort.prepare(request.onPrepared, signal);
  if (signal?.aborted) return { plan, done: 0, failed: [], stopped: true, files: [] };
  const jobs = (await settleJobs(plan, out, !only)).filter(({ id }) => only?.includes(id) ?? true);
  const { done, failed } = await runJobs(plan, jobs, request);
  const files = only ? [] : await reportStudy(plan, out);
  return { plan, done, failed, stopped: signal?.aborted ?? false, files };
}

/** The jobs with all that is auto settled, patches as they were when the study began. @param keep writes those that are new; tasks beside each other must not */
export async function settleJobs(plan: StudyPlan, out: string, keep: boolean): Promise<SizedJob[]> {
  const lock = readLock(out);
  const patches = { ...lock?.patches };
  const jobs = await sizeJobs(plan, patches, lock ? smallFromOf(lock) : 1);
  if (keep) lockPatches(out, patches);
  return jobs;
}

/** One table of ranks over several studies' cohorts, as far as they came; nothing while one of them has no result. */
export function reportCohorts(studies: readonly { plan: StudyPlan; out: string }[], out: string): string[] {
  const cohorts = studies.map(({ plan, out: own }) => {
    const results = collectResults(own, plan.jobs);
    return results.length === 0 ? null : rankedCohort(plan.definition.name, scoredLists(plan, results));
  });
  const known = cohorts.filter((cohort) => cohort !== null);
  if (known.length < studies.length) return [];
  const ranking = rankMethods(known);
  return Object.entries({ 'ranks.md': rankingMarkdown(ranking), 'ranks.csv': rankingCsv(ranking) }).map(
    ([file, text]) => {
      writeFileAtomic(join(out, file), new TextEncoder().encode(text));
      return join(out, file);
    },
  );
}

/** Collects what is finished and writes tables and page anew. */
export async function reportStudy(plan: StudyPlan, out: string): Promise<string[]> {
  const results = collectResults(out, plan.jobs);
  return results.length === 0 ? [] : writeStudyReport(plan, results, out);
}
