/** Scans that work goes on without: each with its reason, so that the others are done and the list is said. */
import { DecileError, type ErrorCode } from './errors.ts';

export interface LeftOut {
  scan: number;
  name: string;
  code: ErrorCode;
  message: string;
  cure: string;
}

/** Codes of what is wrong with the files of one scan; a full disk or too little memory is no fault of a scan. */
const OF_ONE_SCAN = /^(scan|mask|cache|geometry)\/|^channels\/(none|other-grid)$|^file\/(?!disk-full)/;

/** The scan with the reason; throws the error itself where it is about more than this scan. */
export function leftOut({ scan, name }: { scan: number; name: string }, error: unknown): LeftOut {
  if (!(error instanceof DecileError) || !OF_ONE_SCAN.test(error.code)) throw error;
  const { code, message, cure } = error;
  return { scan, name, code, message, cure };
}
