/** Tables scans and patients. */
import { existsSync, rmSync } from 'node:fs';
import { type Direction, lpsFrom, spacingFrom } from '../../core/volume.ts';
import { moveIntoPlace } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { channelRepository } from './channels.ts';
import { numbers, texts } from './columns.ts';
import { type Db, prepared } from './database.ts';
import { channelFile, volumeFile } from './paths.ts';
import { inTransaction, onRollback } from './transaction.ts';
import type { NewScan, PatientFields, ReviewState, Scan } from './types.ts';

interface ScanRow {
  id: number;
  name: string;
  modality: string;
  size: string;
  spacing: string;
  origin: string;
  direction: string;
  volume_file: string;
  source_path: string;
  series_uid: string | null;
  description: string;
  content_hash: string;
  notices: string;
  review: ReviewState;
  left_out: string;
  imported_at: string;
  deleted_at: string | null;
}

type Triple = [number, number, number];

const fromRow = (row: ScanRow): Scan => ({
  id: row.id,
  name: row.name,
  modality: row.modality,
  size: numbers<Triple>('The size of a scan', row.size, 3),
  spacing: spacingFrom(numbers<Triple>('The spacing of a scan', row.spacing, 3)),
  origin: lpsFrom(numbers<Triple>('The origin of a scan', row.origin, 3)),
  direction: numbers<Direction>('The direction of a scan', row.direction, 9),
  volumeFile: row.volume_file,
  sourcePath: row.source_path,
  seriesUid: row.series_uid,
  description: row.description,
  contentHash: row.content_hash,
  notices: texts('The notices of a scan', row.notices),
  review: row.review,
  leftOut: row.left_out,
  importedAt: row.imported_at,
  deletedAt: row.deleted_at,
});

/** 'case 2' before 'case 10': the order of lists, and of labelled cases in training. */
export const naturalOrder = new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare;

export interface ScanRepository {
  /** Scans that are not deleted, in natural name order. */
  list(): Scan[];
  /** Deleted scans whose deletion can be undone. */
  deleted(): Scan[];
  /** Throws `scan/unknown`. */
  get(id: number): Scan;
  find(name: string): Scan | null;
  findByHash(contentHash: string): Scan | null;
  /** The id of the next scan: its files are written under it before `add` makes it visible. */
  nextId(): number;
  /**
   * Keeps a finished, flushed volume as a new scan: id, place of the file and row in one transaction, as `masks.keep`.
   * @param channels names of the channels that it has, and the files of those after the first, which is in `from`
   * @throws scan/name-taken, channels/other
   */
  keep(from: string, scan: NewScan, channels?: readonly { name: string; from: string }[]): Scan;
  /** Throws `scan/name-taken`. */
  add(id: number, scan: NewScan): Scan;
  rename(id: number, name: string): Scan;
  setReview(id: number, state: ReviewState): Scan;
  /** Leaves a scan out of training for a reason, or takes it in again with an empty one. */
  setLeftOut(id: number, reason: string): Scan;
  patient(id: number): PatientFields | null;
  /** Hides the scan; its files and masks stay, so `restore` brings all of it back. */
  delete(id: number): void;
  restore(id: number): Scan;
  /** Forgets a deleted scan for good and returns its volume file; masks go with it. */
  purge(id: number): void;
}

