/** Masks against each other, and who did what to a scan. */

/** Where a mask came from: drawn by hand, made by a run, or a prediction that a person changed. */
export type MaskOrigin = 'manual' | 'predicted' | 'corrected';

/** What a person changed in a prediction. */
export interface MaskChange {
  label: number;
  addedMl: number;
  removedMl: number;
  /** Percent. */
  dice: number;
  /** mm; null where one of the masks is empty. */
  hd95: number | null;
}

/** Two versions of one scan's mask: the second against the first. */
export interface MaskComparison {
  scan: string;
  first: { version: number; person: string; kind: MaskOrigin; createdAt: string };
  second: { version: number; person: string; kind: MaskOrigin; createdAt: string };
  labels: {
    label: number;
    name: string;
    /** Percent. */
    dice: number;
    /** mm; null where one of the masks is empty. */
    hd95: number | null;
    /** What the second has and the first has not, ml, and the reverse. */
    addedMl: number;
    removedMl: number;
    /** k of the slice where they differ most; null where they are the same. */
    worstSlice: number | null;
  }[];
}

/** One thing that somebody did to a scan. */
export interface HistoryLine {
  scan: string;
  /** ISO time. */
  when: string;
  who: string;
  what: 'drew' | 'predicted' | 'corrected' | 'accepted' | 'rejected' | 'took up' | 'reopened';
  /** Version of the mask that it was done to or that came of it; null where it has gone. */
  version: number | null;
  run: string;
  reason: string;
  /** When it was taken back; empty: it holds. */
  undone: string;
}
