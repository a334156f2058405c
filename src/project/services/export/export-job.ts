/** What is asked of an export, what it answers, and what its formats get. */
import type { DicomWebServer } from '../../../imaging/index.ts';
import { DecileError, type ErrorCode } from '../../../shared/errors.ts';
import type { DateRule, ExportChoice, ExportFormat } from '../../../shared/export-formats.ts';
import { leftOut } from '../../../shared/left-out.ts';
import type { Mask, Scan, Store } from '../../store/index.ts';
import type { Deidentification } from './export-deid.ts';

export interface ExportRequest {
  format: ExportFormat;
  /** Folder, made when absent. */
  output: string;
  /** Which masks; `all` without it, `predictions` with a run. */
  which?: ExportChoice;
  /** Names of the scans to export; all without it. */
  scans?: readonly string[];
  /** Rejected masks too, which otherwise never leave. */
  withRejected?: boolean;
  /** Only this run's predictions. */
  run?: string;
  /** Names replaced by numbers, DICOM de-identified, and every file searched for identifiers afterwards. */
  deidentify?: {
    dates: DateRule;
    /** File that keeps the secret and which number is which scan, so that later exports agree; outside `output`. */
    key?: string;
  };
  /** Server that takes every DICOM object as well. */
  stow?: DicomWebServer;
  onProgress?: (done: number, total: number, name: string) => void;
  signal?: AbortSignal;
}

export interface ExportReport {
  output: string;
  /** Written files, relative to `output`. */
  files: string[];
  /** Scans that have no mask to hand out; none where the format is no masks. */
  withoutMask: string[];
  /** Scans whose mask is a prediction that nobody has looked at. */
  unseen: string[];
  /** Scans whose mask was rejected and therefore left out. */
  rejected: string[];
  /** Scans that this format cannot hold, each with its reason; the rest was exported. */
  refused: { scan: string; code: ErrorCode; message: string; cure: string }[];
  /** De-identified: which scan became which name. */
  renamed: { scan: string; name: string }[];
  /** Objects that the server took. */
  stored: number;
  notices: string[];
}

/** A scan of the export, and what it is called there. */
export interface Chosen {
  scan: Scan;
  mask: Mask | null;
  /** A person stands for the case: what a data set is trained on. */
  decided: boolean;
  name: string;
  /** File name without suffix, unique in the export. */
  file: string;
}

/** What a format's writer gets. */
export interface ExportJob {
  store: Store;
  request: ExportRequest;
  chosen: readonly Chosen[];
  output: string;
  report: ExportReport;
  deid: Deidentification | null;
}

/** What the files of a scan hold; null, with the scan among those refused, where they cannot be read. */
export async function readOrRefuse<T>(
  { report }: Pick<ExportJob, 'report'>,
  { scan, name }: Pick<Chosen, 'scan' | 'name'>,
  read: () => Promise<T>,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    const { code, message, cure } = leftOut({ scan: scan.id, name }, error);
    report.refused.push({ scan: name, code, message, cure });
    return null;
  }
}

/** Stops an export that was told to stop; throws `export/cancelled`. */
export function stopHere({ signal }: ExportRequest, done: number, total: number): void {
  if (signal?.aborted)
    throw new DecileError(
      'export/cancelled',
      `The export must run to its end, got stopped after ${done} of ${total} scans.`,
      'Start it again.',
    );
}

/** One scan after another, with progress and a way out between two. */
export type ForEach = (job: ExportJob, work: (one: Chosen) => void | Promise<void>) => Promise<void>;

/** '#rrggbb' as three numbers up to 255. */
export function rgb(colour: string): [number, number, number] {
  const n = Number.parseInt(colour.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}
