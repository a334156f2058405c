/**
 * What the project store holds, as plain data. Times are ISO 8601 in UTC, lengths millimetres (LPS), volumes millilitres,
 * paths of files inside the project relative to its folder with `/` (so that a copied folder still works).
 */
import type { ModelDescription } from '../../core/model/description.ts';
import type { ChannelKind } from '../../core/model-channels.ts';
import type { PlannedOptions, PresetName } from '../../core/options.ts';
import type { Direction, Grid, Spacing, WorldPoint } from '../../core/volume.ts';

export const LEARNING = ['off', 'on', 'paused'] as const;
/** Whether rounds of training start by themselves while somebody reviews; paused: one that was begun waits. */
export type Learning = (typeof LEARNING)[number];

/** The one row about the project itself. */
export interface ProjectInfo {
  name: string;
  preset: PresetName;
  createdAt: string;
  /** Program version that made the project. */
  createdBy: string;
  /** Intensities that training clips to, in the scans' own unit; null: those of the preset. */
  range: readonly [low: number, high: number] | null;
  learning: Learning;
}

/** DICOM coded term of a label, e.g. {scheme: 'SCT', code: '64033007', meaning: 'Kidney'}. */
export interface CodedTerm {
  scheme: string;
  code: string;
  meaning: string;
}

/** A class of the project. Background is value 0 and has no row. */
export interface Label {
  /** Value in masks, 1..255. */
  value: number;
  name: string;
  /** '#rrggbb'. */
  colour: string;
  term: CodedTerm | null;
  /** A locked label is not changed by drawing tools. */
  locked: boolean;
}

export const REVIEW_STATES = ['unreviewed', 'in-review', 'accepted', 'corrected', 'rejected'] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

/** One of the channels that the scans of a project have. */
export interface Channel {
  name: string;
  kind: ChannelKind;
}

/** A channel of a scan. */
export interface ScanChannel extends Channel {
  /** Uncompressed NIfTI on the scan's grid: `volumeFile` of the first that the scan has, else `volumes/<id>.<place>.nii`. */
  file: string;
}

/** A scan in the project; its voxels are in `volumeFile`, patient fields in a table of their own (`scans.patient(id)`). */
export interface Scan {
  id: number;
  /** Unique among the scans that are not deleted. */
  name: string;
  modality: string;
  size: readonly [number, number, number];
  spacing: Spacing;
  origin: WorldPoint;
  direction: Direction;
  /** Uncompressed NIfTI on the scan's own grid, `volumes/<id>.nii`: of several channels the first that it has. */
  volumeFile: string;
  /** Where it came from: a file or a folder outside the project. */
  sourcePath: string;
  seriesUid: string | null;
  description: string;
  /** SHA-256 of voxels and geometry: the same scan twice has the same hash. */
  contentHash: string;
  /** What reading had to correct or assume, in words. */
  notices: string[];
  review: ReviewState;
  /** Why training does not see the scan, neither labelled nor unlabelled; empty: it does. */
  leftOut: string;
  importedAt: string;
  /** Set while a deletion can be undone. */
  deletedAt: string | null;
}

export interface NewScan extends Grid {
  name: string;
  modality: string;
  sourcePath: string;
  seriesUid?: string | null;
  description?: string;
  contentHash: string;
  notices?: string[];
  patient?: PatientFields | null;
}

/** Identifying fields, kept apart so that lists and exports never touch them by accident. */
export interface PatientFields {
  name: string;
  id: string;
}

export const MASK_ORIGINS = ['manual', 'predicted', 'corrected'] as const;
/** Drawn or imported; made by a run; a prediction changed by hand. */
export type MaskOrigin = (typeof MASK_ORIGINS)[number];

/** One version of a mask. Versions are never changed; `masks.current` picks the newest of an origin. */
export interface Mask {
  id: number;
  scan: number;
  /** 1, 2, 3, ... per scan, over all origins. */
  version: number;
  origin: MaskOrigin;
  /** The run that predicted it, or whose prediction was corrected. */
  run: number | null;
  /** `masks/<scan>/<version>.nii.gz`. */
  file: string;
  /** A draft, or a prediction that nobody reviewed, is not accepted and never used for training. */
  accepted: boolean;
  /** Voxels of each label value present (0 left out), and the volume in ml. */
  labels: { value: number; voxels: number; ml: number }[];
  /** Voxels that nobody drew: training and metrics do not count them. */
  notDrawn: number;
  /** A prediction that was accepted as it is: `corrected`, but no voxel was. */
  untouched: boolean;
  /** Who drew or corrected it, or had it predicted; empty where that is not known. */
  person: string;
  createdAt: string;
}

