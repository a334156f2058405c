/** The cases of a project, each with all that decides how it is shown and worked on. */
import type { VoxelType } from '../../../core/volume.ts';
import { readVolume } from '../../../imaging/index.ts';
import type { CaseState, ChannelInfo, SliceDecision } from '../../../shared/contract/index.ts';
import type { Mask, MaskOrigin, Prediction, Scan, Store } from '../../store/index.ts';
import { percentiles, readSlice, storedVolume } from '../drawing/stored-volume.ts';
import type { DrawnKind } from '../drawing/working-mask.ts';
import { caseState, caseStates, currentMask } from './case-states.ts';
import { sliceDecisions } from './decide.ts';
import { flaggedSlices, reviewQueue } from './queue.ts';

export interface CaseEntry {
  scan: Scan;
  state: CaseState;
  /** Newest version of each origin. */
  masks: Partial<Record<MaskOrigin, Mask>>;
  /** The newest. */
  prediction: Prediction | null;
  /** Place in the review queue from 1; only for open cases. */
  rank?: number;
}

/** A prediction, its mask and its slices along k that are worth a look, most uncertain first. */
export interface PredictionView {
  prediction: Prediction;
  mask: Mask;
  flagged: number[];
}

/** A case that is opened. */
export interface CaseView extends Omit<CaseEntry, 'rank' | 'prediction'> {
  prediction: PredictionView | null;
  /** Why the case stands where it does in the queue; empty once it is decided. */
  reasons: string[];
  /** The mask that stands for the case. */
  current: Mask | null;
  /** The mask that strokes go into. */
  editing: DrawnKind;
  slices: SliceDecision[];
  dtype: VoxelType;
  /** 1st and 99th percentile of the middle slice. */
  percentiles: [number, number];
  /** Those that the scan has; none where it has one without a name. */
  channels: ChannelInfo[];
}

/** Every case, in the order of the names, with few questions to the store. */
export function listCases(store: Store): CaseEntry[] {
  const scans = store.scans.list();
  const states = caseStates(store, scans);
  const ranks = new Map(reviewQueue(store, scans, states).map((entry) => [entry.scan, entry.rank]));
  const [newest, predictions] = [store.masks.newest(), store.predictions.newest()];
  return scans.map((scan) => ({
    scan,
    state: states.get(scan.id) ?? caseState(store, scan),
    masks: newest.get(scan.id) ?? {},
    prediction: predictions.get(scan.id) ?? null,
    rank: ranks.get(scan.id),
  }));
}

/** One case as it is now; throws `scan/unknown`, `scan/vanished`. */
export async function viewCase(store: Store, id: number): Promise<CaseView> {
  const scan = store.scans.get(id);
  const { dtype, percentiles } = await voxelsOf(store, scan, scan.volumeFile);
  const channels: ChannelInfo[] = [];
  for (const { name, kind, file } of store.channels.of(id))
    channels.push({ name, kind, ...(await voxelsOf(store, scan, file)) });
  const masks: CaseView['masks'] = {};
  for (const origin of ['manual', 'predicted', 'corrected'] as const) {
    const mask = store.masks.current(id, origin);
    if (mask) masks[origin] = mask;
  }
  const current = currentMask(store, id);
  const prediction = viewPrediction(store, id);
  return {
    ...{ scan, masks, current, prediction, dtype, percentiles, channels },
    state: caseState(store, scan),
    reasons: prediction ? (reviewQueue(store).find((entry) => entry.scan === id)?.reasons ?? []) : [],
    editing: masks.predicted && !(current?.origin === 'manual' && current.accepted) ? 'corrected' : 'manual',
    slices: sliceDecisions(store, id),
  };
}

/** Type of a stored volume, and the percentiles of its middle slice. */
async function voxelsOf(store: Store, scan: Scan, file: string): Promise<Pick<ChannelInfo, 'dtype' | 'percentiles'>> {
  const volume = await storedVolume(store.path(file));
  const middle = await readSlice(volume, scan.size[2] >> 1);
  return { dtype: volume.dtype, percentiles: percentiles(middle, [0.01, 0.99]) as [number, number] };
}

/** The newest prediction of a scan, or null. */
export function viewPrediction(store: Store, scan: number): PredictionView | null {
  const prediction = store.predictions.latest(scan);
  if (!prediction) return null;
  return { prediction, mask: store.masks.get(prediction.mask), flagged: flaggedSlices(prediction.sliceEntropy) };
}

/** Entropy of each voxel in nats, of the newest prediction; null without one. */
export async function readEntropy(store: Store, scan: number): Promise<Float32Array | null> {
  store.scans.get(scan);
  for (let prediction = store.predictions.latest(scan); prediction; ) {
    try {
      const { data } = (await readVolume(store.path(prediction.entropyFile))).volume;
      return data instanceof Float32Array ? data : Float32Array.from(data);
    } catch (error) {
      // Another took its place meanwhile, and its file went.
      const newer = store.predictions.latest(scan);
      if (newer?.entropyFile === prediction.entropyFile) throw error;
      prediction = newer;
    }
  }
  return null;
}
