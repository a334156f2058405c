/** Errors of this part of docs/reference/errors.md: Window and server. */
import type { ErrorRow } from './row.ts';

export const windowErrors = {
  'call/unknown': {
    when: 'The window asks for a call that does not exist',
    message: "A call must be one of the contract's, got <value>.",
    cure: 'Reload the window',
  },
  'call/invalid': {
    when: 'The input of a call does not fit its schema',
    message: 'The input of <name> must fit its schema, got <what the system said>.',
    cure: 'Check the values entered',
  },
  'call/refused': {
    when: "A call comes from another page than the program's",
    message: "A call must come from the program's own window.",
    cure: 'Reload the window',
  },
  'transport/no-server': {
    when: 'The program does not answer',
    message: 'The program must be running, got no answer.',
    cure: 'Start it again; nothing saved is lost',
  },
  'transport/refused': {
    when: 'The answer holds no data',
    message: 'The answer must be data, got status <value>.',
    cure: 'Reload the window',
  },
  'data/unknown': {
    when: 'An address under `/data/` does not exist',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Reload the window',
  },
  'measurement/off-grid': {
    when: 'A measurement names a slice that its scan has not',
    message: 'A measurement on <scan> must be on one of its <n> slices, got slice <value>.',
    cure: 'Reload the window, and measure again',
  },
  'folder/unknown': {
    when: 'A folder was not chosen in this session',
    message: 'A folder must be one chosen in this session, got <folder>.',
    cure: 'Choose it again',
  },
  'folder/unreadable': {
    when: 'A folder cannot be listed, or no folder was dropped',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Choose another',
  },
  'folder/dialog-only': {
    when: 'A folder can only be chosen in the system dialog',
    message: "A folder must be chosen in the system's dialog here.",
    cure: 'Use the button',
  },
  'server/not-built': {
    when: 'The pages of the window are not built',
    message: 'The window must be built into <pages>, got no index.html there.',
    cure: '`npm run serve` builds them',
  },
  'server/port-taken': {
    when: 'The port is in use',
    message: 'The port must be free, got <port> in use.',
    cure: 'Another `--port`',
  },
  'server/wrong-token': {
    when: 'The address lacks the right token',
    message: 'The token must be the one that `decile serve` printed.',
    cure: 'Open the whole printed address',
  },
  'server/wrong-host': {
    when: 'The Host header is another one',
    message: 'The Host must be <host>, got <value>.',
    cure: 'Open the printed address',
  },
  'server/wrong-origin': {
    when: 'Another page calls the server',
    message: 'The Origin must be http://<host>, got <origin>.',
    cure: "Use the program's own page",
  },
  'server/not-found': {
    when: 'There is no page at the address',
    message: 'The address must be a page of the program, got <path>.',
    cure: 'Open the printed address',
  },
  'server/bad-call': {
    when: 'A call is no POST of JSON',
    message: '<what> must <be as expected>.',
    cure: 'Reload the page',
  },
  'server/too-large': {
    when: 'A request is too large',
    message: 'A request must be at most <limit> bytes, got more.',
    cure: 'Reload the page',
  },
  'server/failed': {
    when: 'An answer could not be made',
    message: 'The answer must be made, got <what the system said>.',
    cure: 'Try again',
  },
  'review/no-mask': {
    when: 'A case without a mask is accepted',
    message: 'A case must have a mask to be accepted, got none for <scan>.',
    cure: 'Draw or predict one',
  },
  'review/readers': {
    when: 'Two readers of a scan are compared that have not both drawn it',
    message: '<scan> must have masks of the two readers, got masks of <names>.',
    cure: 'Name two who have, or import a reader’s masks with `--as NAME`',
  },
  'review/nothing-to-undo': {
    when: 'A decision is taken back that was never made, or after which another was made',
    message: 'A <case or decision> must <be as expected>, got <value>.',
    cure: 'Decide the case first, or anew',
  },
  'scan/no-voxels': {
    when: 'A scan arrived in the window without voxels',
    message: 'The scan <name> must have voxels, got none.',
    cure: 'Import it again',
  },
  'mask/bad-edit': {
    when: 'Saved strokes do not fit the scan',
    message: 'An edit of a mask must be <expected>, got <value>.',
    cure: 'Reload the case',
  },
  'mask/size': {
    when: 'A whole mask has another number of voxels than the scan',
    message: 'A mask must be <number> voxels, got <number>.',
    cure: 'Reload the case',
  },
  'mask/strokes-lost': {
    when: 'A journal is damaged, and some of its strokes cannot be read',
    message: 'A journal must be as it was written, got <count> strokes of <scan> that cannot be read.',
    cure: 'The others are in a version of the mask; the damaged journal lies beside it',
  },
  'mask/not-saved': {
    when: 'A stroke did not reach the disk yet',
    message: 'A stroke must reach the disk, got <what the system said>.',
    cure: 'Keep the window open: it tries again',
  },
  'edit/stroke-open': {
    when: 'An operation on the mask comes while a stroke is drawn',
    message: '<operation> must come after a stroke, got one that is not finished.',
    cure: 'Finish it, or give it up with Escape',
  },
  'edit/open-area': {
    when: 'An area to be filled is not closed',
    message: 'The area to fill must be closed, got one that reaches the edge of the scan.',
    cure: 'Close the outline first',
  },
  'edit/region-leaked': {
    when: 'A grown region becomes too large',
    message: 'A grown region must stay below <value> voxels, got more.',
    cure: 'Lower the tolerance, or grow on one slice',
  },
  'window/unforeseen': {
    when: 'A fault in the window',
    message: 'Something failed in the window: <what the system said>',
    cure: 'Reload; saved work is safe',
  },
  'click/no-seed': {
    when: 'Click to mask has points outside of a structure alone',
    message: 'A mask must start with a point of the label, got <value> points outside of it.',
    cure: 'Click into the structure first',
  },
} as const satisfies Record<string, ErrorRow>;
