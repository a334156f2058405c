/** Per-case results of a study in SQLite: study.sqlite, made from the jobs' own files, so that no job writes into it. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { METRICS } from '../core/metrics/index.ts';
import type { StudyJob } from './plan.ts';
import { finishedResult, type JobResult } from './run-job.ts';

/** Made anew each time: everything in it is in the jobs' files. */
const SCHEMA = `
DROP TABLE IF EXISTS scores;
DROP TABLE IF EXISTS jobs;
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, method TEXT NOT NULL, labelled INTEGER NOT NULL, seed INTEGER NOT NULL, seconds REAL NOT NULL
) STRICT;
CREATE TABLE scores (
  job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, list TEXT NOT NULL, case_name TEXT NOT NULL, label INTEGER NOT NULL,
  dice REAL NOT NULL, jaccard REAL NOT NULL, hd95 REAL, asd REAL, empty INTEGER NOT NULL,
  PRIMARY KEY (job, list, case_name, label)
) STRICT;`;

/** Puts every finished job's scores into the database; returns the results, in the order of the jobs. */
export function collectResults(out: string, jobs: readonly StudyJob[]): JobResult[] {
  const results = jobs.map(({ id }) => finishedResult(out, id)).filter((result) => result !== null);
  const db = new Database(join(out, 'study.sqlite'), { timeout: 5000 });
  try {
    db.pragma('foreign_keys = ON');
    db.transaction(() => {
      db.exec(SCHEMA);
      const job = db.prepare('INSERT INTO jobs VALUES (@id, @method, @labelled, @seed, @seconds)');
      const score = db.prepare(
        `INSERT INTO scores VALUES (@job, @list, @case, @label, ${METRICS.map((m) => `@${m}`).join(', ')}, @empty)`,
      );
      for (const { scores, also, ...facts } of results) {
        job.run(facts);
        for (const [list, own] of Object.entries({ test: scores, ...also }))
          for (const { emptyPrediction, ...values } of own)
            score.run({ job: facts.id, list, ...values, empty: emptyPrediction ? 1 : 0 });
      }
    }).immediate();
  } finally {
    db.close();
  }
  return results;
}
