/** What a database holds as JSON text, checked: a damaged row is said to be so, not found out about later by whoever uses it. */
import { DecileError } from '../../shared/errors.ts';

const corrupt = (what: string, got: string): DecileError =>
  new DecileError(
    'project/corrupt',
    `${what} must be as the program wrote it, got ${got.length > 60 ? `${got.slice(0, 60)}...` : got}.`,
    'Restore the project folder from a backup; masks/ and volumes/ hold readable NIfTI files.',
  );

function read<T>(what: string, text: string, is: (value: unknown) => boolean): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw corrupt(what, String(text));
  }
  if (!is(value)) throw corrupt(what, text);
  return value as T;
}

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf =
  (is: (value: unknown) => boolean, length?: number) =>
  (value: unknown): boolean =>
    Array.isArray(value) && (length === undefined || value.length === length) && value.every(is);

/** So many finite numbers, as many as there are without `length`. Throws `project/corrupt`, as all here. */
export const numbers = <T extends readonly number[] = number[]>(what: string, text: string, length?: number): T =>
  read(what, text, listOf(isNumber, length));

/** As `numbers`, where figures that were not finite are null. */
export const figures = (what: string, text: string): number[] =>
  read(
    what,
    text,
    listOf((value) => value === null || isNumber(value)),
  );

export const texts = (what: string, text: string): string[] =>
  read(
    what,
    text,
    listOf((value) => typeof value === 'string'),
  );

/** An object with at least these fields, whatever they hold but nothing. */
export const record = <T>(what: string, text: string, fields: readonly string[] = []): T =>
  read(what, text, (value) => isRecord(value) && fields.every((field) => value[field] !== undefined));

/** Objects with these numbers. */
export const records = <T>(what: string, text: string, fields: readonly string[]): T[] =>
  read(
    what,
    text,
    listOf((value) => isRecord(value) && fields.every((field) => isNumber(value[field]))),
  );
