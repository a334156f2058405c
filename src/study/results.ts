/** What the jobs of a study have found, from their own files. */
import { join } from 'node:path';
import { writeStudyResults } from '../project/store/study-results.ts';
import type { StudyJob } from './plan.ts';
import { finishedResult, type JobResult } from './run-job.ts';

/** Puts every finished job's scores into study.sqlite; returns the results, in the order of the jobs. */
export function collectResults(out: string, jobs: readonly StudyJob[]): JobResult[] {
  const results = jobs.map(({ id }) => finishedResult(out, id)).filter((result) => result !== null);
  const rows = results.map(({ scores, also, ...job }) => ({ ...job, lists: { test: scores, ...also } }));
  writeStudyResults(join(out, 'study.sqlite'), rows);
  return results;
}
