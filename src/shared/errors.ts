/** Every error that a user can see has a code, a message that says what is wrong, and the cure. */
export class DecileError extends Error {
  readonly code: string;
  readonly cure: string;
  constructor(code: string, message: string, cure = '') {
    super(message);
    this.name = 'DecileError';
    this.code = code;
    this.cure = cure;
  }
}
