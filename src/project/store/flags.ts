/** Table slice_flags: a reviewer's marks on slices. */
import { type Db, prepared } from './database.ts';
import type { SliceFlag, SliceMark } from './types.ts';

export interface FlagRepository {
  list(scan: number): SliceFlag[];
  /** Marks slices first..last (inclusive) along an axis; a slice has one mark at a time. */
  set(scan: number, axis: 0 | 1 | 2, first: number, last: number, mark: SliceMark, note?: string): void;
  clear(scan: number, axis: 0 | 1 | 2, first: number, last: number): void;
}

export function flagRepository(db: Db): FlagRepository {
  return {
    list: (scan) =>
      prepared(
        db,
        'SELECT scan, axis, slice, mark, note, created_at AS createdAt FROM slice_flags WHERE scan = ? ORDER BY axis, slice',
      ).all(scan) as SliceFlag[],
    set(scan, axis, first, last, mark, note = '') {
      const insert = prepared(
        db,
        'INSERT INTO slice_flags VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET mark = excluded.mark, note = excluded.note, created_at = excluded.created_at',
      );
      const now = new Date().toISOString();
      db.transaction(() => {
        for (let slice = first; slice <= last; slice++) insert.run(scan, axis, slice, mark, note, now);
      })();
    },
    clear(scan, axis, first, last) {
      prepared(db, 'DELETE FROM slice_flags WHERE scan = ? AND axis = ? AND slice BETWEEN ? AND ?').run(
        scan,
        axis,
        first,
        last,
      );
    },
  };
}
