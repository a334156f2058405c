/** Cases as the window shows them. */
import type { CaseEntry, PredictionView } from '../project/services/review/cases.ts';
import { companionsOf } from '../project/services/review/companions.ts';
import type { Expectations } from '../project/services/review/expected.ts';
import { MASK_ORIGINS, type Mask, type Store } from '../project/store/index.ts';
import type { MaskVersion, PredictionDetail, ScanDetail, ScanRow } from '../shared/contract/index.ts';
import type { Session } from './session.ts';

export function scanRows(session: Session): ScanRow[] {
  const { store, review, compare } = session.project();
  const { byScan } = compare.expectedSoFar();
  const runs = new Map(store.runs.list().map(({ id, name }) => [id, name]));
  const named = patientsNamed(session);
  return review.cases().map((entry) => scanRow(entry, (run) => runs.get(run) ?? '', byScan, named));
}

/** The patient of a scan, where the user wants names shown: asked once for all scans, as the answer lies in a file. */
function patientsNamed(session: Session): (scan: number) => string | undefined {
  if (!session.user.settings().showPatientNames) return () => undefined;
  const { store } = session.project();
  return (scan) => store.scans.patient(scan)?.name;
}

function scanRow(
  { scan, state, masks: newest, prediction, rank }: CaseEntry,
  runName: (run: number) => string,
  expected: Expectations['byScan'],
  named: (scan: number) => string | undefined,
): ScanRow {
  const likely = prediction ? expected.get(scan.id) : undefined;
  const patient = named(scan.id);
  const masks: ScanRow['masks'] = {};
  for (const origin of MASK_ORIGINS) {
    const mask = newest[origin];
    if (mask) masks[origin] = mask.version;
  }
  return {
    id: scan.id,
    name: scan.name,
    ...(patient ? { patient } : {}),
    modality: scan.modality,
    size: scan.size,
    spacing: scan.spacing,
    state,
    review: scan.review,
    masks,
    ...(prediction ? { uncertainty: prediction.meanEntropy, predictedBy: runName(prediction.run) } : {}),
    ...(likely ? { expected: likely } : {}),
    ...(rank === undefined ? {} : { rank }),
    thumbnail: thumbnailKey(masks),
    notices: scan.notices,
    ...(scan.leftOut ? { leftOut: scan.leftOut } : {}),
    importedAt: scan.importedAt,
  };
}

const thumbnailKey = (masks: ScanRow['masks']): string =>
  `${masks.manual ?? 0}-${masks.corrected ?? 0}-${masks.predicted ?? 0}`;

export async function scanDetail(session: Session, id: number): Promise<ScanDetail> {
  const { store, review } = session.project();
  const seen = await review.case(id);
  const { scan, current, prediction } = seen;
  const { size, spacing, origin, direction } = scan;
  const entry = { ...seen, prediction: prediction?.prediction ?? null };
  return {
    ...scanRow(
      entry,
      (run) => store.runs.get(run).name,
      session.project().compare.expectedSoFar().byScan,
      patientsNamed(session),
    ),
    grid: { size, spacing, origin, direction },
    dtype: seen.dtype,
    editing: seen.editing,
    ...(current ? { current: { kind: current.origin, version: current.version } } : {}),
    versions: maskVersions(store, id),
    ...(prediction ? { prediction: { ...predictionDetail(store, prediction), reasons: seen.reasons } } : {}),
    slices: seen.slices,
    percentiles: seen.percentiles,
    companions: companionsOf(store, scan),
    measurements: store.measurements.list(id).map(({ id, kind, normal, slice, points, figures, channel }) => ({
      ...{ id, kind, normal, slice, points, figures, channel },
    })),
    ...(seen.channels.length > 0 && { channels: seen.channels }),
  };
}

export function maskVersions(store: Store, scan: number): MaskVersion[] {
  const runs = new Map(store.runs.list().map((run) => [run.id, run.name]));
  return store.masks.history(scan).map((mask) => toVersion(mask, mask.run === null ? undefined : runs.get(mask.run)));
}

export const toVersion = (mask: Mask, runName?: string): MaskVersion => ({
  version: mask.version,
  kind: mask.origin,
  createdAt: mask.createdAt,
  ...(runName ? { runName } : {}),
  ...(mask.person ? { person: mask.person } : {}),
  volumesMl: Object.fromEntries(mask.labels.map(({ value, ml }) => [value, ml])),
});

export const predictionDetail = (store: Store, { prediction, mask, flagged }: PredictionView): PredictionDetail => ({
  run: prediction.run,
  runName: store.runs.get(prediction.run).name,
  version: mask.version,
  sliceEntropy: prediction.sliceEntropy,
  meanUncertainty: prediction.meanEntropy,
  flagged,
  volumesMl: toVersion(mask).volumesMl,
  reasons: [],
});
