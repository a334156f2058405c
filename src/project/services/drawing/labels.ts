/** The labels of a project, replaced as a whole. */
import type { Label, Store } from '../../store/index.ts';
import type { Drawings } from './drawings.ts';

/**
 * Makes the project's labels those of the list: the missing go, the known change, the new come.
 * @throws what the store says of a label that is in use, `label/invalid`
 */
export async function replaceLabels(store: Store, drawings: Drawings, given: readonly Label[]): Promise<void> {
  const { labels } = store;
  // A label that is in the strokes of an open case alone is in use too.
  if (labels.list().some((known) => given.every((one) => one.value !== known.value))) await drawings.commitAll();
  store.transaction(() => {
    const known = labels.list();
    for (const { value } of known) if (!given.some((other) => other.value === value)) labels.remove(value);
    for (const { value, name, colour, term, locked } of given) {
      if (known.some((other) => other.value === value)) labels.update(value, { name, colour, term, locked });
      else labels.add({ name, colour, term, value });
    }
  });
}
