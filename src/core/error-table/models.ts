/** Errors of this part of docs/reference/errors.md: Models. */
import type { ErrorRow } from './row.ts';

export const modelErrors = {
  'model/not-a-model': {
    when: 'A file is no model that Decile exported; what it is instead is said where that can be seen',
    message: 'A model must be a file that `decile model export` wrote, got <value> in <path>.',
    cure: 'Export the model with `decile model export DIR FILE`',
  },
  'model/damaged': {
    when: 'A model file is cut short or holds other bytes than were written',
    message: 'A model file must be whole, got <value> in <path>.',
    cure: 'Copy it again, or export the model again',
  },
  'model/version': {
    when: 'Another version of Decile wrote the model file, in another form',
    message: 'A model file must be of format <value>, got <value><value> in <path>.',
    cure: 'Update Decile, or export the model with this version',
  },
  'model/labels': {
    when: "A model's labels are not those of the project; both are named",
    message: "The labels of a model must be the project's (<list>), got <what differs>.",
    cure: 'Add or rename labels in the project, or choose another model',
  },
  'model/ambiguous': {
    when: 'What `--from` names is both a run and a file',
    message: '--from must be the name of a run or a file, got <name>, which is both.',
    cure: 'Write `./NAME` for the file',
  },
  'model/unknown': {
    when: 'What `--from` names is neither a run nor a file; the runs are named',
    message: '--from must be one of the runs (<list>) or a model file, got <name>.',
    cure: 'Check the spelling, or the path',
  },
  'model/other-network': {
    when: 'The weights of `--from` are of another network, width or plan than the one to train',
    message:
      'The weights to start from must be of the network to train (<what> <value>), got <what> <value> in <name>.',
    cure: 'Leave the option out, or train without `--from`',
  },
  'model/channels': {
    when: 'The weights of `--from` see other channels than the scans have',
    message: 'The weights to start from must see the channels of the scans (<list>), got <list> in <name>.',
    cure: 'Start from a model of these channels',
  },
} as const satisfies Record<string, ErrorRow>;
