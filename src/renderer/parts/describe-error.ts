/** Any error as what the user is told: code, message, cure. */
import type { ErrorInfo } from '../../shared/contract/index.ts';
import { DecileError } from '../../shared/errors.ts';

export function describeError(error: unknown): ErrorInfo {
  if (error instanceof DecileError) return { code: error.code, message: error.message, cure: error.cure };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'window/unforeseen',
    message: `Something failed in the window: ${message}`,
    cure: 'Saved work is safe. Reload the window.',
  };
}
