/** Tables runs and run_cases: what was trained, on which scans, and how far it got. */
import { checkedName } from '../../core/name-limit.ts';
import type { PlannedOptions } from '../../core/options.ts';
import { DecileError } from '../../shared/errors.ts';
import { record, texts } from './columns.ts';
import { type Db, prepared } from './database.ts';
import type { CaseRole, ImportedModel, Run, RunCase, RunState, StartedFrom } from './types.ts';

interface RunRow {
  id: number;
  name: string;
  options: string;
  classes: string;
  state: RunState;
  step: number;
  device: string;
  engine: string;
  notes: string;
  failure: string;
  model: string | null;
  started_from: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

const parsed = <T>(what: string, json: string | null): T | null => (json === null ? null : record<T>(what, json));

const fromRow = (row: RunRow): Run => ({
  id: row.id,
  name: row.name,
  options: record<PlannedOptions>('The options of a run', row.options, ['method']),
  classes: texts('The classes of a run', row.classes),
  state: row.state,
  step: row.step,
  device: row.device,
  engine: row.engine,
  notes: row.notes,
  failure: row.failure,
  model: parsed<ImportedModel>('The model of a run', row.model),
  startedFrom: parsed<StartedFrom>('The start of a run', row.started_from),
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
});

export interface NewRun {
  /** The next free `run-N` without one. */
  name?: string;
  options: PlannedOptions;
  classes: string[];
  cases: RunCase[];
  /** Of an imported model. */
  model?: ImportedModel;
  startedFrom?: StartedFrom;
}

export interface RunRepository {
  /** Oldest first. */
  list(): Run[];
  /** Throws `run/unknown`. */
  get(id: number): Run;
  /** Throws `run/unknown` naming the runs that exist. */
  find(name: string): Run;
  /** The latest finished run, or null. */
  latestFinished(): Run | null;
  /** The latest run that did not finish, or null: what `resume` goes on with. */
  latestUnfinished(): Run | null;
  /** Makes a run with its lists; throws `run/name-taken`. */
  create(run: NewRun): Run;
  update(
    id: number,
    change: Partial<
      Pick<Run, 'state' | 'step' | 'device' | 'engine' | 'notes' | 'failure' | 'startedAt' | 'finishedAt'>
    >,
  ): Run;
  /** In the order of training. */
  cases(id: number, role?: CaseRole): RunCase[];
  /** Runs that a dead process left as running or paused become interrupted; returns their names. */
  interruptStale(): string[];
  delete(id: number): void;
}

export function runRepository(db: Db): RunRepository {
  const one = (sql: string, ...values: (string | number)[]): Run | null => {
    const row = prepared(db, sql).get(...values) as RunRow | undefined;
    return row ? fromRow(row) : null;
  };
  const list = () => (prepared(db, 'SELECT * FROM runs ORDER BY id').all() as RunRow[]).map(fromRow);
  const get = (id: number): Run => {
    const run = one('SELECT * FROM runs WHERE id = ?', id);
    if (!run)
      throw new DecileError(
        'run/unknown',
        `A run must be one of the project's, got id ${id}.`,
        'Reload the list of runs.',
      );
    return run;
  };
  return {
    list,
    get,
    find(name) {
      const run = one('SELECT * FROM runs WHERE name = ?', name);
      if (run) return run;
      const names = list().map((r) => r.name);
      throw new DecileError(
        'run/unknown',
        `A run must be one of ${names.join(', ') || '(the project has none)'}, got ${name}.`,
        names.length ? 'Check the spelling; `decile status DIR` lists the runs.' : 'Train first: `decile train DIR`.',
      );
    },
    latestFinished: () => one("SELECT * FROM runs WHERE state = 'finished' ORDER BY id DESC LIMIT 1"),
    latestUnfinished: () => one("SELECT * FROM runs WHERE state <> 'finished' ORDER BY id DESC LIMIT 1"),
    create(run) {
      return db.transaction(() => {
        const taken = new Set(list().map((other) => other.name));
        let name = checkedName('run', run.name ?? '');
        if (name === '') {
          // Deleted runs leave gaps, so the next free number is searched for.
          for (let n = taken.size + 1; name === '' || taken.has(name); n++) name = `run-${n}`;
        } else if (taken.has(name)) {
          throw new DecileError(
            'run/name-taken',
            `A run's name must be new, got ${name}.`,
            'Choose another --name, or go on with `decile resume DIR RUN`.',
          );
        }
        const { lastInsertRowid } = prepared(
          db,
          "INSERT INTO runs (name, method, options, classes, state, model, started_from, created_at) VALUES (?, ?, ?, ?, 'created', ?, ?, ?)",
        ).run(
          name,
          run.options.method,
          JSON.stringify(run.options),
          JSON.stringify(run.classes),
          run.model ? JSON.stringify(run.model) : null,
          run.startedFrom ? JSON.stringify(run.startedFrom) : null,
          new Date().toISOString(),
        );
        const id = Number(lastInsertRowid);
        const insert = prepared(db, 'INSERT INTO run_cases (run, scan, role, mask, position) VALUES (?, ?, ?, ?, ?)');
        run.cases.forEach((c, position) => {
          insert.run(id, c.scan, c.role, c.mask, position);
        });
        return get(id);
      })();
    },
    update(id, change) {
      const next = {
        ...get(id),
        ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
      };
      prepared(
        db,
        'UPDATE runs SET state = ?, step = ?, device = ?, engine = ?, notes = ?, failure = ?, started_at = ?, finished_at = ? WHERE id = ?',
      ).run(
        next.state,
        next.step,
        next.device,
        next.engine,
        next.notes,
        next.failure,
        next.startedAt,
        next.finishedAt,
        id,
      );
      return get(id);
    },
    cases: (id, role) =>
      prepared(
        db,
        'SELECT scan, role, mask FROM run_cases WHERE run = ? AND (? IS NULL OR role = ?) ORDER BY position',
      ).all(id, role ?? null, role ?? null) as RunCase[],
    interruptStale() {
      const left = "state IN ('running', 'paused')";
      const rows = prepared(db, `SELECT name FROM runs WHERE ${left}`).all() as { name: string }[];
      const names = rows.map(({ name }) => name);
      prepared(db, `UPDATE runs SET state = 'interrupted' WHERE ${left}`).run();
      return names;
    },
    delete(id) {
      get(id);
      prepared(db, 'DELETE FROM runs WHERE id = ?').run(id);
    },
  };
}
