/** Per-case results of a study in SQLite: study.sqlite, made from the jobs' own files, so that no job writes into it. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { METRICS } from '../../core/metrics/index.ts';
import type { StudyJob } from './plan.ts';
import { finishedResult, type JobResult } from './run-job.ts';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, method TEXT NOT NULL, labelled INTEGER NOT NULL, seed INTEGER NOT NULL, seconds REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS scores (
  job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, case_name TEXT NOT NULL, label INTEGER NOT NULL,
  dice REAL NOT NULL, jaccard REAL NOT NULL, hd95 REAL, asd REAL, empty INTEGER NOT NULL,
  PRIMARY KEY (job, case_name, label)
) STRICT;`;

/** Puts every finished job's scores into the database; returns the results, in the order of the jobs. */
export function collectResults(out: string, jobs: readonly StudyJob[]): JobResult[] {
  const results = jobs.map(({ id }) => finishedResult(out, id)).filter((result) => result !== null);
  const db = new Database(join(out, 'study.sqlite'), { timeout: 5000 });
  try {
    db.pragma('foreign_keys = ON');
    db.exec(SCHEMA);
    const job = db.prepare('INSERT OR REPLACE INTO jobs VALUES (@id, @method, @labelled, @seed, @seconds)');
    const score = db.prepare(
      `INSERT OR REPLACE INTO scores VALUES (@job, @case, @label, ${METRICS.map((m) => `@${m}`).join(', ')}, @empty)`,
    );
    db.transaction(() => {
      for (const { scores, ...facts } of results) {
        job.run(facts);
        for (const { emptyPrediction, ...values } of scores)
          score.run({ job: facts.id, ...values, empty: emptyPrediction ? 1 : 0 });
      }
    })();
  } finally {
    db.close();
  }
  return results;
}
