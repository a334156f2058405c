/** Errors of this part of docs/reference/errors.md: Command line and options. */
import type { ErrorRow } from './row.ts';

export const commandLineErrors = {
  'option/invalid': {
    when: 'An option is outside its range or set',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'The message names range and default',
    exit: 'usage',
  },
  'option/unknown': {
    when: 'There is no option of that name',
    message: 'An option must be one of <list>, got <value>.',
    cure: 'Check the spelling',
    exit: 'usage',
  },
  'usage/invalid': {
    when: 'The command line is not understood (`--json` form of exit code 2)',
    message: '<what the parser of the command line says>',
    cure: '`--help`',
    exit: 'usage',
  },
  'internal/fault': {
    when: 'A fault of the program itself, on the command line',
    message: 'Something failed that the program did not foresee: <what the system said>',
    cure: 'Report it with the text on stderr',
  },
} as const satisfies Record<string, ErrorRow>;
