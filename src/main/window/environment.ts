/** What the environment asks for is checked before a window opens, as on the command line. */
import { dialog } from 'electron';
import { DecileError } from '../../core/errors.ts';
import { checkEnvironment, misspeltVariables } from '../../engine/machine/environment.ts';

/**
 * Says what cannot be had, with its cure, in a box of its own; misspelt names, which do no harm, in the terminal.
 * @returns whether the program can go on
 */
export function environmentServes(): boolean {
  for (const text of misspeltVariables()) console.error(text);
  try {
    checkEnvironment();
    return true;
  } catch (error) {
    if (!(error instanceof DecileError)) throw error;
    dialog.showErrorBox('Decile cannot start', `${error.message}\n\n${error.cure}`);
    return false;
  }
}
