/** Table masks: every version of every mask. */
import { existsSync, rmSync } from 'node:fs';
import { moveIntoPlace } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { records } from './columns.ts';
import { type Db, prepared } from './database.ts';
import { maskFile } from './paths.ts';
import { inTransaction, onRollback } from './transaction.ts';
import type { Mask, MaskOrigin, NewMask } from './types.ts';

interface MaskRow {
  id: number;
  scan: number;
  version: number;
  origin: MaskOrigin;
  run: number | null;
  file: string;
  accepted: number;
  labels: string;
  not_drawn: number;
  untouched: number;
  person: string;
  created_at: string;
}

const fromRow = (row: MaskRow): Mask => ({
  id: row.id,
  scan: row.scan,
  version: row.version,
  origin: row.origin,
  run: row.run,
  file: row.file,
  accepted: row.accepted === 1,
  labels: records<Mask['labels'][number]>('The volumes of a mask', row.labels, ['value', 'voxels', 'ml']),
  notDrawn: row.not_drawn,
  untouched: row.untouched === 1,
  person: row.person,
  createdAt: row.created_at,
});

export interface MaskRepository {
  /** Throws `mask/unknown`. */
  get(id: number): Mask;
  /** All versions of a scan's masks, newest first. */
  history(scan: number): Mask[];
  /** The newest version of that origin (of that run), or null. */
  current(scan: number, origin: MaskOrigin, run?: number): Mask | null;
  /** What training learns from: the newest accepted mask (drawn, corrected, or a prediction that a reviewer accepted as it is). */
  reference(scan: number): Mask | null;
  /** `reference` of every scan that has one, by scan id. */
  references(): Map<number, Mask>;
  /** `current` of every scan, by scan id and origin. */
  newest(): Map<number, Partial<Record<MaskOrigin, Mask>>>;
  /**
   * Keeps a finished, flushed file as the scan's next version: the number is taken, the file moved to its place and the row
   * made in one transaction, so that no two versions share a number or a file, and no row is without its file. A file that
   * lies there already, whoever made it, is never written over. Call it in a transaction with rows that belong to the mask.
   * @param from a file on the project's disk; where the row cannot be made it is gone, and nothing else is
   */
  keep(from: string, mask: NewMask): Mask;
  /** Accepts a draft, or takes the acceptance back. */
  setAccepted(id: number, accepted: boolean): Mask;
  /** Found to hold the voxels of the prediction it is from. */
  setUntouched(id: number): void;
  /** Forgets a version and returns its file for deletion (autosave drafts are thinned out with this). */
  remove(id: number): string;
}

/** @param person who works with the project: kept with each version */
export function maskRepository(
  db: Db,
  pathOf: (relative: string) => string,
  person: { readonly name: string },
): MaskRepository {
  const one = (sql: string, ...values: (string | number)[]): Mask | null => {
    const row = prepared(db, sql).get(...values) as MaskRow | undefined;
    return row ? fromRow(row) : null;
  };
  const get = (id: number): Mask => {
    const mask = one('SELECT * FROM masks WHERE id = ?', id);
    if (!mask)
      throw new DecileError(
        'mask/unknown',
        `A mask must be one of the project's, got id ${id}.`,
        "Reload the scan's masks.",
      );
    return mask;
  };
  const highest = (scan: number) =>
    (
      prepared(db, 'SELECT coalesce(max(version), 0) AS version FROM masks WHERE scan = ?').get(scan) as {
        version: number;
      }
    ).version;
  const keep = (from: string, mask: NewMask): Mask => {
    let version = highest(mask.scan) + 1;
    while (existsSync(pathOf(maskFile(mask.scan, version)))) version++;
    const file = maskFile(mask.scan, version);
    const { lastInsertRowid } = prepared(
      db,
      'INSERT INTO masks (scan, version, origin, run, file, accepted, labels, not_drawn, untouched, person, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ).run(
      mask.scan,
      version,
      mask.origin,
      mask.run ?? null,
      file,
      mask.accepted ? 1 : 0,
      JSON.stringify(mask.labels),
      mask.notDrawn ?? 0,
      mask.untouched ? 1 : 0,
      person.name,
      new Date().toISOString(),
    );
    // Last, so that a row that cannot be made leaves no file in the place of a version.
    moveIntoPlace(from, pathOf(file));
    onRollback(db, () => rmSync(pathOf(file), { force: true }));
    return get(Number(lastInsertRowid));
  };
  const REFERENCE = 'accepted = 1';
  return {
    get,
    history: (scan) =>
      (prepared(db, 'SELECT * FROM masks WHERE scan = ? ORDER BY version DESC').all(scan) as MaskRow[]).map(fromRow),
    current: (scan, origin, run) =>
      run === undefined
        ? one('SELECT * FROM masks WHERE scan = ? AND origin = ? ORDER BY version DESC LIMIT 1', scan, origin)
        : one(
            'SELECT * FROM masks WHERE scan = ? AND origin = ? AND run = ? ORDER BY version DESC LIMIT 1',
            scan,
            origin,
            run,
          ),
    reference: (scan) => one(`SELECT * FROM masks WHERE scan = ? AND ${REFERENCE} ORDER BY version DESC LIMIT 1`, scan),
    references() {
      const rows = prepared(db, `SELECT * FROM masks WHERE ${REFERENCE} ORDER BY version`).all() as MaskRow[];
      return new Map(rows.map((row) => [row.scan, fromRow(row)]));
    },
    newest() {
      const rows = prepared(
        db,
        'SELECT * FROM masks WHERE (scan, origin, version) IN (SELECT scan, origin, max(version) FROM masks GROUP BY scan, origin)',
      ).all() as MaskRow[];
      const newest = new Map<number, Partial<Record<MaskOrigin, Mask>>>();
      for (const row of rows) newest.set(row.scan, { ...newest.get(row.scan), [row.origin]: fromRow(row) });
      return newest;
    },
    keep: (from, mask) => inTransaction(db, () => keep(from, mask)),
    setAccepted(id, accepted) {
      get(id);
      prepared(db, 'UPDATE masks SET accepted = ? WHERE id = ?').run(accepted ? 1 : 0, id);
      return get(id);
    },
    setUntouched(id) {
      prepared(db, 'UPDATE masks SET untouched = 1 WHERE id = ?').run(id);
    },
    remove(id) {
      const { file } = get(id);
      prepared(db, 'DELETE FROM masks WHERE id = ?').run(id);
      return file;
    },
  };
}
