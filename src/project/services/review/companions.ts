/** Other scans of a scan's patient that lie where it lies: T1 beside FLAIR. */
import { caseOfName, overlap } from '../../../core/companions.ts';
import type { Companion } from '../../../shared/contract/index.ts';
import type { Scan, Store } from '../../store/index.ts';
import { keptProvenance } from '../export/provenance.ts';

/** Less of either in the other is chance. */
const LEAST_OVERLAP = 0.1;

/** In the order of the names. Patients are told by their headers, and where these name none by the name of the case. */
export function companionsOf(store: Store, scan: Scan): Companion[] {
  const patient = patientOf(store, scan);
  const frame = frameOf(store, scan);
  if (patient === null) return [];
  return store.scans
    .list()
    .filter(
      (other) => other.id !== scan.id && patientOf(store, other) === patient && overlap(scan, other) >= LEAST_OVERLAP,
    )
    .map((other) => {
      const otherFrame = frameOf(store, other);
      const sameFrame = frame && otherFrame ? frame === otherFrame : null;
      return { scan: other.id, name: other.name, modality: other.modality, sameFrame };
    });
}

/** What tells the patient; null where nothing does. */
function patientOf(store: Store, { id, name }: Scan): string | null {
  const patient = store.scans.patient(id);
  if (patient?.id) return `id ${patient.id}`;
  if (patient?.name) return `name ${patient.name}`;
  const named = caseOfName(name);
  return named === null ? null : `case ${named}`;
}

const frameOf = (store: Store, { id, seriesUid }: Scan): string | null =>
  (seriesUid && keptProvenance(store, id)?.frameOfReference) || null;
