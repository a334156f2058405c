/** What crosses between window and main process: plain data, no class, no path that a handler would trust. */

import type { ErrorCode } from '../../core/errors.ts';
import type { ChannelKind } from '../../core/model-channels.ts';
import type { PresetName } from '../../core/options.ts';
import type { ExpectedDice } from '../../core/predict/expected-dice.ts';
import type { Grid, VoxelType } from '../../core/volume.ts';
import type { ExportChoice } from '../export-formats.ts';
import type { LeftOut } from '../left-out.ts';
import type { Companion } from './companion.ts';
import type { MaskOrigin } from './compared-types.ts';
import type { MeasuredRow, Measurement } from './measurement.ts';

export type { ExportChoice, ExportFormat } from '../export-formats.ts';
export type { Companion } from './companion.ts';
export type * from './compared-types.ts';
export type { MeasuredRow, Measurement } from './measurement.ts';
export type * from './user-types.ts';

/** Names a folder that the user chose in a dialog, dropped on the window or opened before; only main knows the path. */
export type FolderId = string;
export interface ChosenFolder {
  folder: FolderId;
  /** For display. */
  path: string;
}

/**
 * What the window shows as the state of a case. `drawing`: a mask is being drawn and not yet accepted, so training does
 * not see it. `labelled`: an accepted mask drawn by hand. `reviewed`: an accepted or corrected prediction.
 */
export const CASE_STATES = ['unlabelled', 'drawing', 'labelled', 'predicted', 'reviewed', 'rejected'] as const;
export type CaseState = (typeof CASE_STATES)[number];
export type ReviewDecision = 'accept' | 'correct' | 'reject' | 'reopen';

export interface CodedTerm {
  /** Coding scheme designator, e.g. SCT. */
  scheme: string;
  value: string;
  meaning: string;
}

export interface LabelInfo {
  /** 1..254, the value in every mask; below 0 for a label that the project does not have yet, which is given one. */
  value: number;
  name: string;
  /** #rrggbb */
  colour: string;
  code?: CodedTerm;
  locked: boolean;
}

export interface RecentProject {
  folder: FolderId;
  path: string;
  name: string;
  /** ISO time of the last opening. */
  openedAt: string;
  /** False where the folder has gone. */
  exists: boolean;
}

export interface ProjectOverview {
  /** Names the project in every call and data address: the same at each opening, another for a copy. */
  session: string;
  name: string;
  path: string;
  preset: PresetName;
  /** Intensities that training clips to, HU; null: those of the preset. */
  range: readonly [low: number, high: number] | null;
  labels: LabelInfo[];
  counts: Record<CaseState, number> & { scans: number };
  runs: number;
  /** Cases whose strokes could not all be read when the project was opened. */
  damage: LeftOut[];
}

export interface ScanRow {
  id: number;
  name: string;
  /** Only when the user chose to show patient names. */
  patient?: string;
  modality: string;
  size: readonly [number, number, number];
  spacing: readonly [number, number, number];
  state: CaseState;
  /** The prediction was accepted as it was (`accepted`) or after a change (`corrected`). */
  review: 'unreviewed' | 'in-review' | 'accepted' | 'corrected' | 'rejected';
  /** Newest version of each kind; absent where there is none. */
  masks: Partial<Record<MaskOrigin, number>>;
  /** Mean entropy of the newest prediction, nats. */
  uncertainty?: number;
  /** How good the newest prediction is likely to be; none for one of an older version. */
  expected?: ExpectedDice;
  /** Name of the run that made the newest prediction. */
  predictedBy?: string;
  /** 1 = most worth a look; only for predicted, unreviewed cases. */
  rank?: number;
  /** Changes whenever the thumbnail would. */
  thumbnail: string;
  notices: string[];
  /** Why training does not see the scan; absent where it does. */
  leftOut?: string;
  importedAt: string;
}

export interface MaskVersion {
  version: number;
  kind: MaskOrigin;
  /** ISO time. */
  createdAt: string;
  runName?: string;
  /** Who made it; absent where that is not known. */
  person?: string;
  /** Foreground by label value, ml. */
  volumesMl: Record<number, number>;
}