export interface NewMask {
  scan: number;
  origin: MaskOrigin;
  run?: number | null;
  accepted: boolean;
  labels: { value: number; voxels: number; ml: number }[];
  /** 0 without it. */
  notDrawn?: number;
  /** False without it. */
  untouched?: boolean;
}

export const DECISIONS = ['accept', 'correct', 'reject', 'reopen'] as const;

/** A person's decision on a case. */
export interface Decision {
  id: number;
  scan: number;
  decision: (typeof DECISIONS)[number];
  /** The version that was decided on; null where there was none. */
  mask: number | null;
  /** The run whose prediction it was, or came from. */
  run: number | null;
  /** Why it was rejected, in words; empty where nobody said. */
  reason: string;
  person: string;
  /** What taking it back restores: the scan's review state, and which of its masks were accepted. */
  before: { review: ReviewState; accepted: number[] };
  /** The newest version of the scan's masks then, which no clock says; null: there was none, or an earlier version of the program kept it not. */
  newest: number | null;
  createdAt: string;
  /** When it was taken back; null: it holds. */
  undoneAt: string | null;
}

export type NewDecision = Omit<Decision, 'id' | 'createdAt' | 'undoneAt'>;

export const SLICE_MARKS = ['flagged', 'accepted', 'corrected', 'rejected'] as const;
export type SliceMark = (typeof SLICE_MARKS)[number];

/** A reviewer's mark on one slice along voxel axis 0, 1 or 2. */
export interface SliceFlag {
  scan: number;
  axis: 0 | 1 | 2;
  slice: number;
  mark: SliceMark;
  note: string;
  createdAt: string;
}

export const RUN_STATES = ['created', 'running', 'paused', 'interrupted', 'cancelled', 'failed', 'finished'] as const;
/** `interrupted`, `cancelled`, `paused` and `failed` can be resumed from the last checkpoint. */
export type RunState = (typeof RUN_STATES)[number];
export const CASE_ROLES = ['labelled', 'unlabelled', 'validation'] as const;
export type CaseRole = (typeof CASE_ROLES)[number];

/** A scan's part in a run. A scan has one role per run; `mask` is the version that was learned from or validated on. */
export interface RunCase {
  scan: number;
  role: CaseRole;
  mask: number | null;
}

/** A model file that became a run. */
export interface ImportedModel {
  /** Of the model, as its file says: the same model twice is one run. */
  sha256: string;
  description: ModelDescription;
}

/** Where a run's first weights are from. */
export interface StartedFrom {
  kind: 'run' | 'file';
  /** Of the run, or of the model in the file. */
  name: string;
  /** Steps that it had been trained for. */
  step: number;
  /** Of a model file. */
  sha256?: string;
}

export interface Run {
  id: number;
  name: string;
  options: PlannedOptions;
  /** Class names by mask value, background first, as they were when the run was made. */
  classes: string[];
  state: RunState;
  /** Last finished step. */
  step: number;
  device: string;
  engine: string;
  notes: string;
  /** Code and message of what stopped a failed run. */
  failure: string;
  /** Of an imported model; null for a run that was trained here. */
  model: ImportedModel | null;
  /** Whose weights training started from; null for random ones. */
  startedFrom: StartedFrom | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface Checkpoint {
  run: number;
  step: number;
  path: string;
  createdAt: string;
}

/** What a run says about one scan. */
export interface Prediction {
  run: number;
  scan: number;
  /** Mask version with origin 'predicted'. */
  mask: number;
  /** Per-voxel entropy on the scan's grid, `runs/<run>/entropy/<scan>.nii.gz`. */
  entropyFile: string;
  meanEntropy: number;
  /** Mean entropy of each slice along k. */
  sliceEntropy: number[];
  /** Predicted volume per class, ml, in the order of the run's classes after background. */
  volumesMl: number[];
  seconds: number;
  /** Dice of each class if its probabilities are right, percent; empty where an older version predicted. */
  ownDice: number[];
  /** When somebody first looked at it; null: nobody has. */
  seenAt: string | null;
  createdAt: string;
}

/** A prediction measured against a reference. Dice and Jaccard in percent, distances in mm; null where undefined. */
export interface Evaluation {
  run: number;
  scan: number;
  /** Label value. */
  label: number;
  dice: number;
  jaccard: number;
  hd95: number | null;
  asd: number | null;
  /** The larger of both directions' 95HD, mm. */
  hd95Max: number | null;
  /** Percent of the surfaces within `tolerance` of each other; null for figures of before version 7 of the store. */
  surfaceDice: number | null;
  /** mm. */
  tolerance: number | null;
  /** The reference has the label, the prediction nothing of it. */
  missed: boolean;
  /** The prediction has the label, the reference nothing of it. */
  spurious: boolean;
  /** The reference mask's path. */
  reference: string;
  createdAt: string;
}