export function scanRepository(db: Db, pathOf: (relative: string) => string): ScanRepository {
  const get = (id: number): Scan => {
    const row = prepared(db, 'SELECT * FROM scans WHERE id = ?').get(id) as ScanRow | undefined;
    if (!row)
      throw new DecileError(
        'scan/unknown',
        `A scan must be one of the project's, got id ${id}.`,
        'Reload the list of scans.',
      );
    return fromRow(row);
  };
  const find = (name: string): Scan | null => {
    const row = prepared(db, 'SELECT * FROM scans WHERE name = ? AND deleted_at IS NULL').get(name) as
      | ScanRow
      | undefined;
    return row ? fromRow(row) : null;
  };
  const free = (name: string) => {
    if (find(name))
      throw new DecileError(
        'scan/name-taken',
        `A scan's name must be unique in the project, got ${name} twice.`,
        'Rename one of the two.',
      );
  };
  const nextId = (): number => {
    const row = prepared(db, "SELECT seq FROM sqlite_sequence WHERE name = 'scans'").get() as
      | { seq: number }
      | undefined;
    let id = (row?.seq ?? 0) + 1;
    while (existsSync(pathOf(volumeFile(id)))) id++;
    return id;
  };
  const add = (id: number, scan: NewScan): Scan => {
    free(scan.name);
    db.transaction(() => {
      prepared(
        db,
        'INSERT INTO scans (id, name, modality, size, spacing, origin, direction, volume_file, source_path, series_uid, description, content_hash, notices, imported_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ).run(
        id,
        scan.name,
        scan.modality,
        JSON.stringify(scan.size),
        JSON.stringify(scan.spacing),
        JSON.stringify(scan.origin),
        JSON.stringify(scan.direction),
        volumeFile(id),
        scan.sourcePath,
        scan.seriesUid ?? null,
        scan.description ?? '',
        scan.contentHash,
        JSON.stringify(scan.notices ?? []),
        new Date().toISOString(),
      );
      if (scan.patient)
        prepared(db, 'INSERT INTO patients VALUES (?, ?, ?)').run(id, scan.patient.name, scan.patient.id);
    })();
    return get(id);
  };
  const sorted = (where: string) =>
    (prepared(db, `SELECT * FROM scans WHERE ${where}`).all() as ScanRow[])
      .map(fromRow)
      .sort((a, b) => naturalOrder(a.name, b.name));
  return {
    list: () => sorted('deleted_at IS NULL'),
    deleted: () => sorted('deleted_at IS NOT NULL'),
    get,
    find,
    findByHash(contentHash) {
      const row = prepared(db, 'SELECT * FROM scans WHERE content_hash = ? AND deleted_at IS NULL').get(contentHash) as
        | ScanRow
        | undefined;
      return row ? fromRow(row) : null;
    },
    keep: (from, scan, channels = []) =>
      inTransaction(db, () => {
        const move = (source: string, file: string) => {
          moveIntoPlace(source, pathOf(file));
          onRollback(db, () => rmSync(pathOf(file), { force: true }));
        };
        const kept = add(nextId(), scan);
        const files = channels.map((_, n) => (n === 0 ? kept.volumeFile : channelFile(kept.id, n)));
        channels.forEach(({ name }, n) => {
          channelRepository(db).add(kept.id, name, files[n]);
        });
        // The first file takes the scan's number: a file without row is passed over.
        move(from, kept.volumeFile);
        for (const [n, channel] of channels.entries()) if (n > 0) move(channel.from, files[n]);
        return kept;
      }),
    nextId,
    add,
    rename(id, name) {
      const scan = get(id);
      if (scan.name !== name) {
        free(name);
        prepared(db, 'UPDATE scans SET name = ? WHERE id = ?').run(name, id);
      }
      return get(id);
    },
    setReview(id, state) {
      get(id);
      prepared(db, 'UPDATE scans SET review = ? WHERE id = ?').run(state, id);
      return get(id);
    },
    setLeftOut(id, reason) {
      get(id);
      prepared(db, 'UPDATE scans SET left_out = ? WHERE id = ?').run(reason, id);
      return get(id);
    },
    patient(id) {
      const row = prepared(db, 'SELECT patient_name AS name, patient_id AS id FROM patients WHERE scan = ?').get(id) as
        | PatientFields
        | undefined;
      return row ?? null;
    },
    delete(id) {
      get(id);
      prepared(db, 'UPDATE scans SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL').run(
        new Date().toISOString(),
        id,
      );
    },
    restore(id) {
      const scan = get(id);
      if (scan.deletedAt) {
        free(scan.name);
        const twin = prepared(db, 'SELECT name FROM scans WHERE content_hash = ? AND deleted_at IS NULL').get(
          scan.contentHash,
        ) as { name: string } | undefined;
        if (twin)
          throw new DecileError(
            'scan/duplicate',
            `A restored scan must not be in the project already, got ${scan.name}, the same as ${twin.name}.`,
            'Delete the other one first.',
          );
        prepared(db, 'UPDATE scans SET deleted_at = NULL WHERE id = ?').run(id);
      }
      return get(id);
    },
    purge(id) {
      prepared(db, 'DELETE FROM scans WHERE id = ? AND deleted_at IS NOT NULL').run(id);
    },
  };
}
