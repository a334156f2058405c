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
    message: "The labels of a model must be the project's (<list>), got <list> too.",
    cure: 'Add or rename labels in the project, or choose another model',
  },
} as const satisfies Record<string, ErrorRow>;
