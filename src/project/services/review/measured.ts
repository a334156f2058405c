/** What was measured on scans, as tables and reports tell it. */
import { PLANE_NAMES, planesOf } from '../../../core/edit/planes.ts';
import type { MeasuredRow } from '../../../shared/contract/index.ts';
import type { Measurement, Scan, Store } from '../../store/index.ts';

/** Every measurement on these scans, in their order, oldest first on each. */
export const measuredOn = (store: Store, scans: readonly Scan[]): MeasuredRow[] =>
  scans.flatMap((scan) => store.measurements.list(scan.id).map((one) => rowOf(scan, one)));

function rowOf(scan: Scan, { kind, normal, slice, figures, channel, createdAt, person }: Measurement): MeasuredRow {
  const planes = planesOf(scan);
  return {
    ...{ scan: scan.name, kind, slice: slice + 1, channel },
    plane: PLANE_NAMES.find((name) => planes[name].normal === normal) ?? 'axial',
    ...{ lengthMm: figures.mm ?? null, angleDegrees: figures.degrees ?? null, areaMm2: figures.areaMm2 ?? null },
    ...{ mean: figures.mean ?? null, sd: figures.sd ?? null, voxels: figures.voxels ?? null },
    ...{ when: createdAt, who: person },
  };
}
