/** The labels of a project, replaced as a whole. */
import { matchLabels } from '../../../core/model/labels.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Label, Run, Store } from '../../store/index.ts';
import type { Drawings } from './drawings.ts';

/**
 * Makes the project's labels those of the list: the missing go, the known change, the new come.
 * @param given a value below 1 is a label that is new, whatever was deleted beside it
 * @throws what the store says of a label that is in use, `label/invalid`
 */
export async function replaceLabels(store: Store, drawings: Drawings, given: readonly Label[]): Promise<void> {
  const { labels } = store;
  // A label that is in the strokes of an open case alone is in use too.
  if (labels.list().some((known) => given.every((one) => one.value !== known.value))) await drawings.commitAll();
  store.transaction(() => {
    for (const label of labels.list())
      if (!given.some((other) => other.value === label.value)) checkUnpredicted(store, label);
    labels.replace(given);
  });
}

/** Masks of a network that has an output for the label would hold it again, as nothing or as what got its value. */
function checkUnpredicted(store: Store, label: Label): void {
  const runs = store.runs.list().filter((run) => predicts(run, label));
  if (runs.length > 0)
    throw new DecileError(
      'label/in-use',
      `A label that is deleted must be one that no run predicts, got ${label.name} in ${runs.map(({ name }) => name).join(', ')}.`,
      'Rename it, or keep it.',
    );
}

function predicts({ classes, model }: Run, { value, term }: Label): boolean {
  const name = classes[value];
  if (name === undefined || name === `unused ${value}`) return false;
  if (!model) return true;
  // Outputs that a model does not have are there too, and never chosen.
  const then = classes.map((own, at) => ({ value: at, name: own, term: at === value ? term : null })).slice(1);
  return model.description.labels.some((one) => {
    try {
      return matchLabels([one], then)[0].value === value;
    } catch {
      return false;
    }
  });
}
