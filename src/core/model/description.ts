/** What a model says of itself: enough to predict with it anywhere, and to judge whether to trust it. */
import type { ModelChannel } from '../model-channels.ts';
import type { NetworkPlan } from '../network/plan.ts';
import type { NetworkName, SettledOptions } from '../options.ts';

/** The version of this form; a program reads its own alone. */
export const MODEL_FORMAT = 1;

/** A class but background, in the order of the network's outputs. */
export interface ModelLabel {
  name: string;
  /** '#rrggbb' */
  colour: string;
  /** Coded term (SNOMED CT mostly); null where the project had none. */
  term: { scheme: string; code: string; meaning: string } | null;
  /** Connected pieces that a mask has, where all labelled scans agree: what else is predicted is dropped. */
  pieces: number | null;
  /** Patches from anywhere rarely held it in training. */
  rare?: true;
}

/** Dice in percent, 95HD in mm, each the mean over scans; null where none had a surface to measure. */
export interface LabelFigures {
  name: string;
  dice: number;
  hd95: number | null;
}

/** Nothing in it names a patient, a scan, a folder or a computer. */
export interface ModelDescription {
  format: typeof MODEL_FORMAT;
  /** The program that wrote it. */
  program: string;
  /** Of the run. */
  name: string;
  labels: ModelLabel[];
  /** As `pieces` of a label, of all labels taken together. Absent in files of earlier versions. */
  pieces?: number | null;
  channels: ModelChannel[];
  network: { kind: NetworkName; width: number; deepSupervision: boolean; plan?: NetworkPlan };
  /** The coarse model that finds the region first (`--region auto`): the size of its voxels, mm, and sides of its window. */
  region?: { spacing: number; patch: [number, number, number]; width: number };
  /** Sides of the window that the network reads, x, y, z, voxels. */
  patch: [number, number, number];
  /** Voxel size that scans are brought to; `native`: scans keep their own. */
  spacing: SettledOptions['spacing'];
  /** Median voxel size in training, x, y, z, mm. */
  voxel: [number, number, number];
  training: {
    /** Steps done. */
    step: number;
    options: SettledOptions;
    labelled: number;
    unlabelled: number;
    validation: number;
    /** Labelled scans by modality (`MR`). */
    modalities: Record<string, number>;
    /** Labelled scans by the directions along which their voxel axes run (`LPS`). */
    orientations: Record<string, number>;
    /** Day of the last step. */
    finished: string;
    /** Name of the model whose weights it started from. */
    startedFrom?: string;
  };
  /** On the validation scans, at the last step. Dice in percent, of all labels and of each. */
  validation: { scans: number; step: number; dice: number; perLabel: number[] } | null;
  /** On scans that it did not learn from, as `decile evaluate` measured them. */
  heldOut: { scans: number; labels: LabelFigures[] } | null;
}
