/** What is asked of an import, and what it answers. */
import type { ScanFailure } from '../../../imaging/index.ts';
import type { BratsModality } from '../../../imaging/layouts.ts';
import type { NamedChannel } from './channel-groups.ts';
import type { OtherKind } from './other-kinds.ts';
import type { OverlapRule } from './overlaps.ts';

export interface ImportOptions {
  /** Folder with masks: named like the scans, or DICOM SEG and RTSTRUCT that refer to them. */
  labels?: string;
  /** Glob on names or paths, e.g. 'la_00*'. */
  only?: string;
  /** Glob on names or paths of the files that are masks: all others are scans, whatever they look like. */
  masks?: string;
  /** What files are that an import before this one was not sure about. */
  settled?: { paths: readonly string[]; as: 'mask' | 'scan' };
  /** Value of masks where nobody drew; what dataset.json says without it. */
  ignoreLabel?: number;
  /** What becomes of voxels that several labels of a mask share; without it such masks are refused by name. */
  overlaps?: OverlapRule;
  /** Which of BraTS's four scans of a case; FLAIR without it. */
  modality?: BratsModality;
  /** The channels of a scan, in order; `none`: every file is a scan. Without it, what files say beyond doubt. */
  channels?: readonly NamedChannel[] | 'none';
  /** Go where links lead out of the folders; without it each is a failure. */
  followLinks?: boolean;
  /** What becomes of scans of another kind or part of the body than the project: left out of training without it. */
  otherKinds?: 'take' | 'leave-out';
  /** Where the folder's files came from, if that is not the folder: kept as the scans' source. */
  from?: string;
  onProgress?: (progress: ImportProgress) => void;
  signal?: AbortSignal;
}

/** What the user said of a file that he was asked about. */
export const settledAs = ({ settled }: ImportOptions, path: string): 'mask' | 'scan' | undefined =>
  settled?.paths.includes(path) ? settled.as : undefined;

export interface ImportProgress {
  phase: 'searching' | 'importing';
  done: number;
  total: number;
  /** The case being imported. */
  name: string;
}

export interface ImportReport {
  added: { id: number; name: string; notices: string[] }[];
  /** Scans that the project had already, with the name they have there. */
  duplicates: { path: string; name: string }[];
  /** Masks that became a version. */
  masks: { scan: string; version: number; path: string }[];
  /** Masks that are already the scan's current one. */
  sameMasks: number;
  /** Scans and masks that were refused, each with its reason; the rest was imported. */
  failures: ScanFailure[];
  /** Mask files of `labels` that belong to no scan of this import. */
  unmatchedMasks: string[];
  notices: string[];
  /** Of `added`: scans that their headers call another kind or part of the body than the project is for. */
  others: OtherKind[];
  /** Stopped by the signal: what is listed was imported, the rest was not looked at. */
  interrupted: boolean;
}
