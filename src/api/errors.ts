/** Errors on their way to the window. */

import { explainFailure } from '../project/store/index.ts';
import type { ErrorInfo } from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';

/** Code, message and cure of whatever was thrown; an unforeseen error is named as one, with its text. */
export function errorInfo(thrown: unknown): ErrorInfo {
  const error = explainFailure(thrown, 'The program');
  if (error instanceof DecileError) return { code: error.code, message: error.message, cure: error.cure };
  const text = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal/fault',
    message: `Something failed that the program did not foresee: ${text}`,
    cure: 'Saved work is safe. Try again; if it happens again, report the text above.',
  };
}