/** A case as the viewer opens it; voxels come from `/data/...`. */
export interface ScanDetail extends ScanRow {
  grid: Grid;
  /** Type of the voxels that `/data/volume/<scan>` sends. */
  dtype: VoxelType;
  /** The kind that strokes go into: `corrected` where a prediction exists, otherwise `manual`. */
  editing: 'manual' | 'corrected';
  /** Kind of the mask that stands for the case now, and its version. */
  current?: { kind: MaskOrigin; version: number };
  versions: MaskVersion[];
  prediction?: PredictionDetail;
  /** Slice ranges along k decided one by one. */
  slices: SliceDecision[];
  /** 1st and 99th percentile of the intensities: the MR window. */
  percentiles: [number, number];
  /** Those that the scan has, in order, where it may have several; `/data/volume/<scan>` sends the first. */
  channels?: ChannelInfo[];
  /** Other scans of the patient that lie in the same place. */
  companions?: Companion[];
  /** Rulers, angles and regions, oldest first. */
  measurements?: Measurement[];
}

/** A channel of a scan as the viewer shows it. */
export interface ChannelInfo {
  name: string;
  kind: ChannelKind;
  /** Type of the voxels that `/data/volume/<scan>?channel=<n>` sends. */
  dtype: VoxelType;
  /** 1st and 99th percentile of its intensities. */
  percentiles: [number, number];
}

export interface SliceDecision {
  /** First and last slice, k, both included. */
  from: number;
  to: number;
  decision: ReviewDecision;
}

export interface PredictionDetail {
  run: number;
  runName: string;
  version: number;
  /** Mean entropy of each slice along k, nats. */
  sliceEntropy: number[];
  meanUncertainty: number;
  /** Slices along k worth a look, most uncertain first. */
  flagged: number[];
  volumesMl: Record<number, number>;
  /** Why the case stands where it stands in the queue. */
  reasons: string[];
}

export interface SaveReceipt {
  scan: number;
  kind: MaskOrigin;
  /** Counts the saves of this case since it was opened. */
  sequence: number;
  /** ISO time at which the bytes were on disk. */
  savedAt: string;
  /** The window that drew, as it named itself: another one that shows the case must load it anew. */
  window?: string;
}

export interface Suggestion {
  scan: number;
  name: string;
  reason: string;
}

export interface QueueEntry {
  scan: number;
  name: string;
  rank: number;
  /** 0..1, larger = more worth a look. */
  worth: number;
  reasons: string[];
  flagged: number[];
  slices: number;
  state: CaseState;
}

export type JobKind = 'import' | 'train' | 'predict' | 'learn' | 'evaluate' | 'export' | 'demo' | 'check' | 'suggest';
export type JobStatus = 'running' | 'paused' | 'done' | 'failed' | 'cancelled';
export interface JobInfo {
  id: string;
  kind: JobKind;
  title: string;
  status: JobStatus;
  done: number;
  /** 0 = not known yet. */
  total: number;
  /** What is happening now, in words. */
  detail: string;
  secondsLeft?: number;
  run?: number;
  error?: ErrorInfo;
  failures: ImportFailure[];
  notices: string[];
  /** Files of an import that may be masks or scans: the user says which, and they are imported so. */
  unsure?: { folder: FolderId; labels?: FolderId; paths: string[] };
  /** Masks of an import whose labels share voxels, by their number: the user says which label counts there. */
  overlapping?: { folder: FolderId; labels?: FolderId; masks: number };
  /** Imported scans of another kind or part of the body than the project, left out of training: the user says whether they belong. */
  others?: { scan: number; name: string; why: string }[];
}

export interface ImportFailure {
  path: string;
  code: ErrorCode;
  message: string;
  cure: string;
}

export interface ErrorInfo {
  code: ErrorCode;
  message: string;
  cure: string;
}

export type RunState = 'running' | 'paused' | 'finished' | 'cancelled' | 'failed' | 'interrupted';
export interface RunInfo {
  id: number;
  name: string;
  method: string;
  state: RunState;
  step: number;
  steps: number;
  labelled: number;
  unlabelled: number;
  validation: number;
  device: string;
  createdAt: string;
  finishedAt?: string;
  secondsPerStep?: number;
  notes: string;
  /** Code and message of what stopped a failed run. */
  failure: string;
  predicted: number;
  /** Last validation Dice, percent. */
  validationDice?: number;
  options: Record<string, unknown>;
}

