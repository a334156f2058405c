/** What the imaging layer hands to the others. */
import type { Volume } from '../core/volume.ts';
import type { Frame } from './dicom/frame.ts';
import type { Provenance } from './dicom/provenance-record.ts';

export type { ScanFailure } from './files.ts';

export type ScanKind = 'nifti' | 'dicom' | 'nrrd' | 'metaimage';

/** One volume that can be read, however many files it is made of. */
export interface ScanSource {
  kind: ScanKind;
  /** Case name: the file's stem without format and nnU-Net suffixes; for DICOM from modality, number and description. */
  name: string;
  /** The files, slices in spatial order for DICOM. */
  paths: string[];
  seriesUid?: string;
  modality?: string;
  description?: string;
  patientName?: string;
  patientId?: string;
  /** Which volume of an enhanced multi-frame or NIfTI file that holds several, from 0. */
  part?: number;
  /** Volumes of a NIfTI file that holds several without being a series of moments: channels of one scan. */
  volumes?: number;
  frameOfReference?: string;
  /** For DICOM: the headers that the search read, in the order of the slices; without them they are read again. */
  frames?: readonly Frame[];
  /** What the search noticed, one sentence each: come with the scan's own notices. */
  notices?: readonly string[];
}

/** A file that holds segments with names of their own, and what it says it was made from. */
export interface MaskObject {
  kind: 'seg' | 'rtstruct' | 'seg-nrrd';
  path: string;
  /** The file's stem. */
  name: string;
  /** SeriesInstanceUIDs of the images, none where it does not say. */
  seriesUids: string[];
  /** SOPInstanceUIDs of the images. */
  instanceUids: string[];
  frameOfReference: string;
}

export interface ReadScan {
  volume: Volume;
  /** DICOM modality (CT, MR, ...), or '' where the format does not say. */
  modality: string;
  /** What was corrected on the way, one sentence each: gantry tilt, uneven slices, an unusable sform. */
  notices: string[];
  /** For DICOM: what a segmentation of this scan must refer to. */
  provenance?: Provenance;
}

export interface DiscoverOptions {
  /** Glob (`*`, `?`, `**`, `{a,b}`) on the case name, the file name or the path inside the folder. */
  only?: string;
  /** Go where links lead out of the folder; without it each is a failure. */
  followLinks?: boolean;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}
