/** How long a name may be that a person gives: models, tables and the window take it whole. */
import { DecileError } from './errors.ts';

/** Signs of a name of a run, project, label, channel or reader. */
export const LONGEST_NAME = 200;

/**
 * The name without white space around it.
 * @param what whose name it is, e.g. `run`
 * @throws name/too-long
 */
export function checkedName(what: string, given: string): string {
  const name = given.trim();
  if (name.length > LONGEST_NAME)
    throw new DecileError(
      'name/too-long',
      `The name of a ${what} must be at most ${LONGEST_NAME} characters, got ${name.length}, of ${name.slice(0, 40)}.`,
      'Give it a shorter name.',
    );
  return name;
}
