/** What the trainer process is told and what it reports. Plain data: it crosses processes as JSON. */
import type { ErrorCode } from '../core/errors.ts';
import type { ModelChannel } from '../core/model-channels.ts';
import type { PlannedOptions, SettledSpacing, TrainingOptions, WithPlan } from '../core/options.ts';
import type { Flips } from '../core/predict/mirror.ts';
import type { PiecesKept } from '../core/predict/pieces.ts';
import type { RareLabels } from '../core/predict/rare-weights.ts';
import type { Fit } from '../core/train/fit-patch.ts';
import type { Normalisation } from '../core/train/preprocess.ts';
import type { Recompute } from '../core/train/step-bytes.ts';
import type { LeftOut } from './left-out.ts';

export type { Normalisation } from '../core/train/preprocess.ts';

/** One channel of a scan. */
export interface ChannelFile {
  name: string;
  path: string;
  /** Which volume of a file that holds several, from 0. */
  part?: number;
}

/** A scan as the trainer sees it: files, never database rows. */
export interface TrainingCase {
  /** The scan's id in the store. */
  scan: number;
  name: string;
  /** Uncompressed NIfTI of the scan on its own grid: of several channels the first that is there. */
  volumePath: string;
  /** The channels that the scan has, where it may have several; all on one grid. */
  channels?: ChannelFile[];
  /** Voxel size at which it is predicted; the run's without it. */
  spacing?: SettledSpacing;
  /** NIfTI mask on the same grid; absent for unlabelled cases. */
  maskPath?: string;
  /** The prediction that the mask is a correction of, on the same grid. */
  predictedPath?: string;
}

/** Lists that cannot leak: a test case is in none of them. */
export interface TrainingLists {
  labelled: TrainingCase[];
  unlabelled: TrainingCase[];
  validation: TrainingCase[];
}

export interface TrainJob {
  kind: 'train';
  /** runs/<id> inside the project: options, curve, checkpoints. */
  runFolder: string;
  options: PlannedOptions;
  lists: TrainingLists;
  /** Classes with background first: ['background', 'kidney']. */
  classes: string[];
  normalisation: Normalisation;
  /** What the network sees; one channel, with `normalisation`, where it is absent. */
  channels?: ModelChannel[];
  /** A checkpoint whose student has the first weights; random ones without it. */
  startFrom?: string;
  /** Go on from runFolder's last checkpoint. */
  resume: boolean;
  /** Patch and batch that are left after steps that did not fit into memory; before those of checkpoint and options. */
  fit?: Fit;
}

export interface PredictJob {
  kind: 'predict';
  runFolder: string;
  cases: TrainingCase[];
  /** Where masks go: <maskFolder>/<scan>.nii.gz, and <maskFolder>/<scan>.entropy.nii.gz. */
  outputFolder: string;
  /** Window stride in voxels x, y, z; 'auto' = half the patch, at most 64. */
  stride: 'auto' | readonly [number, number, number];
  /** Axes x, y, z along which each window is also read mirrored; none without it. */
  flips?: Flips;
  /** How labels that patches rarely held are given to voxels; `weighted` without it. */
  rareLabels?: RareLabels;
  /** Which connected pieces stay: all, each label's largest, so many, or as many as every mask of `like` shows. */
  pieces: 'all' | 'largest' | PiecesKept | { like: string[] };
  engine: TrainingOptions['engine'];
}

/** How long a step of these options takes here, on made-up patches. */
export interface ProbeJob {
  kind: 'probe';
  options: TrainingOptions & WithPlan;
  /** x, y, z; divisible as the network needs. */
  patch: [number, number, number];
  recompute?: Recompute;
  /** Classes with background. */
  classes: number;
}

/** Which GPU the engine webgpu would compute on. */
export interface AdapterJob {
  kind: 'adapter';
}

/** `threads`: cores that the job's process may use; absent for all of them. */
export type TrainerJob = (TrainJob | PredictJob | ProbeJob | AdapterJob) & { threads?: number };

export type TrainerCommand =
  | { type: 'start'; job: TrainerJob }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'cancel' }
  /** The last event was heard: the process ends. */
  | { type: 'end' };

export type TrainerEvent =
  | {
      type: 'started';
      device: string;
      engine: string;
      parameters: number;
      patch: [number, number, number];
      /** Of the network `planned`. */
      plan?: WithPlan['plan'];
      /** Patches a step. */
      labelledPerStep: number;
      unlabelledPerStep: number;
      /** What is computed again instead of kept. */
      recompute?: Recompute;
      labelled: number;
      unlabelled: number;
      step: number;
      steps: number;
    }
  | { type: 'notice'; message: string }
  /** The files of a scan cannot be read, or somebody draws in it; the work goes on without it. A prediction counts it as done. */
  | ({ type: 'left-out'; done?: number; total?: number } & LeftOut)
  | { type: 'preparing'; done: number; total: number }
  | StepEvent
  | ValidationEvent
  | { type: 'checkpoint'; step: number; path: string }
  /** Prototype evolution (paper Fig. 6) was written to `path` (see docs/reference/run-folder.md). */
  | { type: 'evolution'; step: number; path: string }
  /** A short training after the run's own steps, without a part of the labelled scans; folds from 1. */
  | { type: 'calibrating'; fold: number; folds: number; step: number; steps: number; secondsLeft: number }
  /** A labelled scan as a network predicts it that has not seen it; of each class after background, percent. */
  | { type: 'calibrated'; scan: number; name: string; ownDice: number[]; dice: number[] }
  | { type: 'paused'; step: number }
  | { type: 'resumed'; step: number }
  | {
      type: 'predicted';
      scan: number;
      name: string;
      done: number;
      total: number;
      seconds: number;
      maskPath: string;
      entropyPath: string;
      meanEntropy: number;
      sliceEntropy: number[];
      /** Dice of each class after background if its probabilities are right, percent. */
      ownDice: number[];
      volumesMl: number[];
    }
  /** A prediction that is not kept, because the scan is not to change now. */
  | { type: 'held'; scan: number; name: string; done: number; total: number }
  /** Of a ProbeJob; bytes: peak resident memory of the process. */
  | { type: 'probed'; engine: string; device: string; secondsPerStep: number; bytes: number }
  /** Of an AdapterJob; software: emulated by the processor. */
  | { type: 'adapter'; name: string; software: boolean }
  | { type: 'finished'; step: number; checkpoint?: string; seconds: number }
  | { type: 'cancelled'; step: number }
  | { type: 'error'; code: ErrorCode; message: string; cure: string };

/** One line of runs/<id>/curve.jsonl. */
export type CurveLine = StepEvent | ValidationEvent;

/** Dice of the validation cases, percent: of each class but the background, and their mean. */
export interface ValidationEvent {
  type: 'validation';
  step: number;
  dice: number;
  perClass: number[];
}

export interface StepEvent {
  type: 'step';
  step: number;
  steps: number;
  /** Each term before weighting: {supervised, forward, backward, total, ...}. */
  losses: Record<string, number>;
  lambda: number;
  learningRate: number;
  secondsPerStep: number;
  secondsLeft: number;
  /** Steps so far in which a term had to be left out, by term. */
  skipped: Record<string, number>;
}