/** Learning while somebody reviews. */
export interface LearningInfo {
  learning: 'off' | 'on' | 'paused';
  /** Why no round goes on, a sentence; empty where one does, or where it is off. */
  waits: string;
  /** The round that goes on, and its run. */
  job?: string;
  run?: number;
}

export interface TrainOutlook {
  /** "Train on 8 labelled and 112 unlabelled scans, on this computer's processor, about 35 minutes." */
  sentence: string;
  labelled: number;
  unlabelled: number;
  validation: number;
  /** In all, shared by so many networks; 0 where training cannot start. */
  steps: number;
  networks: number;
  /** What auto came to. */
  smallStructures: 'off' | 'few' | 'on';
  device: string;
  /** Expected seconds in all; null until a probe or an earlier run measured a step. */
  seconds: number | null;
  /** How the time is known. */
  basis: string;
  /** What would make it faster, one sentence each. */
  faster: string[];
  /** What the user should know before it starts. */
  notices: string[];
  /** Why training cannot start; empty when it can. */
  problems: ErrorInfo[];
}

/** Points of a run's curves, one array per fact, same length as `steps` (NaN is sent as null). */
export interface Curve {
  steps: number[];
  losses: Record<string, (number | null)[]>;
  lambda: number[];
  learningRate: number[];
  secondsPerStep: number[];
  validation: { step: number; dice: number }[];
}

/** One moment of the prototype evolution (paper, Fig. 6). */
export interface EvolutionFrame {
  step: number;
  /** Pictures: GET /data/evolution/<run>/<step>/<panel>.png */
  panels: string[];
  /** In words. */
  caption: string;
}

export interface ReportedCase {
  scan: number;
  name: string;
  run: number;
  runName: string;
  label: number;
  /** Percent. */
  dice: number;
  jaccard: number;
  /** mm, null where a mask is empty. */
  hd95: number | null;
  asd: number | null;
  /** The larger of both directions' 95HD, mm; percent of the surfaces within 1 mm of each other. */
  hd95Max: number | null;
  surfaceDice: number | null;
  /** The reference has the label and the prediction nothing of it, or the other way round: no distances. */
  missed: boolean;
  spurious: boolean;
  /** k of the slice where prediction and reference differ most. */
  worstSlice: number | null;
  reference: 'corrected' | 'manual' | 'external';
  addedMl: number;
  removedMl: number;
}

export interface ReportSummary {
  reviewed: number;
  accepted: number;
  acceptedUnedited: number;
  corrected: number;
  rejected: number;
  meanChangeMl: number | null;
  correctionDice: number | null;
  cases: ReportedCase[];
  /** Rejected cases, each with its reason; '' where none was given. */
  rejections: { scan: number; name: string; reason: string }[];
  /** Cases whose masks cannot be read. */
  leftOut: LeftOut[];
  /** Rulers, angles and regions of all scans. */
  measurements: MeasuredRow[];
  /** Predictions that nobody has decided on, the least expected Dice first; those that say nothing of themselves are not among them. */
  expected: { scan: number; name: string; runName: string; expected: ExpectedDice }[];
  /** How many of them to review until 95 % of all cases are expected at 90 Dice or better. */
  leftToReview: number;
}

/** How many masks each choice of an export hands out. */
export interface ExportCounts extends Record<ExportChoice, number> {
  /** Of `all`: predictions that nobody has looked at. */
  unseen: number;
  /** Rejected masks, which leave only where they are asked for. */
  rejected: number;
}

export interface FolderListing {
  folder: FolderId;
  path: string;
  parent: FolderId | null;
  entries: { folder: FolderId; name: string; project: boolean }[];
  /** Files in this folder, to see that it is the right one. */
  files: number;
}

/** A model file that became a run, or had become one before. */
export interface ModelReceipt {
  run: number;
  name: string;
  known: boolean;
  notices: string[];
}
