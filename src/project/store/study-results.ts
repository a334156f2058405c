/** study.sqlite: per-case results of a study, made from the jobs' own files, so that no job writes into it. */
import Database from 'better-sqlite3';
import { type CaseMetrics, METRICS } from '../../core/metrics/index.ts';

/** Made anew each time: everything in it is in the jobs' files. */
const SCHEMA = `
DROP TABLE IF EXISTS scores;
DROP TABLE IF EXISTS jobs;
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, method TEXT NOT NULL, labelled INTEGER NOT NULL, seed INTEGER NOT NULL, seconds REAL NOT NULL
) STRICT;
CREATE TABLE scores (
  job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, list TEXT NOT NULL, case_name TEXT NOT NULL, label INTEGER NOT NULL,
  dice REAL NOT NULL, jaccard REAL NOT NULL, hd95 REAL, asd REAL, empty INTEGER NOT NULL, small INTEGER NOT NULL, small_found INTEGER NOT NULL,
  PRIMARY KEY (job, list, case_name, label)
) STRICT;`;

export interface StudyJobScores {
  id: string;
  method: string;
  labelled: number;
  seed: number;
  seconds: number;
  /** Scores of each list of cases, by the list's name. */
  lists: Readonly<Record<string, readonly StudyScore[]>>;
}

interface StudyScore extends CaseMetrics {
  /** Absent where the case has no structure of less than 5 ml. */
  small?: { present: number; found: number };
  case: string;
  label: number;
}

/** Puts the scores of all jobs into the database at `path`, in the place of what it held. */
export function writeStudyResults(path: string, jobs: readonly StudyJobScores[]): void {
  const db = new Database(path, { timeout: 5000 });
  try {
    db.pragma('foreign_keys = ON');
    db.transaction(() => {
      db.exec(SCHEMA);
      const insertJob = db.prepare('INSERT INTO jobs VALUES (@id, @method, @labelled, @seed, @seconds)');
      const insertScore = db.prepare(
        `INSERT INTO scores VALUES (@job, @list, @case, @label, ${METRICS.map((m) => `@${m}`).join(', ')}, @empty, @small, @found)`,
      );
      for (const { lists, ...job } of jobs) {
        insertJob.run(job);
        for (const [list, scores] of Object.entries(lists))
          for (const { emptyPrediction, small, ...values } of scores) {
            const counts = { small: small?.present ?? 0, found: small?.found ?? 0 };
            insertScore.run({ job: job.id, list, ...values, ...counts, empty: emptyPrediction ? 1 : 0 });
          }
      }
    }).immediate();
  } finally {
    db.close();
  }
}
