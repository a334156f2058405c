/** Scans that can be looked at together. */

/** Another scan of the same patient in the same place. */
export interface Companion {
  scan: number;
  name: string;
  modality: string;
  /** Whether both lie in one DICOM frame of reference; null where that is not known. */
  sameFrame: boolean | null;
}
