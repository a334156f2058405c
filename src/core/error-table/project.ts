/** Errors of this part of docs/reference/errors.md: Project. */
import type { ErrorRow } from './row.ts';

export const projectErrors = {
  'project/not-found': {
    when: 'The folder holds no `project.sqlite`',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Check the path, or make a project',
  },
  'project/exists': {
    when: 'A new project would lie on an old one',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Choose another folder',
  },
  'project/no-label': {
    when: 'A project is made without a label',
    message: 'A project must have at least one label, got none.',
    cure: 'Name what is to be segmented',
  },
  'project/in-use': {
    when: 'Another program is writing the project; its process is named',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Wait for it or close it; reading is possible meanwhile',
  },
  'project/newer': {
    when: 'A newer Decile made the project; nothing was changed',
    message: "The project's version must be at most <value>, got <version>: it was made by a newer Decile.",
    cure: 'Update Decile',
  },
  'project/older': {
    when: 'The project needs an update, and it was opened for reading',
    message: "The project's version must be <target> to be read, got <version>.",
    cure: 'Open it once for writing',
  },
  'project/corrupt': {
    when: '`project.sqlite` is damaged or another kind of file',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Restore a backup; `masks/` and `volumes/` are plain NIfTI',
  },
  'project/none-open': {
    when: 'A call needs an open project',
    message: 'A project must be open, got <value>.',
    cure: 'Open or make one',
  },
  'project/moved': {
    when: 'The folder of an open project was moved, renamed or taken away',
    message: "A project's folder must stay where it was opened, got <value>.",
    cure: 'Put it back, or open it at its new place; what the window holds is saved then',
  },
  'project/damaged': {
    when: 'A check found a file that is damaged or missing',
    message: 'A project must hold its files as they were written, got <file>: <what is wrong>.',
    cure: 'Restore the file from a backup, or let the check put right what can be',
  },
  'project/busy': {
    when: 'Another project is opened while a training, a prediction or an import goes on in the present one',
    message: 'Nothing must go on in the project that is left, got <what goes on>.',
    cure: 'Stop it, or wait for its end: a training stops at a checkpoint and can be resumed',
  },
  'project/other': {
    when: 'A request of a window is for a project that is no longer open, because another was opened meanwhile',
    message: 'A request must be for the open project, got one for another.',
    cure: 'Open its project again: strokes that are not saved are then saved by themselves',
  },
  'label/invalid': {
    when: 'A label has an empty name, one that is taken or cannot be told apart on a screen from one that is, a bad colour or a value outside 1 to 254',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'The message names the rule',
  },
  'label/in-use': {
    when: 'A label that masks still hold, or that a run predicts, is deleted',
    message:
      'A label that is deleted must be <in no mask, or one that no run predicts>, got <label> in <masks or runs>.',
    cure: 'Delete it from those masks, or rename it',
  },
  'label/unknown': {
    when: 'There is no label of that value',
    message: "A label must be one of the project's, got value <value>.",
    cure: 'Reload the list',
  },
  'name/too-long': {
    when: 'A run, project, label, channel or reader is given a very long name',
    message: 'The name of a <what> must be at most <number> characters, got <number>, of <name>.',
    cure: 'Give it a shorter name',
  },
  'scan/unknown': {
    when: 'There is no scan of that id or name',
    message: "A scan must be one of the project's, got <scan>.",
    cure: 'Reload the list; on the command line, name scans as `decile review list DIR` does',
  },
  'scan/name-taken': {
    when: 'Two scans would have one name',
    message: "A scan's name must be unique in the project, got <name> twice.",
    cure: 'Rename one',
  },
  'mask/unknown': {
    when: 'There is no mask version of that id',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Reload the masks',
  },
} as const satisfies Record<string, ErrorRow>;
