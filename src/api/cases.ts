/** Rows and details of cases, as the window shows them. */

import {
  MASK_ORIGINS,
  type Mask,
  type MaskOrigin,
  type Prediction,
  type Scan,
  type Store,
} from '../project/store/index.ts';
import type {
  CaseState,
  MaskVersion,
  PredictionDetail,
  ScanDetail,
  ScanRow,
  SliceDecision,
} from '../shared/contract/index.ts';
import { flaggedSlices, reviewQueue } from './queue.ts';
import type { Session } from './session.ts';
import { percentiles, readSlice, storedVolume } from './slices.ts';

export function scanRows(session: Session): ScanRow[] {
  const store = session.store();
  const ranks = new Map(reviewQueue(session).map((entry) => [entry.scan, entry.rank]));
  const names = session.user.settings().showPatientNames;
  const runs = new Map(store.runs.list().map(({ id, name }) => [id, name]));
  const [states, newest, predictions] = [session.caseStates(), store.masks.newest(), store.predictions.newest()];
  return store.scans.list().map((scan) =>
    scanRow(scan, {
      state: states.get(scan.id)!,
      newest: newest.get(scan.id) ?? {},
      prediction: predictions.get(scan.id),
      predictedBy: (run) => runs.get(run) ?? '',
      rank: ranks.get(scan.id),
      patient: names ? store.scans.patient(scan.id)?.name : undefined,
    }),
  );
}

interface RowParts {
  state: CaseState;
  newest: Partial<Record<MaskOrigin, Mask>>;
  prediction: Prediction | null | undefined;
  predictedBy: (run: number) => string;
  rank: number | undefined;
  patient: string | undefined;
}

function scanRow(scan: Scan, { state, newest, prediction, predictedBy, rank, patient }: RowParts): ScanRow {
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
    ...(prediction ? { uncertainty: prediction.meanEntropy, predictedBy: predictedBy(prediction.run) } : {}),
    ...(rank === undefined ? {} : { rank }),
    thumbnail: thumbnailKey(masks),
    notices: scan.notices,
    importedAt: scan.importedAt,
  };
}

export const thumbnailKey = (masks: ScanRow['masks']): string =>
  `${masks.manual ?? 0}-${masks.corrected ?? 0}-${masks.predicted ?? 0}`;

export async function scanDetail(session: Session, id: number): Promise<ScanDetail> {
  const store = session.store();
  const scan = store.scans.get(id);
  const volume = await storedVolume(store.path(scan.volumeFile));
  const prediction = store.predictions.latest(id);
  const newest: RowParts['newest'] = {};
  for (const origin of MASK_ORIGINS) newest[origin] = store.masks.current(id, origin) ?? undefined;
  const row = scanRow(scan, {
    state: session.caseState(scan),
    newest,
    prediction,
    predictedBy: (run) => store.runs.get(run).name,
    rank: undefined,
    patient: session.user.settings().showPatientNames ? store.scans.patient(id)?.name : undefined,
  });
  const current = currentMask(store, id);
  const middle = await readSlice(volume, scan.size[2] >> 1);
  return {
    ...row,
    grid: { size: scan.size, spacing: scan.spacing, origin: scan.origin, direction: scan.direction },
    dtype: volume.dtype,
    editing: row.masks.predicted && !(current?.origin === 'manual' && current.accepted) ? 'corrected' : 'manual',
    ...(current ? { current: { kind: current.origin, version: current.version } } : {}),
    versions: maskVersions(store, id),
    ...(prediction ? { prediction: { ...predictionDetail(store, prediction), reasons: reasonsOf(session, id) } } : {}),
    slices: sliceDecisions(store, id),
    percentiles: percentiles(middle, [0.01, 0.99]) as [number, number],
  };
}

/** Why the case stands where it does in the queue; empty once it is decided. */
const reasonsOf = (session: Session, id: number): string[] =>
  reviewQueue(session).find((entry) => entry.scan === id)?.reasons ?? [];

/** The mask that stands for the case: the newest of all versions, where a drawn one goes before a prediction. */
export function currentMask(store: Store, scan: number): Mask | null {
  const predicted = store.masks.current(scan, 'predicted');
  const corrected = store.masks.current(scan, 'corrected');
  const reference = store.masks.reference(scan);
  if (reference && !(corrected && corrected.version > reference.version)) return reference;
  if (corrected && (!predicted || corrected.version > predicted.version)) return corrected;
  return predicted ?? store.masks.current(scan, 'manual');
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
  volumesMl: Object.fromEntries(mask.labels.map(({ value, ml }) => [value, ml])),
});

export function predictionDetail(store: Store, prediction: Prediction): PredictionDetail {
  const mask = store.masks.get(prediction.mask);
  return {
    run: prediction.run,
    runName: store.runs.get(prediction.run).name,
    version: mask.version,
    sliceUncertainty: prediction.sliceEntropy,
    meanUncertainty: prediction.meanEntropy,
    flagged: flaggedSlices(prediction.sliceEntropy),
    volumesMl: toVersion(mask).volumesMl,
    reasons: [],
  };
}

/** Marks along k as ranges of equal decision. */
export function sliceDecisions(store: Store, scan: number): SliceDecision[] {
  const WORDS = { accepted: 'accept', corrected: 'correct', rejected: 'reject' } as const;
  const ranges: SliceDecision[] = [];
  for (const { axis, slice, mark } of store.flags.list(scan)) {
    if (axis !== 2 || mark === 'flagged') continue;
    const last = ranges.at(-1);
    if (last && last.decision === WORDS[mark] && last.to === slice - 1) last.to = slice;
    else ranges.push({ from: slice, to: slice, decision: WORDS[mark] });
  }
  return ranges;
}
