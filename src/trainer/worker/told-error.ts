/** An error as it crosses threads: Node carries neither its code nor its cure. */
import { DecileError, type ErrorCode } from '../../shared/errors.ts';

export interface ToldError {
  message: string;
  stack?: string;
  /** Of a `DecileError`. */
  known?: { code: ErrorCode; cure: string };
}

export function toldError(error: unknown): ToldError {
  const { message, stack } = error as Error;
  return { message, stack, ...(error instanceof DecileError && { known: { code: error.code, cure: error.cure } }) };
}

/** The inverse. */
export const errorOf = ({ message, stack, known }: ToldError): Error =>
  known ? new DecileError(known.code, message, known.cure) : Object.assign(new Error(message), { stack });
