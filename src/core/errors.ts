import type { ErrorCode } from './error-table/index.ts';

export type { ErrorCode } from './error-table/index.ts';

/** Every error that a user can see: a code, a message that says what is wrong, and the cure. */
export class DecileError extends Error {
  readonly code: ErrorCode;
  readonly cure: string;
  /**
   * @param code a code of the table of errors, e.g. `scan/truncated`
   * @param message as the table has it: mostly `<what> must be <expected>, got <value>.`
   * @param cure what the user does next, one sentence
   */
  constructor(code: ErrorCode, message: string, cure = '') {
    super(message);
    this.name = 'DecileError';
    this.code = code;
    this.cure = cure;
  }
}
