/** Tables predictions and evaluations: what a run says about scans, and how right it was. */
import { rmSync } from 'node:fs';
import { moveIntoPlace } from '../../disk/index.ts';
import { figures } from './columns.ts';
import { type Db, prepared } from './database.ts';
import { entropyFile } from './paths.ts';
import { inTransaction, onCommit, onRollback } from './transaction.ts';
import type { Evaluation, Prediction } from './types.ts';

interface PredictionRow {
  run: number;
  scan: number;
  mask: number;
  entropyFile: string;
  meanEntropy: number;
  sliceEntropy: string;
  volumesMl: string;
  seconds: number;
  ownDice: string;
  seenAt: string | null;
  createdAt: string;
}

const PREDICTION =
  'run, scan, mask, entropy_file AS entropyFile, mean_entropy AS meanEntropy, slice_entropy AS sliceEntropy, volumes_ml AS volumesMl, seconds, own_dice AS ownDice, seen_at AS seenAt, created_at AS createdAt';
const fromRow = (row: PredictionRow): Prediction => ({
  ...row,
  sliceEntropy: figures('The entropy of a prediction', row.sliceEntropy),
  volumesMl: figures('The volumes of a prediction', row.volumesMl),
  ownDice: figures('The Dice of a prediction', row.ownDice),
});

/** A prediction that says nothing of its own Dice has none. */
export type NewPrediction = Omit<Prediction, 'createdAt' | 'ownDice' | 'seenAt'> & Partial<Pick<Prediction, 'ownDice'>>;

export interface PredictionRepository {
  /**
   * As `put`, with the entropy in the file `from`, which is moved to a place of its own before the row names it; the earlier one's
   * file goes once the row is written.
   */
  keep(from: string, prediction: Omit<NewPrediction, 'entropyFile'>): void;
  /**
   * Puts a run's prediction of a scan in the place of its earlier one (the earlier mask stays in the history). A case that
   * was rejected is open again: there is something new to decide on.
   */
  put(prediction: NewPrediction): void;
  get(run: number, scan: number): Prediction | null;
  /** Most uncertain first. */
  list(run: number): Prediction[];
  /** Newest prediction of a scan by any run: by number, since clocks are set back. */
  latest(scan: number): Prediction | null;
  /** `latest` of every scan that has one, by scan id. */
  newest(): Map<number, Prediction>;
  /** Somebody looks at the newest prediction of a scan; nothing where it has none. */
  see(scan: number): void;
}

export function predictionRepository(db: Db, pathOf: (relative: string) => string): PredictionRepository {
  const one = (where: string, ...values: number[]): Prediction | null => {
    const row = prepared(db, `SELECT ${PREDICTION} FROM predictions WHERE ${where} LIMIT 1`).get(...values) as
      | PredictionRow
      | undefined;
    return row ? fromRow(row) : null;
  };
  const put = (p: NewPrediction): void => {
    db.transaction(() => {
      prepared(
        db,
        'INSERT OR REPLACE INTO predictions (run, scan, mask, entropy_file, mean_entropy, slice_entropy, volumes_ml, seconds, created_at, own_dice) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ).run(
        p.run,
        p.scan,
        p.mask,
        p.entropyFile,
        p.meanEntropy,
        JSON.stringify(p.sliceEntropy),
        JSON.stringify(p.volumesMl),
        p.seconds,
        new Date().toISOString(),
        JSON.stringify(p.ownDice ?? []),
      );
      prepared(db, "UPDATE scans SET review = 'unreviewed' WHERE id = ? AND review = 'rejected'").run(p.scan);
    })();
  };
  return {
    put,
    keep: (from, prediction) =>
      inTransaction(db, () => {
        const { run, scan, mask } = prediction;
        const earlier = one('run = ? AND scan = ?', run, scan);
        const { version } = prepared(db, 'SELECT version FROM masks WHERE id = ?').get(mask) as { version: number };
        const file = entropyFile(run, scan, version);
        put({ ...prediction, entropyFile: file });
        moveIntoPlace(from, pathOf(file));
        onRollback(db, () => rmSync(pathOf(file), { force: true }));
        if (earlier && earlier.entropyFile !== file) onCommit(db, () => remove(pathOf(earlier.entropyFile)));
      }),
    get: (run, scan) => one('run = ? AND scan = ?', run, scan),
    list: (run) =>
      (
        prepared(db, `SELECT ${PREDICTION} FROM predictions WHERE run = ? ORDER BY mean_entropy DESC`).all(
          run,
        ) as PredictionRow[]
      ).map(fromRow),
    latest: (scan) => one('scan = ? ORDER BY mask DESC', scan),
    newest() {
      const rows = prepared(db, `SELECT ${PREDICTION} FROM predictions ORDER BY mask`).all() as PredictionRow[];
      const last = new Map(rows.map((row) => [row.scan, row]));
      return new Map([...last].map(([scan, row]) => [scan, fromRow(row)]));
    },
    see(scan) {
      prepared(
        db,
        'UPDATE predictions SET seen_at = ? WHERE seen_at IS NULL AND mask = (SELECT max(mask) FROM predictions WHERE scan = ?)',
      ).run(new Date().toISOString(), scan);
    },
  };
}

/** What stays is told by a check of the project. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The prediction is kept all the same.
  }
}

type Further = 'hd95Max' | 'surfaceDice' | 'tolerance' | 'missed' | 'spurious';
/** The further figures where they were measured. */
type NewEvaluation = Omit<Evaluation, 'createdAt' | Further> & Partial<Pick<Evaluation, Further>>;

export interface EvaluationRepository {
  /** Replaces the run's earlier figures for these scans. */
  put(rows: NewEvaluation[]): void;
  list(run: number): Evaluation[];
}

type EvaluationRow = Omit<Evaluation, 'missed' | 'spurious'> & { missed: number; spurious: number };

const NOT_MEASURED = { hd95Max: null, surfaceDice: null, tolerance: null };

/** Columns and what they are called outside. */
const EVALUATION: readonly (readonly [column: string, field: keyof Evaluation])[] = [
  ['run', 'run'], ['scan', 'scan'], ['label', 'label'], ['dice', 'dice'], ['jaccard', 'jaccard'], ['hd95', 'hd95'],
  ['asd', 'asd'], ['hd95_max', 'hd95Max'], ['surface_dice', 'surfaceDice'], ['tolerance', 'tolerance'],
  ['missed', 'missed'], ['spurious', 'spurious'], ['reference', 'reference'], ['created_at', 'createdAt'],
]; // biome-ignore format: a table

export function evaluationRepository(db: Db): EvaluationRepository {
  return {
    put(rows) {
      const insert = prepared(
        db,
        `INSERT OR REPLACE INTO evaluations (${EVALUATION.map(([column]) => column).join(', ')}) VALUES (${EVALUATION.map(([, field]) => `@${field}`).join(', ')})`,
      );
      const createdAt = new Date().toISOString();
      db.transaction(() => {
        for (const e of rows)
          insert.run({ ...NOT_MEASURED, ...e, missed: e.missed ? 1 : 0, spurious: e.spurious ? 1 : 0, createdAt });
      })();
    },
    list: (run) =>
      (
        prepared(
          db,
          `SELECT ${EVALUATION.map(([column, field]) => `${column} AS ${field}`).join(', ')} FROM evaluations WHERE run = ? ORDER BY scan, label`,
        ).all(run) as EvaluationRow[]
      ).map((row) => ({ ...row, missed: row.missed === 1, spurious: row.spurious === 1 })),
  };
}
