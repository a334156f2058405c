/** Every error that a user can see: a code, a message that says what is wrong, and the cure. */
export class DecileError extends Error {
  readonly code: string;
  readonly cure: string;
  /**
   * @param code one of the codes in docs/reference/errors.md, e.g. `scan/truncated`
   * @param message `<what> must be <expected>, got <value>.`
   * @param cure what the user does next, one sentence
   */
  constructor(code: string, message: string, cure = '') {
    super(message);
    this.name = 'DecileError';
    this.code = code;
    this.cure = cure;
  }
}
