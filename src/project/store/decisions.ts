/** Table decisions: who accepted, rejected or reopened what, when and why. A decision taken back stays, marked so. */
import { DecileError } from '../../shared/errors.ts';
import { record } from './columns.ts';
import { type Db, prepared } from './database.ts';
import type { Decision, NewDecision } from './types.ts';

interface DecisionRow {
  id: number;
  scan: number;
  decision: Decision['decision'];
  mask: number | null;
  run: number | null;
  reason: string;
  person: string;
  before: string;
  created_at: string;
  undone_at: string | null;
}

/** What is kept as one column. */
type Kept = Decision['before'] & { newest?: number };

const fromRow = ({ created_at, undone_at, before: kept, ...row }: DecisionRow): Decision => {
  const { newest = null, ...before } = record<Kept>('What a decision changed', kept);
  return { ...row, before, newest, createdAt: created_at, undoneAt: undone_at };
};

export interface DecisionRepository {
  add(decision: NewDecision): Decision;
  /** Every decision on a scan, oldest first, with those taken back. */
  list(scan: number): Decision[];
  /** The last decision on each scan that was not taken back. */
  latest(): Map<number, Decision>;
  /** Rejections of each scan that were not taken back, oldest first. */
  rejections(): Map<number, Decision[]>;
  /** Marks a decision as taken back. Throws `review/nothing-to-undo` where it is not the scan's last. */
  undo(id: number): Decision;
}

export function decisionRepository(db: Db): DecisionRepository {
  const rows = (where: string, ...values: number[]): Decision[] =>
    (prepared(db, `SELECT * FROM decisions ${where} ORDER BY id`).all(...values) as DecisionRow[]).map(fromRow);
  return {
    add({ scan, decision, mask, run, reason, person, before, newest }) {
      const kept: Kept = { ...before, ...(newest !== null && { newest }) };
      const { lastInsertRowid } = prepared(
        db,
        'INSERT INTO decisions (scan, decision, mask, run, reason, person, before, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ).run(scan, decision, mask, run, reason, person, JSON.stringify(kept), new Date().toISOString());
      return rows('WHERE id = ?', Number(lastInsertRowid))[0];
    },
    list: (scan) => rows('WHERE scan = ?', scan),
    latest: () => new Map(rows('WHERE undone_at IS NULL').map((one) => [one.scan, one])),
    rejections: () => Map.groupBy(rows("WHERE undone_at IS NULL AND decision = 'reject'"), ({ scan }) => scan),
    undo(id) {
      const [found] = rows('WHERE id = ?', id);
      const last = found && rows('WHERE scan = ? AND undone_at IS NULL', found.scan).at(-1);
      if (!found || last?.id !== id)
        throw new DecileError(
          'review/nothing-to-undo',
          `A decision that is taken back must be the last on its scan, got ${found ? 'an earlier one' : `id ${id}`}.`,
          'Open the case and decide it anew.',
        );
      prepared(db, 'UPDATE decisions SET undone_at = ? WHERE id = ?').run(new Date().toISOString(), id);
      return rows('WHERE id = ?', id)[0];
    },
  };
}
