/** Tables run_metrics and checkpoints: the curves of a run and where it can go on. */
import { existsSync } from 'node:fs';
import { type Db, prepared } from './database.ts';
import { checkpointFile } from './paths.ts';
import type { Checkpoint } from './types.ts';

export interface MetricPoint {
  step: number;
  /** null where the value was not finite. */
  value: number | null;
}

export interface MetricRepository {
  /** Adds (or, after a resume, replaces) a step's values; names such as `loss.supervised`, `lambda`, `validation.dice`. */
  record(run: number, step: number, values: Record<string, number>): void;
  names(run: number): string[];
  /** Points of a curve from `after` (exclusive), by step. */
  curve(run: number, name: string, after?: number): MetricPoint[];
  /** Drops what lies beyond `step`: a resumed run writes those steps again. */
  truncate(run: number, step: number): void;
}

export function metricRepository(db: Db): MetricRepository {
  const insert = prepared(
    db,
    'INSERT INTO run_metrics (run, name, step, value) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  );
  const record = db.transaction((run: number, step: number, values: Record<string, number>) => {
    for (const [name, value] of Object.entries(values))
      insert.run(run, name, step, Number.isFinite(value) ? value : null);
  });
  return {
    record,
    names: (run) =>
      (
        prepared(db, 'SELECT DISTINCT name FROM run_metrics WHERE run = ? ORDER BY name').all(run) as { name: string }[]
      ).map((row) => row.name),
    curve: (run, name, after = -1) =>
      prepared(db, 'SELECT step, value FROM run_metrics WHERE run = ? AND name = ? AND step > ? ORDER BY step').all(
        run,
        name,
        after,
      ) as MetricPoint[],
    truncate(run, step) {
      prepared(db, 'DELETE FROM run_metrics WHERE run = ? AND step > ?').run(run, step);
    },
  };
}

export interface CheckpointRepository {
  /** `path` is relative to the project folder. */
  add(run: number, step: number, path: string): void;
  latest(run: number): Checkpoint | null;
  /**
   * The file to go on from and to predict with, relative to the project folder; null for none. Its trainer writes it before the
   * project notes it, and one that outlived the project's process is never noted: the file alone says that it is there.
   */
  file(run: number): string | null;
  list(run: number): Checkpoint[];
}

/** @param path absolute path of a file of the project */
export function checkpointRepository(db: Db, path: (relative: string) => string): CheckpointRepository {
  const columns = 'run, step, path, created_at AS createdAt';
  const latest = (run: number) =>
    (prepared(db, `SELECT ${columns} FROM checkpoints WHERE run = ? ORDER BY step DESC LIMIT 1`).get(run) as
      | Checkpoint
      | undefined) ?? null;
  return {
    add(run, step, path) {
      prepared(
        db,
        'INSERT INTO checkpoints VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET path = excluded.path, created_at = excluded.created_at',
      ).run(run, step, path, new Date().toISOString());
    },
    latest,
    file(run) {
      const noted = latest(run);
      if (noted) return noted.path;
      const file = checkpointFile(run);
      return existsSync(path(file)) ? file : null;
    },
    list: (run) =>
      prepared(db, `SELECT ${columns} FROM checkpoints WHERE run = ? ORDER BY step`).all(run) as Checkpoint[],
  };
}
