/** Table measurements: rulers, angles and regions on slices of a scan, with their figures. */
import type { Figures, MeasurementKind } from '../../core/measure/figures.ts';
import { numbers, record } from './columns.ts';
import { type Db, prepared } from './database.ts';

type VoxelPoint = [number, number, number];

export interface NewMeasurement {
  /** Unique among all; whoever measures makes it, so that one taken back can come again. */
  id: string;
  scan: number;
  kind: MeasurementKind;
  /** Voxel axis across the slice. */
  normal: 0 | 1 | 2;
  slice: number;
  /** Voxels, fractional. */
  points: VoxelPoint[];
  figures: Figures;
  /** The channel that a region's values are of; '' where the scan has but one. */
  channel: string;
}

export interface Measurement extends NewMeasurement {
  person: string;
  createdAt: string;
}

interface Row {
  id: string;
  scan: number;
  kind: MeasurementKind;
  normal: 0 | 1 | 2;
  slice: number;
  points: string;
  figures: string;
  channel: string;
  person: string;
  createdAt: string;
}

const fromRow = ({ points, figures, ...row }: Row): Measurement => ({
  ...row,
  points: triples(numbers('The points of a measurement', points)),
  figures: record<Figures>('The figures of a measurement', figures),
});

const triples = (flat: readonly number[]): VoxelPoint[] =>
  Array.from({ length: flat.length / 3 }, (_, n): VoxelPoint => [flat[3 * n], flat[3 * n + 1], flat[3 * n + 2]]);

export interface MeasurementRepository {
  /** Of a scan, oldest first. */
  list(scan: number): Measurement[];
  /** Keeps a new one; one of the same id is kept as it is. */
  add(measurement: NewMeasurement): void;
  /** Forgets one of a scan; nothing where it has gone. */
  remove(scan: number, id: string): void;
}

export function measurementRepository(db: Db, person: { readonly name: string }): MeasurementRepository {
  return {
    list: (scan) =>
      (
        prepared(
          db,
          'SELECT id, scan, kind, axis AS normal, slice, points, figures, channel, person, created_at AS createdAt FROM measurements WHERE scan = ? ORDER BY rowid',
        ).all(scan) as Row[]
      ).map(fromRow),
    add({ id, scan, kind, normal, slice, points, figures, channel }) {
      prepared(db, 'INSERT INTO measurements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING').run(
        ...[
          id,
          scan,
          kind,
          normal,
          slice,
          JSON.stringify(points.flat()),
          JSON.stringify(figures),
          channel,
          person.name,
        ],
        new Date().toISOString(),
      );
    },
    remove(scan, id) {
      prepared(db, 'DELETE FROM measurements WHERE scan = ? AND id = ?').run(scan, id);
    },
  };
}
